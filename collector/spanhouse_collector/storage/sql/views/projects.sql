-- One row a project: sums over its spans. The list that the API has of them says the same.
SELECT
    project,
    uniqExact(trace_id) AS trace_count,
    count() AS span_count,
    countIf(spans.is_error) AS error_count,
    uniqExactIf(session_id, session_id != '') AS session_count,
    uniqExactIf(user_id, user_id != '') AS user_count,
    sumIf(ifNull(spans.input_tokens, 0), usage_scope = 'own') AS input_tokens,
    sumIf(ifNull(spans.output_tokens, 0), usage_scope = 'own') AS output_tokens,
    sumIf(ifNull(spans.total_tokens, ifNull(spans.input_tokens, 0) + ifNull(spans.output_tokens, 0)),
        usage_scope = 'own') AS total_tokens,
    sumIf(spans.cost_usd, usage_scope = 'own') AS cost_usd,
    min(start_time) AS first_time,
    max(greatest(start_time, end_time)) AS last_time
FROM spans
WHERE NOT is_superseded
GROUP BY project
