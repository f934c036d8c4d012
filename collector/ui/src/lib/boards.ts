// The dashboards as data: what each tile asks, and how it is shown.

export interface Tile {
  title: string;
  kind: "line" | "bars" | "table";
  metrics: string[];
  unit: "count" | "ns" | "usd" | "share";
  of?: "traces" | "spans";
  filter?: string;
  groupBy?: string;
  size?: "third" | "wide";
}

export interface Board {
  name: string;
  label: string;
  tiles: Tile[];
}

const LLM = "span_type = 'LLM'";
const TOOL = "span_type = 'TOOL'";

export const BOARDS: Board[] = [
  {
    name: "overview", label: "Overview",
    tiles: [
      { title: "Traces", kind: "bars", metrics: ["count", "error_count"], unit: "count", of: "traces" },
      { title: "Latency of traces", kind: "line", metrics: ["p50", "p95", "p99"], unit: "ns", of: "traces" },
      { title: "Cost", kind: "bars", metrics: ["cost_usd"], unit: "usd", of: "traces" },
      { title: "Tokens", kind: "line", metrics: ["input_tokens", "output_tokens"], unit: "count", of: "traces" },
      { title: "Services", kind: "table", metrics: ["count", "error_rate", "p95", "cost_usd"], unit: "count", groupBy: "service_name" },
      { title: "Errors by type", kind: "table", metrics: ["count", "trace_count"], unit: "count", filter: "is_error", groupBy: "error_type" },
    ],
  },
  {
    name: "models", label: "Models & cost",
    tiles: [
      { title: "Cost by model", kind: "bars", metrics: ["cost_usd"], unit: "usd", groupBy: "model", filter: LLM },
      { title: "Calls by model", kind: "line", metrics: ["count"], unit: "count", groupBy: "model", filter: LLM },
      { title: "Tokens in by model", kind: "line", metrics: ["input_tokens"], unit: "count", groupBy: "model", filter: LLM },
      { title: "Tokens out by model", kind: "line", metrics: ["output_tokens"], unit: "count", groupBy: "model", filter: LLM },
      { title: "Models", kind: "table", size: "wide", metrics: ["count", "error_rate", "input_tokens", "output_tokens", "cache_read_input_tokens", "cost_usd", "p50", "p95", "ttft_p50_ns"], unit: "count", groupBy: "model", filter: LLM },
    ],
  },
  {
    name: "latency", label: "Latency",
    tiles: [
      { title: "Traces", kind: "line", metrics: ["p50", "p90", "p99"], unit: "ns", of: "traces" },
      { title: "Calls of models", kind: "line", metrics: ["p50", "p95"], unit: "ns", filter: LLM },
      { title: "Time to the first token", kind: "line", metrics: ["ttft_p50_ns", "ttft_p95_ns"], unit: "ns", filter: LLM },
      { title: "p95 by model", kind: "line", metrics: ["p95"], unit: "ns", groupBy: "model", filter: LLM },
      { title: "Slowest spans by name", kind: "table", size: "wide", metrics: ["p95", "count", "p50", "max_duration_ns"], unit: "ns", groupBy: "name" },
    ],
  },
  {
    name: "tools", label: "Tools",
    tiles: [
      { title: "Calls by tool", kind: "bars", metrics: ["count"], unit: "count", groupBy: "tool_name", filter: TOOL },
      { title: "Error rate by tool", kind: "line", metrics: ["error_rate"], unit: "share", groupBy: "tool_name", filter: TOOL },
      { title: "p95 by tool", kind: "line", metrics: ["p95"], unit: "ns", groupBy: "tool_name", filter: TOOL },
      { title: "Retrievals", kind: "line", metrics: ["p50", "p95"], unit: "ns", filter: "span_type = 'RETRIEVER'" },
      { title: "Tools", kind: "table", size: "wide", metrics: ["count", "error_rate", "p50", "p95", "trace_count"], unit: "count", groupBy: "tool_name", filter: TOOL },
    ],
  },
  {
    name: "agents", label: "Agents & users",
    tiles: [
      { title: "Runs by agent", kind: "bars", metrics: ["count"], unit: "count", groupBy: "agent_name", filter: "span_type = 'AGENT'" },
      { title: "Users and sessions", kind: "line", metrics: ["user_count", "session_count"], unit: "count", of: "traces" },
      { title: "Agents", kind: "table", metrics: ["count", "error_rate", "p50", "p95"], unit: "count", groupBy: "agent_name", filter: "span_type = 'AGENT'" },
      { title: "Users", kind: "table", metrics: ["count", "error_rate", "total_tokens", "cost_usd"], unit: "count", groupBy: "user_id", of: "traces" },
    ],
  },
];
