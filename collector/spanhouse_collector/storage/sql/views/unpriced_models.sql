SELECT
    project,
    provider,
    model,
    count() AS span_count,
    sum(ifNull(spans.input_tokens, 0)) AS input_tokens,
    sum(ifNull(spans.output_tokens, 0)) AS output_tokens,
    min(start_time) AS first_time,
    max(start_time) AS last_time
FROM spans
WHERE cost_source = 'none' AND model != '' AND isNotNull(coalesce(spans.input_tokens, spans.output_tokens))
GROUP BY project, provider, model
