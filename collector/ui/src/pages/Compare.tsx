// Two traces compared: one list of aligned spans with both bars and the difference, and the texts of the chosen pair.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { aligned, lineDiff, type Pair } from "../lib/align";
import { count, duration, exact, money, plain } from "../lib/format";
import { useKeys } from "../lib/keys";
import { change, Link, link, useAddress } from "../lib/router";
import { visible } from "../lib/text";
import type { TraceTree } from "../lib/trace";
import type { SpanDetail } from "../lib/types";
import { useSpan, useTrace } from "../lib/useTrace";
import { Bones, ErrorBox, ErrorMark, Glyph, StateMark } from "../parts/ui";

const ROW = 28;
const DIFF_CHARS = 200_000;

export default function ComparePage({ project, a, b }: { project: string; a: string; b: string }) {
  const [left, right] = [useTrace(project, a), useTrace(project, b)];
  if (left.isError || right.isError) return <ErrorBox error={left.error ?? right.error} retry={() => { void left.refetch(); void right.refetch(); }} />;
  if (!left.data || !right.data) return <Bones lines={12} />;
  return <Both project={project} a={left.data} b={right.data} />;
}

function Both({ project, a, b }: { project: string; a: TraceTree; b: TraceTree }) {
  const { parameters } = useAddress();
  const rows = useMemo(() => aligned(a, b), [a, b]);
  const at = Math.max(0, Math.min(rows.length - 1, Number(parameters.get("row") ?? 0)));
  const choose = (index: number): void => change({ row: String(Math.max(0, Math.min(rows.length - 1, index))) }, "replace");
  useKeys({ j: () => choose(at + 1), k: () => choose(at - 1), ArrowDown: () => choose(at + 1), ArrowUp: () => choose(at - 1) });
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 12 });
  const most = Math.max(a.totalNs, b.totalNs);
  const only = { a: rows.filter((row) => row.b === null).length, b: rows.filter((row) => row.a === null).length };
  return (
    <>
      <div className="tracehead">
        <div className="row wrap"><Head label="A" tree={a} /><Head label="B" tree={b} /></div>
        <div className="facts">
          <span>duration <b><Delta from={a.info.duration_ns} to={b.info.duration_ns} format={duration} /></b></span>
          <span>tokens <b><Delta from={a.info.total_tokens} to={b.info.total_tokens} format={count} /></b></span>
          <span>cost <b><Delta from={a.info.cost_usd} to={b.info.cost_usd} format={money} /></b></span>
          <span>spans <b><Delta from={a.n} to={b.n} format={exact} /></b></span>
          <span>only in A <b>{only.a}</b>, only in B <b>{only.b}</b></span>
        </div>
      </div>
      <div className="split" style={{ flexWrap: "wrap", overflow: "auto" }}>
        <div className="left" style={{ minWidth: 340, minHeight: 240 }}>
          <div className="tree" ref={box} tabIndex={0} role="grid" aria-label="Aligned spans" aria-rowcount={rows.length}>
            <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
              {virtual.getVirtualItems().map((item) => <Row key={item.key} row={rows[item.index] as Pair} index={item.index} a={a} b={b} most={most} top={item.start} isCurrent={item.index === at} onClick={() => choose(item.index)} />)}
            </div>
          </div>
        </div>
        <div className="right" style={{ flex: "0 0 46%", minWidth: 340 }}>{rows[at] && <Texts project={project} a={a} b={b} row={rows[at] as Pair} />}</div>
      </div>
    </>
  );
}

function Head({ label, tree }: { label: string; tree: TraceTree }) {
  return <Link to={link(`/p/${tree.info.project}/trace/${tree.info.trace_id}`)} className="row grow"><span className="kbd">{label}</span><StateMark state={tree.info.state} /><b className="cut iso">{visible(tree.info.name)}</b><span className="mono muted">{tree.info.trace_id.slice(0, 8)}…</span></Link>;
}

function Delta({ from, to, format }: { from: number | null; to: number | null; format: (value: number | null) => string }) {
  const share = from && to !== null ? (to - from) / from : null;
  return <>{format(from)} → {format(to)}{share !== null && Math.abs(share) >= 0.01 && <span className="muted"> ({share > 0 ? "+" : "−"}{Math.abs(share * 100).toFixed(0)} %)</span>}</>;
}

function Row({ row, index, a, b, most, top, isCurrent, onClick }: { row: Pair; index: number; a: TraceTree; b: TraceTree; most: number; top: number; isCurrent: boolean; onClick: () => void }) {
  const [tree, at] = row.a === null ? [b, row.b as number] : [a, row.a];
  const bar = (of: TraceTree, place: number | null, y: number, name: string) => place === null ? null : (
    <span className={`bar b-${name === "A" ? "model" : "tool"}`} title={`${name}: ${duration(of.duration[place])}`} style={{ top: y, height: 7, left: `${((of.start[place] as number) / most) * 100}%`, width: `${((of.duration[place] as number) / most) * 100}%` }} />
  );
  const [one, two] = [row.a === null ? null : (a.duration[row.a] as number), row.b === null ? null : (b.duration[row.b] as number)];
  const failed = (row.a !== null && a.states[row.a] === "ERROR") || (row.b !== null && b.states[row.b] === "ERROR");
  return (
    <div role="row" aria-rowindex={index + 1} aria-selected={isCurrent} className={`span${isCurrent ? " current" : ""}`} style={{ gridTemplateColumns: "minmax(150px, 1fr) minmax(80px, 1fr) 140px", height: ROW, transform: `translateY(${top}px)` }} onClick={onClick}>
      <div role="gridcell" className="name" style={{ paddingLeft: 10 + Math.min(12, row.depth) * 14, height: ROW }}>
        <Glyph type={tree.types[at] as string} />{failed && <ErrorMark />}<span className="cut iso">{visible(tree.names[at] ?? "")}</span>
        {row.a === null && <span className="chip">only B</span>}{row.b === null && <span className="chip">only A</span>}
      </div>
      <div role="gridcell" className="lane" style={{ height: ROW }}>{bar(a, row.a, 5, "A")}{bar(b, row.b, 15, "B")}</div>
      <div role="gridcell" className="num">{one !== null && two !== null ? <>{duration(one)} → {duration(two)}</> : duration(one ?? two)}</div>
    </div>
  );
}

function Texts({ project, a, b, row }: { project: string; a: TraceTree; b: TraceTree; row: Pair }) {
  const left = useSpan(project, a.info.trace_id, row.a === null ? undefined : a.ids[row.a]);
  const right = useSpan(project, b.info.trace_id, row.b === null ? undefined : b.ids[row.b]);
  if ((row.a !== null && left.isPending) || (row.b !== null && right.isPending)) return <Bones />;
  const [one, two] = [left.data, right.data];
  const messages = (span: SpanDetail | undefined): string => [...(span?.messages.input ?? []), ...(span?.messages.output ?? [])].map((message) => `${message.role}:\n${message.parts.map((part) => plain(part.content ?? part.arguments ?? part.response ?? part)).join("\n")}`).join("\n\n");
  const output = (span: SpanDetail | undefined): string => plain(span?.tool?.result ?? span?.outputs ?? span?.output ?? "");
  const input = (span: SpanDetail | undefined): string => plain(span?.tool?.arguments ?? span?.inputs ?? span?.input ?? "");
  const hasMessages = messages(one) || messages(two);
  return (
    <div className="panelbody" tabIndex={0} aria-label="Differences">
      {hasMessages && <Diff title="Messages" before={messages(one)} after={messages(two)} />}
      {!hasMessages && <Diff title="Input" before={input(one)} after={input(two)} />}
      <Diff title="Output" before={output(one)} after={output(two)} />
    </div>
  );
}

function Diff({ title, before, after }: { title: string; before: string; after: string }) {
  const lines = useMemo(() => lineDiff(before.slice(0, DIFF_CHARS), after.slice(0, DIFF_CHARS)), [before, after]);
  const isSame = lines.every((line) => line.kind === "same");
  return (
    <section>
      <h3 className="section">{title} <span className="muted">{isSame ? (before ? "is the same" : "is empty in both") : ""}</span></h3>
      <div className="diff iso" dir="auto">{lines.map((line, index) => <div key={index} className={line.kind}>{{ same: "  ", add: "+ ", del: "− " }[line.kind]}{visible(line.text)}</div>)}</div>
    </section>
  );
}
