// The panel of a chosen span: chat, input and output, attributes, events and errors, documents, feedback, raw.
import { Component, lazy, Suspense, useMemo, useState, type ReactNode } from "react";
import { keyed, literal, quoted } from "../lib/filter";
import { duration, exact, iso, MISSING, money, plain, time } from "../lib/format";
import { go, link, Link } from "../lib/router";
import type { TraceTree } from "../lib/trace";
import type { Document, Json, SpanDetail, SpanEvent } from "../lib/types";
import { visible } from "../lib/text";
import { useSpan } from "../lib/useTrace";
import { Chat } from "./Chat";
import { Content, Plain } from "./Content";
import { Bones, CopyButton, Empty, ErrorBox, ErrorMark, Glyph, StateMark, Tabs } from "./ui";

const Feedback = lazy(() => import("./Feedback").then((module) => ({ default: module.Feedback })));
const SpanLogs = lazy(() => import("./SpanLogs"));

export type PanelTab = "chat" | "io" | "attributes" | "events" | "documents" | "logs" | "feedback" | "raw";

interface Props {
  project: string;
  tree: TraceTree;
  at: number;
  tab: string;
  onTab: (tab: PanelTab) => void;
  onSpan: (spanId: string) => void;
}

/** One bad span shows its raw form; the rest of the page stays. */
class PanelBoundary extends Component<{ raw: unknown; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    if (!this.state.failed) return this.props.children;
    return <><p className="section is-error"><ErrorMark />This span cannot be shown so; here it is as it came.</p><Content value={JSON.stringify(this.props.raw, null, 1)} /></>;
  }
}

export function SpanPanel({ project, tree, at, tab, onTab, onSpan }: Props) {
  const id = tree.ids[at] as string;
  const answer = useSpan(project, tree.info.trace_id, id);
  const previousAt = useMemo(() => previousCall(tree, at), [tree, at]);
  const span = answer.data;
  const hasChat = span ? span.messages.input.length + span.messages.output.length + span.system_instructions.length > 0 : false;
  const usual: PanelTab = hasChat ? "chat" : "io";
  const tabs = (
    [
      ["chat", "Chat", hasChat],
      ["io", "Input / Output", true],
      ["attributes", "Attributes", true],
      ["events", `Events${span?.events.length ? ` ${span.events.length}` : ""}`, Boolean(span && (span.events.length || span.links.length || span.is_error || span.status_message))],
      ["documents", `Documents ${(span?.documents.length ?? 0) + (span?.documents_in.length ?? 0)}`, Boolean(span && span.documents.length + span.documents_in.length)],
      ["logs", "Logs", true],
      ["feedback", "Feedback", true],
      ["raw", "Raw", true],
    ] as [PanelTab, string, boolean][]
  ).filter(([, , isThere]) => isThere);
  const shown = tabs.find(([name]) => name === tab)?.[0] ?? usual;
  return (
    <>
      <div className="panelhead">
        <div className="row"><Glyph type={tree.types[at] as string} /><h2 className="cut iso grow" title={tree.names[at]}>{visible(tree.names[at] ?? "") || "(no name)"}</h2><StateMark state={tree.states[at] ?? "OK"} word /><CopyButton text={id} label="Copy the span's id" /></div>
        <SpanFacts tree={tree} at={at} span={span} />
      </div>
      <Tabs label="Span" tabs={tabs.map(([name, label]) => [name, label] as const)} value={shown} onChange={onTab} />
      <div className="panelbody" role="tabpanel" tabIndex={0} aria-label={shown}>
        {answer.isPending && <Bones />}
        {answer.isError && <ErrorBox error={answer.error} retry={() => void answer.refetch()} />}
        {span && (
          <PanelBoundary raw={span} key={`${id}${shown}`}>
            <Suspense fallback={<Bones />}>
              {shown === "chat" && <ChatTab project={project} tree={tree} span={span} previousAt={previousAt} onSpan={onSpan} />}
              {shown === "io" && <InputOutput span={span} />}
              {shown === "attributes" && <Attributes project={project} span={span} />}
              {shown === "events" && <Events span={span} project={project} />}
              {shown === "documents" && <Documents span={span} />}
              {shown === "logs" && <SpanLogs project={project} traceId={tree.info.trace_id} spanId={id} />}
              {shown === "feedback" && <Feedback project={project} traceId={tree.info.trace_id} spanId={id} />}
              {shown === "raw" && <Raw span={span} />}
            </Suspense>
          </PanelBoundary>
        )}
      </div>
    </>
  );
}

/** The call of the same kind before this one, under the same agent: what its prompt grew from. */
function previousCall(tree: TraceTree, at: number): number {
  if (tree.types[at] !== "LLM") return -1;
  let found = -1;
  for (let other = 0; other < tree.n; other += 1) {
    if (other === at || tree.types[other] !== "LLM" || tree.models[other] !== tree.models[at]) continue;
    if ((tree.start[other] as number) >= (tree.start[at] as number)) continue;
    if (found < 0 || (tree.start[other] as number) > (tree.start[found] as number)) found = other;
  }
  return found;
}

function ChatTab({ project, tree, span, previousAt, onSpan }: { project: string; tree: TraceTree; span: SpanDetail; previousAt: number; onSpan: (id: string) => void }) {
  const previous = useSpan(project, tree.info.trace_id, previousAt >= 0 ? tree.ids[previousAt] : undefined);
  const toolSpan = (_callId: string | null | undefined, name: string | undefined): string | undefined => {
    const from = tree.indexOf.get(span.span_id) ?? 0;
    const later = (other: number): boolean => tree.types[other] === "TOOL" && (tree.tools[other] === name || tree.names[other] === name) && (tree.start[other] as number) >= (tree.start[from] as number);
    for (let other = from + 1; other < tree.n; other += 1) if (later(other)) return tree.ids[other];
    return undefined;
  };
  return <Chat span={span} previous={previous.data} links={{ toolSpan, onSpan }} />;
}

function SpanFacts({ tree, at, span }: { tree: TraceTree; at: number; span: SpanDetail | undefined }) {
  const facts: [string, ReactNode, string?][] = [
    ["", tree.types[at] ?? ""],
    ["duration", duration(tree.duration[at]), `${exact(tree.duration[at])} ns`],
  ];
  const self = tree.self[at] as number;
  if (tree.children[at]) facts.push(["self", duration(self), "time that no child covers"]);
  const ttft = span?.ttft_ns;
  if (ttft) facts.push(["first token", duration(ttft)], ["decode", duration((tree.duration[at] as number) - ttft)]);
  if (tree.models[at]) facts.push(["model", tree.models[at]]);
  if (tree.services[at]) facts.push(["service", tree.services[at]]);
  const input = tree.input[at] as number;
  if (input || tree.output[at]) {
    const parts = [span?.cache_read_input_tokens && `${exact(span.cache_read_input_tokens)} from cache`, span?.cache_write_input_tokens && `${exact(span.cache_write_input_tokens)} written to cache`, span?.reasoning_output_tokens && `${exact(span.reasoning_output_tokens)} reasoning`].filter(Boolean);
    facts.push(["tokens", `${exact(input || 0)} → ${exact(tree.output[at] || 0)}${parts.length ? ` (${parts.join(", ")})` : ""}`]);
    const scope = tree.scopes[at];
    if (scope !== "own") facts.push(["", <span className="chip" title="Only spans that own their usage are in the trace's totals">{scope === "aggregate" ? "a sum of calls below: not counted again" : scope === "duplicate" ? "tells of a call counted elsewhere" : "not counted"}</span>]);
  }
  const cost = tree.cost[at] as number;
  if (!Number.isNaN(cost)) facts.push(["cost", money(cost), `$${cost} ${span?.cost_source ?? ""}`]);
  else if (input) facts.push(["cost", <Link to={`/p/${tree.info.project}/settings`} title="Add a price">{MISSING} no price for {tree.models[at] || "its model"}</Link>]);
  if (tree.skew[at]) facts.push(["clock", `⏱ ${(tree.skew[at] as number) > 0 ? "+" : ""}${duration(tree.skew[at])}`, "moved by this much: its clock differs from its parent's"]);
  return <div className="row wrap muted" style={{ gap: "2px 14px" }}>{facts.map(([label, value, title], index) => <span key={index} title={title}>{label && `${label} `}<b style={{ color: "var(--text)", fontWeight: 500 }}>{value}</b></span>)}</div>;
}

function InputOutput({ span }: { span: SpanDetail }) {
  const input = span.tool?.arguments ?? span.inputs ?? span.attributes["input.value"] ?? span.input;
  const output = span.tool?.result ?? span.outputs ?? span.attributes["output.value"] ?? span.output;
  return (
    <>
      <h3 className="section">Input <CopyButton text={plain(input ?? "")} label="Copy the input" /></h3>
      <Content value={input} label="Input" />
      <h3 className="section">Output <CopyButton text={plain(output ?? "")} label="Copy the output" /></h3>
      {span.is_error && span.status_message && <div className="exception"><Plain text={span.status_message} /></div>}
      <Content value={output} label="Output" />
    </>
  );
}

function Attributes({ project, span }: { project: string; span: SpanDetail }) {
  const [find, setFind] = useState("");
  const groups: [string, string, Record<string, Json>][] = [
    ["Span", "attributes", span.attributes],
    ["Resource", "resource", span.resource_attributes],
  ];
  const facts: [string, Json][] = [["kind", span.kind], ["status_code", span.status_code], ["scope_name", span.scope_name], ["scope_version", span.scope_version], ["provider", span.provider], ["request_model", span.request_model], ["response_model", span.response_model], ["session_id", span.session_id], ["user_id", span.user_id], ["error_type", span.error_type]];
  const shows = (key: string, value: Json): boolean => `${key} ${plain(value)}`.toLowerCase().includes(find.toLowerCase());
  const row = (name: string, key: string, value: Json): ReactNode => (
    <AttributeRow key={name} shown={key} value={value} onFilter={() => go(link(`/p/${project}/traces`, { q: `${name} = ${typeof value === "object" ? quoted(plain(value)) : literal(value)}`, of: "spans" }))} />
  );
  return (
    <>
      <input className="input" style={{ width: "100%", marginBottom: 8 }} type="search" placeholder="Find a key or value" aria-label="Find an attribute" value={find} onChange={(event) => setFind(event.target.value)} />
      <div className="attrs">{facts.filter(([key, value]) => value !== "" && value !== null && shows(key, value)).map(([key, value]) => row(key, key, value))}</div>
      {groups.map(([title, prefix, attributes]) => {
        const entries = Object.entries(attributes).filter(([key, value]) => shows(key, value)).sort(([a], [b]) => (a < b ? -1 : 1));
        return entries.length > 0 && (
          <section key={title}><h3 className="section">{title} <span className="muted">{entries.length}</span></h3><div className="attrs">{entries.map(([key, value]) => row(keyed(prefix, key), key, value))}</div></section>
        );
      })}
    </>
  );
}

const ATTRIBUTE_CHARS = 300;

function AttributeRow({ shown, value, onFilter }: { shown: string; value: Json; onFilter: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const text = plain(value);
  const isLong = text.length > ATTRIBUTE_CHARS;
  return (
    <>
      <div className="key iso">{shown}</div>
      <div className="value iso">{isOpen ? <Content value={value} /> : <Plain text={isLong ? `${text.slice(0, ATTRIBUTE_CHARS)} …` : text} isCode />}{isLong && !isOpen && <button className="plain" style={{ color: "var(--link)" }} onClick={() => setOpen(true)}>show</button>}</div>
      <div className="row" style={{ gap: 0 }}>
        <button className="iconbutton" title="Spans with this value" aria-label={`Filter by ${shown}`} onClick={onFilter}>=</button>
        <CopyButton text={text} label={`Copy ${shown}`} />
      </div>
    </>
  );
}

function Events({ span, project }: { span: SpanDetail; project: string }) {
  return (
    <>
      {span.status_message && <div className="exception"><div className="row"><ErrorMark /><b className="iso">{span.error_type || "Error"}</b></div><Content value={span.status_message} /></div>}
      {span.events.map((event, index) => <EventView key={index} event={event} startNs={span.start_time_unix_nano} />)}
      {span.links.length > 0 && <h3 className="section">Links</h3>}
      {span.links.map((each, index) => <p key={index}><Link to={link(`/p/${project}/trace/${each.trace_id}`, { span: each.span_id })} className="mono">{each.trace_id} {each.span_id}</Link></p>)}
      {!span.status_message && !span.events.length && !span.links.length && <Empty title="No events" />}
    </>
  );
}

function EventView({ event, startNs }: { event: SpanEvent; startNs: string | number }) {
  const { "exception.message": message, "exception.type": type, "exception.stacktrace": stack, ...rest } = event.attributes;
  const isException = event.name === "exception" || type !== undefined;
  const offset = Number(BigInt(event.time_unix_nano) - BigInt(startNs));
  const head = <div className="row"><b className="iso">{event.name}</b><span className="grow" /><span className="muted" title={iso(event.time_unix_nano)}>{offset >= 0 ? "+" : ""}{duration(offset)} · {time(event.time_unix_nano)}</span></div>;
  if (!isException) return <div className="doc">{head}{Object.keys(rest).length > 0 && <Content value={rest} />}</div>;
  return (
    <div className="exception" style={{ marginBottom: 8 }}>
      {head}
      <div><span className="chip iso">{plain(type ?? "exception")}</span></div>
      <Content value={message} />
      {stack !== undefined && <Stack text={plain(stack)} />}
      {Object.keys(rest).filter((key) => key !== "exception.escaped").length > 0 && <Content value={rest} />}
    </div>
  );
}

const FRAMES_SHOWN = 12;

/** A stack trace, libraries' frames out of the way until they are wanted. */
function Stack({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  const lines = text.split("\n");
  const own = lines.filter((line, index) => {
    const named = /^\s*File "/.test(line) ? line : (lines[index - 1] ?? "");
    return !/site-packages|node_modules|\/lib\/python/.test(/^\s*File "/.test(line) ? line : /^\s{4}/.test(line) ? named : "");
  });
  const shown = isWhole ? lines : own.slice(-FRAMES_SHOWN * 2);
  return (
    <div>
      <div className="row"><h3>Stack</h3>{lines.length > shown.length || isWhole ? <button className="plain" style={{ color: "var(--link)" }} onClick={() => setWhole(!isWhole)}>{isWhole ? "own frames" : `all ${lines.length} lines`}</button> : null}<CopyButton text={text} label="Copy the stack" /></div>
      <Plain text={shown.join("\n")} isCode />
    </div>
  );
}

function Documents({ span }: { span: SpanDetail }) {
  const all = [...span.documents, ...span.documents_in];
  const scored = all.map((document) => scoreOf(document)).filter((score): score is number => score !== null);
  const most = Math.max(1e-9, ...scored.map(Math.abs));
  const list = (title: string, documents: Document[]): ReactNode => documents.length > 0 && (
    <>
      <h3 className="section">{title}</h3>
      {documents.map((document, index) => {
        const score = scoreOf(document);
        return (
          <div key={index} className="doc">
            <div className="row"><span className="muted">{index + 1}</span>{document.id && <b className="mono iso cut">{document.id}</b>}<span className="grow" />
              {score !== null && <><span className="scorebar"><i style={{ width: `${(Math.abs(score) / most) * 100}%` }} /></span><b title="score">{score.toPrecision(4)}</b></>}</div>
            <Content value={document.content} />
            {document.metadata !== undefined && document.metadata !== null && <Content value={document.metadata} />}
          </div>
        );
      })}
    </>
  );
  return <>{span.query && <p className="section"><span className="muted">for</span> <b className="iso">{span.query}</b></p>}{list("Found", span.documents)}{list("Given", span.documents_in)}</>;
}

function scoreOf(document: Document): number | null {
  const inside = (document.metadata as { score?: Json } | null | undefined)?.score;
  const score = document.score ?? inside;
  return typeof score === "number" ? score : null;
}

function Raw({ span }: { span: SpanDetail }) {
  const text = useMemo(() => JSON.stringify(span, null, 1), [span]);
  return <><div className="row"><CopyButton text={text} label="Copy the JSON" /><span className="muted">as the API answers, {exact(text.length)} characters</span></div><Content value={span as unknown as Json} /></>;
}
