// Log records, asked for in SQL: the table has one row a record.
import { ask, projectOf } from "./api";
import type { Range } from "./range";
import type { Json } from "./types";

export interface LogRecord {
  project: string;
  time_unix_nano: string;
  severity_number: number;
  severity_text: string;
  event_name: string;
  service_name: string;
  body: string;
  trace_id: string;
  span_id: string;
  attributes: Record<string, Json>;
}

interface SqlReply {
  columns: { name: string; type: string }[];
  rows: Json[][];
  truncated: boolean;
  elapsed_ms: number;
  error?: { message: string };
}

export const sql = (query: string, params: Record<string, Json>, signal?: AbortSignal, maxRows = 1000): Promise<SqlReply> =>
  ask<SqlReply>("api/v1/sql", { signal, body: { query, params, max_rows: maxRows, quote_64bit_integers: true } });

export interface LogQuestion {
  project: string;
  range?: Range;
  traceId?: string;
  spanId?: string;
  text?: string;
  severity?: number;
  service?: string;
  before?: string;
  limit?: number;
}

/** WHERE of tables with `project` and `time`, and its parameters; an empty one asks nothing. */
export function whereOf(question: { project: string; range?: Range }): { parts: string[]; params: Record<string, Json> } {
  const parts: string[] = [];
  const params: Record<string, Json> = {};
  const add = (condition: string, name: string, value: Json): void => {
    parts.push(condition);
    params[name] = value;
  };
  if (projectOf(question.project)) add("project = {project:String}", "project", question.project);
  if (question.range && question.range.text !== "all") {
    add("time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')", "from", Math.floor(question.range.fromMs));
    if (!question.range.isRelative) add("time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')", "to", Math.ceil(question.range.toMs));
  }
  return { parts, params };
}

export function logsWhere(question: LogQuestion): { where: string; params: Record<string, Json> } {
  const { parts, params } = whereOf(question);
  const add = (condition: string, name: string, value: Json): void => {
    parts.push(condition);
    params[name] = value;
  };
  if (question.traceId) add("trace_id = {trace:String}", "trace", question.traceId);
  if (question.spanId) add("span_id = {span:String}", "span", question.spanId);
  if (question.text) add("positionCaseInsensitiveUTF8(body, {text:String}) > 0", "text", question.text);
  if (question.severity) add("severity_number >= {severity:Int32}", "severity", question.severity);
  if (question.service) add("service_name = {service:String}", "service", question.service);
  if (question.before) add("time < fromUnixTimestamp64Nano({before:Int64}, 'UTC')", "before", question.before);
  return { where: parts.length ? `WHERE ${parts.join(" AND ")}` : "", params };
}

export async function logsOf(question: LogQuestion, signal?: AbortSignal): Promise<LogRecord[]> {
  const { where, params } = logsWhere(question);
  const limit = question.limit ?? 200;
  const query = `SELECT project, toUnixTimestamp64Nano(time) AS time_unix_nano, severity_number, severity_text, event_name, service_name, body, trace_id, span_id, attributes FROM logs ${where} ORDER BY time DESC LIMIT ${limit}`;
  const { rows, columns } = await sql(query, params, signal, limit);
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, row[index]])) as unknown as LogRecord);
}
