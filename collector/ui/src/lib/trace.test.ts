import { describe, expect, it } from "vitest";
import { fromColumns, fromRows, visibleRows, type ColumnsReply } from "./trace";
import type { SkeletonSpan, TraceInfo } from "./types";

const INFO = { trace_id: "t", start_time_unix_nano: "1796094050000000000" } as TraceInfo;
const ORIGIN = 1796094050000000000n;

function span(id: string, parent: string, depth: number, startNs: number, durationNs: number, more: Partial<SkeletonSpan> = {}): SkeletonSpan {
  return {
    span_id: id.padEnd(16, "0"), parent_span_id: parent && parent.padEnd(16, "0"), name: id, kind: "INTERNAL", span_type: "LLM", service_name: "s", model: "", agent_name: "", tool_name: "",
    start_time_unix_nano: String(ORIGIN + BigInt(startNs)), end_time_unix_nano: null, duration_ns: durationNs, clock_skew_ns: 0, state: "OK", input_tokens: null, output_tokens: 3, total_tokens: 3,
    cost_usd: null, usage_scope: "own", depth, is_orphan: false, is_cycle_cut: false, ...more,
  };
}

const SPANS = [span("a", "", 0, 0, 100), span("b", "a", 1, 10, 30), span("c", "b", 2, 15, 10), span("d", "a", 1, 50, 40), span("e", "zz", 1, 5, 1, { is_orphan: true })];

describe("a trace's skeleton", () => {
  const tree = fromRows({ info: INFO, spans: SPANS, missing_parents: [] });
  it("keeps times exact beyond 2^53", () => expect([...tree.start]).toEqual([0, 10, 15, 50, 5]));
  it("knows where each subtree ends", () => expect([...tree.end]).toEqual([5, 3, 3, 4, 5]));
  it("takes children's time off their parent's own", () => expect(tree.self[0]).toBe(30));
  it("follows what the end waited for", () => expect([...tree.critical]).toEqual([1, 1, 1, 1, 0]));
  it("skips what is inside a folded row", () => expect(visibleRows(tree, new Set(["b".padEnd(16, "0")]), null)).toEqual([0, 1, 3, 4]));
  it("is the same from columns as from rows", () => {
    const dictionary = (pick: (each: SkeletonSpan) => string) => ({ values: SPANS.map(pick), indexes: SPANS.map((_, at) => at) });
    const columns = fromColumns({
      info: INFO, span_count: SPANS.length, missing_parents: [],
      columns: {
        span_id: SPANS.map((each) => each.span_id).join(""), parent: [-1, 0, 1, 0, -1], depth: SPANS.map((each) => each.depth), start_ns: [0, 10, 15, 50, 5],
        duration_ns: SPANS.map((each) => each.duration_ns), clock_skew_ns: SPANS.map(() => 0), name: dictionary((each) => each.name), span_type: dictionary((each) => each.span_type),
        service_name: dictionary((each) => each.service_name), model: dictionary(() => ""), agent_name: dictionary(() => ""), tool_name: dictionary(() => ""),
        state: dictionary((each) => each.state) as ColumnsReply["columns"]["state"], usage_scope: dictionary((each) => each.usage_scope),
        input_tokens: SPANS.map(() => null), output_tokens: SPANS.map(() => 3), cost_usd: SPANS.map(() => null), ttft_ns: SPANS.map(() => null), orphans: [4], cycle_cuts: [],
      },
    });
    expect(columns).toEqual(tree);
  });
});
