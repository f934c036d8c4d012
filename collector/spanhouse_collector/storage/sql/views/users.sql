-- One row a user: the traces that name them, at their root or at any other span.
SELECT
    traces.project AS project,
    traces.user_id AS user_id,
    uniqExactIf(traces.session_id, traces.session_id != '') AS session_count,
    count() AS trace_count,
    sum(traces.span_count) AS span_count,
    sum(traces.error_count) AS error_count,
    countIf(traces.state = 'ERROR') AS failed_trace_count,
    sum(traces.input_tokens) AS input_tokens,
    sum(traces.output_tokens) AS output_tokens,
    sum(traces.total_tokens) AS total_tokens,
    sum(traces.cost_usd) AS cost_usd,
    min(traces.start_time) AS first_time,
    sum(told.feedback_count) AS feedback_count,
    sum(told.feedback_sum) / nullIf(sum(told.feedback_numbers), 0) AS feedback_mean,
    max(traces.end_time) AS last_time
FROM traces
LEFT JOIN
(
    SELECT project, trace_id, countIf(kind = 'feedback') AS feedback_count,
        sumIf(coalesce(value_number, toFloat64(value_bool)), kind = 'feedback') AS feedback_sum,
        countIf(kind = 'feedback' AND coalesce(value_number, toFloat64(value_bool)) IS NOT NULL) AS feedback_numbers
    FROM assessments
    GROUP BY project, trace_id
) AS told ON told.project = traces.project AND told.trace_id = traces.trace_id
WHERE user_id != ''
GROUP BY project, user_id
