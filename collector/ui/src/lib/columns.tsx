// Columns of the lists of traces and spans, as data. Any attribute can be one: `attributes.KEY` is read from the spans.
import type { ReactNode } from "react";
import { ErrorMark, Glyph, StateMark } from "../parts/ui";
import { count, duration, exact, iso, money, plain, time, tokens } from "./format";
import { visible } from "./text";
import type { Entry } from "./types";

export interface Column {
  name: string;
  label: string;
  width: string;
  /** The field that orders by it. */
  sort?: string;
  isNumber?: boolean;
  of?: "traces" | "spans";
  show: (entry: Entry, context: { slowNs: number }) => ReactNode;
  title?: (entry: Entry) => string;
}

export const COLUMNS: Column[] = [
  { name: "start", label: "Start", width: "102px", sort: "start_time", show: (e) => time(e.start_time_unix_nano), title: (e) => iso(e.start_time_unix_nano) },
  { name: "state", label: "", width: "16px", show: (e) => <StateMark state={e.state} /> },
  {
    name: "name", label: "Name", width: "minmax(150px, 1.1fr)", sort: "name",
    show: (e) => <span className="row"><span className="cut iso" style={{ fontWeight: 500 }}>{visible(e.name) || "(no name)"}</span></span>,
    title: (e) => e.name,
  },
  { name: "type", label: "Type", width: "104px", of: "spans", sort: "span_type", show: (e) => <span className="row"><Glyph type={e.span_type ?? ""} />{e.span_type}</span> },
  {
    name: "io", label: "Input → output", width: "minmax(220px, 2.2fr)",
    show: (e) => <span className="io"><span className="cut iso" dir="auto">{visible(e.input_preview.slice(0, 400)) || "–"}</span><span className="cut iso" dir="auto">{visible(e.output_preview.slice(0, 400)) || "–"}</span></span>,
    title: (e) => `${e.input_preview.slice(0, 600)}\n→ ${e.output_preview.slice(0, 600)}`,
  },
  {
    name: "duration", label: "Duration", width: "116px", sort: "duration_ns", isNumber: true,
    show: (e, { slowNs }) => (
      <span className="dur"><span className="num">{duration(e.duration_ns)}</span><span className="minibar"><i style={{ width: `${Math.min(100, (e.duration_ns / slowNs) * 100)}%` }} /></span></span>
    ),
    title: (e) => `${exact(e.duration_ns)} ns`,
  },
  { name: "tokens", label: "Tokens", width: "100px", sort: "total_tokens", isNumber: true, show: (e) => tokens(e.input_tokens, e.output_tokens), title: (e) => `in ${exact(e.input_tokens)}, out ${exact(e.output_tokens)}` },
  { name: "cost", label: "Cost", width: "72px", sort: "cost_usd", isNumber: true, show: (e) => money(e.cost_usd), title: (e) => (e.cost_usd === null ? "no price is known for a model in it" : `$${e.cost_usd}`) },
  {
    name: "spans", label: "Spans", width: "64px", of: "traces", sort: "span_count", isNumber: true,
    show: (e) => <span className="row" style={{ justifyContent: "flex-end", gap: 4 }}>{e.error_count ? <span className="is-error row" style={{ gap: 2 }}><ErrorMark label="errors" />{count(e.error_count)}</span> : null}{count(e.span_count)}</span>,
    title: (e) => `${exact(e.span_count)} spans, ${exact(e.error_count)} with an error`,
  },
  {
    name: "feedback", label: "Feedback", width: "112px", of: "traces",
    show: (e) => <span className="row" style={{ gap: 4, overflow: "hidden" }}>{(e.assessments ?? []).filter((each) => each.valid && each.kind === "feedback").slice(0, 2).map((each) => <span key={each.assessment_id} className="chip" title={`${each.name} = ${plain(each.value)}`}><span className="cut">{each.name} {plain(each.value).slice(0, 8)}</span></span>)}</span>,
  },
  { name: "model", label: "Model", width: "150px", show: (e) => <span className="cut">{e.models?.join(", ") ?? e.model ?? ""}</span>, title: (e) => e.models?.join(", ") ?? e.model ?? "" },
  { name: "service", label: "Service", width: "130px", sort: "service_name", show: (e) => <span className="cut">{e.service_name}</span>, title: (e) => e.service_name },
  { name: "user", label: "User", width: "120px", of: "traces", sort: "user_id", show: (e) => <span className="cut">{e.user_id}</span>, title: (e) => e.user_id ?? "" },
  { name: "session", label: "Session", width: "120px", of: "traces", sort: "session_id", show: (e) => <span className="cut">{e.session_id}</span>, title: (e) => e.session_id ?? "" },
  { name: "tags", label: "Tags", width: "140px", of: "traces", show: (e) => <span className="cut">{Object.entries(e.tags ?? {}).map(([key, value]) => (value ? `${key}=${value}` : key)).join(", ")}</span> },
  { name: "id", label: "Trace id", width: "270px", show: (e) => <span className="mono cut">{e.trace_id}</span> },
];

export const DEFAULT_COLUMNS = ["start", "state", "name", "type", "io", "duration", "tokens", "cost", "spans", "feedback"];
const NARROW_COLUMNS = ["start", "state", "name", "duration"];
const MEDIUM_COLUMNS = ["start", "state", "name", "type", "io", "duration", "tokens", "cost", "spans"];

export function columnsOf(names: string[] | null, of: "traces" | "spans", width: number): Column[] {
  const wanted = names ?? (width < 640 ? NARROW_COLUMNS : width < 1240 ? MEDIUM_COLUMNS : DEFAULT_COLUMNS);
  return COLUMNS.filter((column) => wanted.includes(column.name) && (!column.of || column.of === of));
}
