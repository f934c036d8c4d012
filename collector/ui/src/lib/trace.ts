// A trace's skeleton as columns: one array a field, so that fifty thousand spans are a few megabytes and one pass.
// Owns reading the API's columns, the order of rows when some are folded, the critical path and self time.
import { millis } from "./format";
import type { MissingParent, State, TraceInfo } from "./types";

export interface TraceTree {
  info: TraceInfo;
  n: number;
  ids: string[];
  names: string[];
  types: string[];
  services: string[];
  models: string[];
  agents: string[];
  tools: string[];
  states: State[];
  scopes: string[];
  parent: Int32Array;
  depth: Uint16Array;
  /** Nanoseconds after the start of the trace. */
  start: Float64Array;
  duration: Float64Array;
  skew: Float64Array;
  input: Float64Array;
  output: Float64Array;
  cost: Float64Array;
  ttft: Float64Array;
  /** 1: an orphan, 2: its link to a parent was cut. */
  flags: Uint8Array;
  /** The position after the last descendant: rows stand parents first. */
  end: Int32Array;
  children: Int32Array;
  self: Float64Array;
  critical: Uint8Array;
  totalNs: number;
  missing: MissingParent[];
  indexOf: Map<string, number>;
}

interface Dictionary<T extends string = string> {
  values: T[];
  indexes: number[];
}

type Numbers = (number | null)[];

/** `format=columns` of the API: one list a field. */
export interface ColumnsReply {
  info: TraceInfo;
  span_count: number;
  columns: {
    span_id: string;
    parent: number[];
    depth: number[];
    start_ns: number[];
    duration_ns: number[];
    clock_skew_ns: number[];
    name: Dictionary;
    span_type: Dictionary;
    service_name: Dictionary;
    model: Dictionary;
    agent_name: Dictionary;
    tool_name: Dictionary;
    state: Dictionary<State>;
    usage_scope: Dictionary;
    input_tokens: Numbers;
    output_tokens: Numbers;
    cost_usd: Numbers;
    ttft_ns: Numbers;
    orphans: number[];
    cycle_cuts: number[];
  };
  missing_parents: { name: string; span_id: string; children: number[] }[];
}

const SPAN_ID_DIGITS = 16;

export function fromColumns(reply: ColumnsReply): TraceTree {
  const { columns, span_count: n } = reply;
  const ids = Array.from({ length: n }, (_, at) => columns.span_id.slice(at * SPAN_ID_DIGITS, (at + 1) * SPAN_ID_DIGITS));
  const texts = <T extends string>({ values, indexes }: Dictionary<T>): T[] => indexes.map((index) => values[index] as T);
  const numbers = (column: Numbers): Float64Array => Float64Array.from(column, (value) => value ?? NaN);
  const least = columns.start_ns.reduce((a, b) => Math.min(a, b), 0);
  const flags = new Uint8Array(n);
  for (const at of columns.orphans) flags[at] = (flags[at] as number) | 1;
  for (const at of columns.cycle_cuts) flags[at] = (flags[at] as number) | 2;
  return completed({
    info: reply.info, n, ids, flags,
    missing: reply.missing_parents.map(({ name, span_id, children }) => ({ name, span_id, child_span_ids: children.map((at) => ids[at] as string) })),
    indexOf: new Map(ids.map((id, at) => [id, at])),
    names: texts(columns.name),
    types: texts(columns.span_type),
    services: texts(columns.service_name),
    models: texts(columns.model),
    agents: texts(columns.agent_name),
    tools: texts(columns.tool_name),
    states: texts(columns.state),
    scopes: texts(columns.usage_scope),
    parent: Int32Array.from(columns.parent),
    depth: Uint16Array.from(columns.depth),
    start: Float64Array.from(columns.start_ns, (start) => Number(start) - least),
    duration: Float64Array.from(columns.duration_ns, Number),
    skew: Float64Array.from(columns.clock_skew_ns, Number),
    input: numbers(columns.input_tokens),
    output: numbers(columns.output_tokens),
    cost: numbers(columns.cost_usd),
    ttft: numbers(columns.ttft_ns),
  });
}

type Read = Omit<TraceTree, "end" | "children" | "self" | "critical" | "totalNs">;

/** What follows from the columns: subtrees, self time, critical path. */
export function completed(read: Read): TraceTree {
  const { n, depth, parent, start, duration } = read;
  const end = new Int32Array(n).fill(n);
  const open: number[] = [];
  for (let at = 0; at < n; at += 1) {
    while (open.length && (depth[open.at(-1) as number] as number) >= (depth[at] as number)) end[open.pop() as number] = at;
    open.push(at);
  }
  const children = new Int32Array(n);
  const kids = new Map<number, number[]>();
  for (let at = 0; at < n; at += 1) {
    const above = parent[at] as number;
    if (above < 0) continue;
    children[above] = (children[above] as number) + 1;
    const list = kids.get(above);
    if (list) list.push(at);
    else kids.set(above, [at]);
  }
  const self = Float64Array.from(duration);
  for (const [above, list] of kids) self[above] = uncovered(above, list, start, duration);
  let totalNs = 1;
  for (let at = 0; at < n; at += 1) totalNs = Math.max(totalNs, (start[at] as number) + (duration[at] as number));
  return { ...read, end, children, self, totalNs, critical: criticalPath(n, parent, start, duration, kids) };
}

/** A span's time that none of its children covers. */
function uncovered(above: number, list: number[], start: Float64Array, duration: Float64Array): number {
  const [from, to] = [start[above] as number, (start[above] as number) + (duration[above] as number)];
  let [covered, reached] = [0, from];
  const order = [...list].sort((a, b) => (start[a] as number) - (start[b] as number));
  for (const child of order) {
    const begin = Math.max(reached, start[child] as number);
    const stop = Math.min(to, (start[child] as number) + (duration[child] as number));
    if (stop > begin) covered += stop - begin;
    reached = Math.max(reached, stop);
  }
  return Math.max(0, to - from - covered);
}

/** The spans that the end of the longest root waited for: from its end backwards, the child that ended last. */
function criticalPath(n: number, parent: Int32Array, start: Float64Array, duration: Float64Array, kids: Map<number, number[]>): Uint8Array {
  const on = new Uint8Array(n);
  const stop = (at: number): number => (start[at] as number) + (duration[at] as number);
  let root = -1;
  for (let at = 0; at < n; at += 1) if ((parent[at] as number) < 0 && (root < 0 || stop(at) > stop(root))) root = at;
  const todo = root < 0 ? [] : [root];
  while (todo.length) {
    const at = todo.pop() as number;
    on[at] = 1;
    const list = (kids.get(at) ?? []).slice().sort((a, b) => stop(b) - stop(a));
    let until = stop(at);
    for (const child of list) {
      if (stop(child) > until || (duration[child] as number) <= 0) continue;
      todo.push(child);
      until = start[child] as number;
    }
  }
  return on;
}

/** Positions of the rows that are not inside a folded one. */
export function visibleRows(tree: TraceTree, folded: Set<string>, keep: ((at: number) => boolean) | null): number[] {
  const rows: number[] = [];
  for (let at = 0; at < tree.n; ) {
    if (!keep || keep(at)) rows.push(at);
    at = folded.has(tree.ids[at] as string) && !keep ? (tree.end[at] as number) : at + 1;
  }
  return rows;
}

export interface SpanFilter {
  find: string;
  types: Set<string>;
  errorsOnly: boolean;
  minNs: number;
}

export const isFiltering = (filter: SpanFilter): boolean => filter.types.size > 0 || filter.errorsOnly || filter.minNs > 0;

export function matches(tree: TraceTree, at: number, find: string): boolean {
  const wanted = find.toLowerCase();
  return [tree.names, tree.models, tree.agents, tree.tools, tree.services, tree.ids].some((column) => column[at]?.toLowerCase().includes(wanted));
}

export function passes(tree: TraceTree, at: number, filter: SpanFilter): boolean {
  if (filter.types.size && !filter.types.has(tree.types[at] as string)) return false;
  if (filter.errorsOnly && tree.states[at] !== "ERROR") return false;
  return (tree.duration[at] as number) >= filter.minNs;
}

export function ancestors(tree: TraceTree, at: number): number[] {
  const found: number[] = [];
  for (let above = tree.parent[at] as number; above >= 0; above = tree.parent[above] as number) found.unshift(above);
  return found;
}

/** Spans whose tokens and cost are in the trace's totals. */
export function countedSpans(tree: TraceTree): number[] {
  return Array.from({ length: tree.n }, (_, at) => at).filter((at) => tree.scopes[at] === "own");
}

export const traceStartMs = (tree: TraceTree): number => millis(tree.info.start_time_unix_nano);
