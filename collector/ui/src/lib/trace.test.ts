import { describe, expect, it } from "vitest";
import { fromColumns, visibleRows, type ColumnsReply } from "./trace";
import type { TraceInfo } from "./types";

const INFO = { trace_id: "t", start_time_unix_nano: "1796094050000000000" } as TraceInfo;
const NAMES = ["a", "b", "c", "d", "e"];
const id = (name: string): string => name.padEnd(16, "0");
const same = <T extends string>(value: T) => ({ values: [value], indexes: NAMES.map(() => 0) });
const none = NAMES.map(() => null);

const REPLY: ColumnsReply = {
  info: INFO, span_count: NAMES.length, missing_parents: [{ name: "missing parent", span_id: id("z"), children: [4] }],
  columns: {
    span_id: NAMES.map(id).join(""), parent: [-1, 0, 1, 0, -1], depth: [0, 1, 2, 1, 1], start_ns: [0, 10, 15, 50, 5], duration_ns: [100, 30, 10, 40, 1], clock_skew_ns: [0, 0, 0, 0, 7],
    name: { values: NAMES, indexes: [0, 1, 2, 3, 4] }, span_type: same("LLM"), service_name: same("s"), model: same(""), agent_name: same(""), tool_name: same(""), state: same("OK"), usage_scope: same("own"),
    input_tokens: none, output_tokens: [1, 2, null, 4, 5], cost_usd: none, ttft_ns: none, orphans: [4], cycle_cuts: [],
  },
};

describe("a trace's skeleton", () => {
  const tree = fromColumns(REPLY);
  it("takes its ids apart", () => expect(tree.indexOf.get(id("d"))).toBe(3));
  it("knows where each subtree ends", () => expect([...tree.end]).toEqual([5, 3, 3, 4, 5]));
  it("takes children's time off their parent's own", () => expect(tree.self[0]).toBe(30));
  it("follows what the end waited for", () => expect([...tree.critical]).toEqual([1, 1, 1, 1, 0]));
  it("skips what is inside a folded row", () => expect(visibleRows(tree, new Set([id("b")]), null)).toEqual([0, 1, 3, 4]));
  it("marks orphans and names their parent's children", () => {
    expect([...tree.flags]).toEqual([0, 0, 0, 0, 1]);
    expect(tree.missing[0]?.child_span_ids).toEqual([id("e")]);
  });
  it("begins at its earliest span, also where that is before the trace's own start", () => {
    const early = fromColumns({ ...REPLY, columns: { ...REPLY.columns, start_ns: [0, -5, 15, 50, 5] } });
    expect([...early.start]).toEqual([5, 0, 20, 55, 10]);
  });
});
