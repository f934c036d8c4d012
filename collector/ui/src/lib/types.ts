// What the JSON API answers, as far as the UI reads it. Integers beyond 2^53 arrive as text (lib/api.ts).

export type State = "OK" | "ERROR" | "IN_PROGRESS";
export type Nanos = string | number;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Assessment {
  assessment_id: string;
  trace_id: string;
  span_id: string;
  name: string;
  kind: "feedback" | "expectation";
  value: Json;
  value_kind: string;
  rationale: string;
  source: { source_type: string; source_id: string };
  error: { error_code: string; error_message: string } | null;
  last_update_time_unix_nano: Nanos;
  valid: boolean;
}

export interface TraceInfo {
  trace_id: string;
  project: string;
  name: string;
  start_time_unix_nano: Nanos;
  duration_ns: number;
  state: State;
  service_name: string;
  session_id: string;
  user_id: string;
  span_count: number;
  error_count: number;
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  cost_usd: number | null;
  models: string[];
  input_preview: string;
  output_preview: string;
  tags: Record<string, string>;
  assessments: Assessment[];
  metadata?: Record<string, string>;
}

export interface SpanEntry {
  trace_id: string;
  span_id: string;
  parent_span_id: string;
  project: string;
  name: string;
  kind: string;
  span_type: string;
  service_name: string;
  start_time_unix_nano: Nanos;
  duration_ns: number;
  state: State;
  model: string;
  input_tokens: number | null;
  output_tokens: number | null;
  total_tokens: number | null;
  cost_usd: number | null;
  usage_scope: string;
  input_preview: string;
  output_preview: string;
}

/** A row of either list. */
export type Entry = Partial<Omit<TraceInfo, "state">> & Partial<Omit<SpanEntry, "state">> & {
  trace_id: string;
  project: string;
  name: string;
  start_time_unix_nano: Nanos;
  duration_ns: number;
  state: State;
  input_preview: string;
  output_preview: string;
  service_name: string;
};

export interface ListPage {
  traces?: Entry[];
  spans?: Entry[];
  next_page_token: string | null;
  partial: boolean;
  complete_since_unix_nano: Nanos | null;
  total_count: number | null;
  newest_token?: string | null;
}

export interface SkeletonSpan {
  span_id: string;
  parent_span_id: string;
  name: string;
  kind: string;
  span_type: string;
  service_name: string;
  model: string;
  agent_name: string;
  tool_name: string;
  start_time_unix_nano: Nanos;
  end_time_unix_nano: Nanos | null;
  duration_ns: number;
  clock_skew_ns: number;
  state: State;
  input_tokens: number | null;
  output_tokens: number | null;
  total_tokens: number | null;
  cost_usd: number | null;
  usage_scope: string;
  depth: number;
  is_orphan: boolean;
  is_cycle_cut: boolean;
  ttft_ns?: number | null;
}

export interface MissingParent {
  name: string;
  span_id: string;
  child_span_ids: string[];
}

export interface Part {
  type: string;
  content?: Json;
  id?: string | null;
  name?: string;
  arguments?: Json;
  response?: Json;
  [key: string]: Json | undefined;
}

export interface Message {
  role: string;
  parts: Part[];
  name?: string | null;
  finish_reason?: string | null;
}

export interface Document {
  id?: string | null;
  content?: Json;
  score?: number | null;
  metadata?: Json;
  [key: string]: Json | undefined;
}

export interface SpanEvent {
  name: string;
  time_unix_nano: Nanos;
  attributes: Record<string, Json>;
}

export interface SpanDetail extends SkeletonSpan {
  project: string;
  trace_id: string;
  status_code: string;
  status_message: string;
  error_type: string;
  provider: string;
  request_model: string;
  response_model: string;
  session_id: string;
  user_id: string;
  scope_name: string;
  scope_version: string;
  received_at: string;
  finish_reasons: string[];
  input: string;
  output: string;
  inputs: Json;
  outputs: Json;
  messages: { input: Message[]; output: Message[] };
  system_instructions: Part[];
  tool_definitions: Json[];
  tool: { name?: string; call_id?: string | null; arguments?: Json; result?: Json; description?: string | null } | null;
  documents: Document[];
  documents_in: Document[];
  query: string | null;
  request: Record<string, Json>;
  output_reasoning: string | null;
  cache_read_input_tokens: number | null;
  cache_write_input_tokens: number | null;
  reasoning_output_tokens: number | null;
  cost_source: string;
  attributes: Record<string, Json>;
  resource_attributes: Record<string, Json>;
  events: SpanEvent[];
  links: { trace_id: string; span_id: string; attributes: Record<string, Json> }[];
  [key: string]: unknown;
}

export interface Group {
  project: string;
  session_id?: string;
  user_id?: string;
  user_ids?: string[];
  session_count?: number;
  trace_count: number;
  span_count: number;
  error_count: number;
  failed_trace_count: number;
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  cost_usd: number | null;
  first_time_unix_nano: Nanos;
  last_time_unix_nano: Nanos;
}

export interface AggregateRow {
  bucket_start_unix_nano?: Nanos;
  [name: string]: Json | undefined;
}
