// A question as URL, filter, curl, Python and SQL: what one sees can be had elsewhere.
import { BASE } from "../base";
import { query } from "./api";
import { orderOf, parametersOf, type Question } from "./lists";

const shell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const python = (text: string): string => JSON.stringify(text);
export const apiAddress = (path: string): string => `${location.origin}${BASE}${path}`;

function sqlTime(question: Question): string {
  const { range } = question;
  if (range.text === "all") return "";
  const relative = /^(\d+)([smhd])$/.exec(range.since);
  const unit = { s: "SECOND", m: "MINUTE", h: "HOUR", d: "DAY" }[relative?.[2] ?? ""];
  if (relative && unit) return `start_time >= now() - INTERVAL ${relative[1]} ${unit}`;
  const at = (iso: string): string => `parseDateTime64BestEffort('${iso}', 3, 'UTC')`;
  return `start_time >= ${at(range.since)} AND start_time < ${at(range.until)}`;
}

/** SQL of a list's project, range and order. The filter language has no SQL of its own: it stands above as a remark. */
export function sqlOf(question: Question): string {
  const where = [question.project === "*" ? "" : `project = '${question.project}'`, sqlTime(question)].filter(Boolean).join(" AND ");
  const order = orderOf(question.sort).replace(/ desc$/, " DESC") || "start_time DESC";
  const columns = question.of === "traces"
    ? "trace_id, name, state, start_time, duration_ns / 1e6 AS duration_ms, total_tokens, cost_usd"
    : "trace_id, span_id, name, span_type, is_error, start_time, duration_ns / 1e6 AS duration_ms, model, total_tokens, cost_usd";
  const remark = question.filter ? `-- filter of the list: ${question.filter.replaceAll("\n", " ")}\n` : "";
  return `${remark}SELECT ${columns}\nFROM ${question.of}${where ? `\nWHERE ${where}` : ""}\nORDER BY ${order}\nLIMIT 100`;
}

export function copyForms(question: Question): [string, string][] {
  const parameters = parametersOf(question);
  const address = apiAddress(`api/v1/${question.of}${query(parameters)}`);
  const arguments_ = [
    question.filter && `filter_string=${python(question.filter)}`,
    parameters.project && `project=${python(parameters.project)}`,
    parameters.since && `since=${python(parameters.since)}`,
    parameters.until && `until=${python(parameters.until)}`,
    parameters.order_by && `order_by=[${python(parameters.order_by)}]`,
    "max_results=100",
  ].filter(Boolean);
  return [
    ["URL", location.href],
    ["Filter", question.filter],
    ["curl", `curl -s ${shell(address)}`],
    ["Python", `import spanhouse\n\nspanhouse.configure(api_url=${python(apiAddress("").replace(/\/$/, ""))})\ntraces = spanhouse.search_traces(${arguments_.join(", ")})`],
    ["SQL", sqlOf(question)],
  ];
}

export function traceForms(project: string, traceId: string): [string, string][] {
  const path = `api/v1/traces/${traceId}${query({ project: project === "*" ? "" : project })}`;
  return [
    ["URL", location.href],
    ["Trace id", traceId],
    ["Filter", `trace_id = '${traceId}'`],
    ["curl", `curl -s ${shell(apiAddress(path))}`],
    ["Python", `import spanhouse\n\nspanhouse.configure(api_url=${python(apiAddress("").replace(/\/$/, ""))})\ntrace = spanhouse.get_trace(${python(traceId)})`],
    ["SQL", `SELECT name, span_type, duration_ns / 1e6 AS duration_ms, input, output\nFROM spans\nWHERE trace_id = '${traceId}' AND NOT is_superseded\nORDER BY start_time`],
  ];
}
