-- One row a session: the traces that name it, at their root or at any other span.
SELECT
    project,
    session_id,
    count() AS trace_count,
    sum(traces.span_count) AS span_count,
    sum(traces.error_count) AS error_count,
    countIf(traces.state = 'ERROR') AS failed_trace_count,
    sum(traces.input_tokens) AS input_tokens,
    sum(traces.output_tokens) AS output_tokens,
    sum(traces.total_tokens) AS total_tokens,
    sum(traces.cost_usd) AS cost_usd,
    min(traces.start_time) AS first_time,
    max(traces.end_time) AS last_time,
    arraySort(groupUniqArrayIf(traces.user_id, traces.user_id != '')) AS user_ids
FROM traces
WHERE session_id != ''
GROUP BY project, session_id
