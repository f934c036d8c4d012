// Statements to begin with.
export const EXAMPLES: [string, string][] = [
  ["Cost by model and day", "SELECT toDate(start_time) AS day, model, sum(cost_usd) AS cost_usd, sum(input_tokens) AS input_tokens\nFROM spans\nWHERE usage_scope = 'own' AND start_time > now() - INTERVAL 7 DAY\nGROUP BY day, model\nORDER BY day, cost_usd DESC"],
  ["Slowest tools", "SELECT tool_name, count() AS calls, round(quantile(0.95)(duration_ns) / 1e6, 1) AS p95_ms, countIf(is_error) AS errors\nFROM spans\nWHERE span_type = 'TOOL'\nGROUP BY tool_name\nORDER BY p95_ms DESC"],
  ["Latest errors", "SELECT start_time, trace_id, name, error_type, substring(status_message, 1, 200) AS message\nFROM spans\nWHERE is_error\nORDER BY start_time DESC\nLIMIT 100"],
  ["Spans by hour and type", "SELECT toStartOfHour(start_time) AS hour, count() AS spans, countIf(span_type = 'LLM') AS llm, countIf(span_type = 'TOOL') AS tool\nFROM spans\nGROUP BY hour\nORDER BY hour"],
  ["Longest prompts", "SELECT trace_id, span_id, model, input_tokens, substring(input, 1, 120) AS begins\nFROM spans\nWHERE span_type = 'LLM'\nORDER BY input_tokens DESC\nLIMIT 50"],
  ["Sessions that cost most", "SELECT session_id, count() AS traces, sum(cost_usd) AS cost_usd\nFROM traces\nWHERE session_id != ''\nGROUP BY session_id\nORDER BY cost_usd DESC\nLIMIT 50"],
  ["Feedback by name", "SELECT name, source_type, count() AS given, avg(value_number) AS mean, avg(toFloat64(value_bool)) AS share_true\nFROM assessments\nWHERE kind = 'feedback'\nGROUP BY name, source_type"],
  ["Attributes that are there", "SELECT arrayJoin(mapKeys(attributes)) AS key, count() AS spans\nFROM spans\nGROUP BY key\nORDER BY spans DESC\nLIMIT 100"],
];
