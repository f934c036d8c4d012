// The whole trace as a conversation: each call's new messages, each tool with its result, agents as headings.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { duration, money, tokens } from "../lib/format";
import { familyOf } from "../lib/types_of_spans";
import type { TraceTree } from "../lib/trace";
import type { Message, SpanDetail } from "../lib/types";
import { useWholeTrace } from "../lib/useTrace";
import { commonMessages, MessageView } from "./Chat";
import { Content } from "./Content";
import { Bones, Empty, ErrorBox, ErrorMark, Glyph } from "./ui";

interface Entry {
  at: number;
  span: SpanDetail;
  messages: Message[];
}

const SPANS_MAX = 3000;

export default function Transcript({ project, tree, onSpan }: { project: string; tree: TraceTree; onSpan: (id: string) => void }) {
  const whole = useWholeTrace(project, tree.info.trace_id, tree.n <= SPANS_MAX);
  const box = useRef<HTMLDivElement>(null);
  const entries = useMemo(() => entriesFrom(tree, whole.data?.spans ?? []), [tree, whole.data]);
  const virtual = useVirtualizer({ count: entries.length, getScrollElement: () => box.current, estimateSize: () => 160, overscan: 4 });
  const none = { hovered: null, setHovered: () => undefined, links: {} };
  if (tree.n > SPANS_MAX) return <Empty title={`A transcript takes every span's content, and this trace has ${tree.n}`}><span>The waterfall loads each span's when it is chosen.</span></Empty>;
  if (whole.isPending) return <Bones />;
  if (whole.isError) return <ErrorBox error={whole.error} retry={() => void whole.refetch()} />;
  if (!entries.length) return <Empty title="No messages, tools or agents in this trace" />;
  return (
    <div className="page" ref={box} tabIndex={0} aria-label="Transcript">
      <div style={{ height: virtual.getTotalSize(), position: "relative", maxWidth: 900, margin: "0 auto" }}>
        {virtual.getVirtualItems().map((item) => {
          const { at, span, messages } = entries[item.index] as Entry;
          return (
            <div key={item.key} data-index={item.index} ref={virtual.measureElement} style={{ position: "absolute", left: 0, right: 0, top: 0, transform: `translateY(${item.start}px)`, paddingBottom: 12 }}>
              <div className="row" style={{ marginBottom: 4 }}>
                <Glyph type={tree.types[at] as string} />
                <button className="plain cut" style={{ fontWeight: 600 }} onClick={() => onSpan(tree.ids[at] as string)}>{tree.names[at]}</button>
                {tree.states[at] === "ERROR" && <ErrorMark />}
                <span className="muted">+{duration(tree.start[at])} · {duration(tree.duration[at])}{tree.scopes[at] === "own" ? ` · ${tokens(tree.input[at] || 0, tree.output[at] || 0)} · ${money(Number.isNaN(tree.cost[at]) ? null : tree.cost[at])}` : ""}</span>
              </div>
              {messages.map((message, index) => <MessageView key={index} message={message} isFolded={message.role === "system"} {...none} />)}
              {familyOf(tree.types[at] as string) === "tool" && (
                <div className="call"><div className="inner"><h3>Arguments</h3><Content value={span.tool?.arguments ?? span.input} /><h3 className="section">Result</h3><Content value={span.tool?.result ?? span.output} /></div></div>
              )}
              {familyOf(tree.types[at] as string) === "retrieval" && <p className="muted iso">{span.query ?? span.input} → {span.documents.length} documents</p>}
              {tree.states[at] === "ERROR" && span.status_message && <div className="exception"><Content value={span.status_message} /></div>}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function entriesFrom(tree: TraceTree, spans: SpanDetail[]): Entry[] {
  const found: Entry[] = [];
  let said: Message[] = [];
  for (const span of [...spans].sort((a, b) => (BigInt(a.start_time_unix_nano) < BigInt(b.start_time_unix_nano) ? -1 : 1))) {
    const at = tree.indexOf.get(span.span_id);
    if (at === undefined) continue;
    const family = familyOf(tree.types[at] as string);
    if (tree.types[at] === "LLM") {
      const fresh = span.messages.input.slice(commonMessages(span.messages.input, said));
      said = span.messages.input;
      found.push({ at, span, messages: [...fresh.filter((message) => message.role !== "assistant"), ...span.messages.output] });
    } else if (family === "tool" || family === "agent" || family === "retrieval" || tree.states[at] === "ERROR") {
      found.push({ at, span, messages: [] });
    }
  }
  return found;
}
