-- One row a trace, whatever the order its spans arrived in. Its entry in the API has the same columns; how each follows
-- from the spans is model/trace_tree_info.py's to say, and a test holds the two together. Tokens and dollars are those
-- of spans that own them; records that another one replaced are left out. Settling makes both right, within seconds.
-- Columns that a query does not name cost nothing.
WITH
    max(is_top) AS has_top,
    maxIf(spans.is_pending, is_top) AS is_running
SELECT
    project,
    trace_id,
    argMin(spans.name, root_rank) AS name,
    if(has_top, minIf(spans.start_time, is_top), min(spans.start_time)) AS start_time,
    if(has_top AND NOT is_running, maxIf(ended, is_top), max(ended)) AS end_time,
    toUInt64(toUnixTimestamp64Nano(end_time) - toUnixTimestamp64Nano(start_time)) AS duration_ns,
    multiIf(argMin(spans.is_pending, root_rank), 'IN_PROGRESS', argMin(spans.is_error, root_rank), 'ERROR',
        NOT has_top AND max(spans.is_error), 'ERROR', 'OK') AS state,
    argMin(spans.service_name, root_rank) AS service_name,
    argMinIf(spans.session_id, root_rank, spans.session_id != '') AS session_id,
    argMinIf(spans.user_id, root_rank, spans.user_id != '') AS user_id,
    count() AS span_count,
    countIf(spans.is_error) AS error_count,
    sumIf(ifNull(spans.input_tokens, 0), spans.usage_scope = 'own') AS input_tokens,
    sumIf(ifNull(spans.output_tokens, 0), spans.usage_scope = 'own') AS output_tokens,
    sumIf(ifNull(spans.total_tokens, ifNull(spans.input_tokens, 0) + ifNull(spans.output_tokens, 0)),
        spans.usage_scope = 'own') AS total_tokens,
    sumIf(spans.cost_usd, spans.usage_scope = 'own') AS cost_usd,
    arraySort(groupUniqArrayIf(spans.model, spans.model != '')) AS models,
    substringUTF8(argMinIf(spans.input, (NOT is_top, NOT is_call, spans.start_time, spans.span_id),
        spans.input != '' AND (is_top OR is_call)), 1, 1000) AS input_preview,
    substringUTF8(argMaxIf(spans.output, (is_top, is_call, ended, spans.span_id),
        spans.output != '' AND (is_top OR is_call)), 1, 1000) AS output_preview,
    arraySort(groupUniqArrayArray(spans.tags)) AS tags
FROM
(
    SELECT
        project, trace_id, span_id, name, start_time, end_time, is_pending, is_error, service_name, session_id, user_id,
        input_tokens, output_tokens, total_tokens, usage_scope, cost_usd, model, input, output, tags,
        if(pending_span_id = '', parent_span_id, pending_parent_span_id) = '' AS is_top,
        greatest(end_time, start_time) AS ended,
        span_type IN ('LLM', 'EMBEDDING', 'RERANKER') AS is_call,
        (NOT is_top, start_time, if(pending_span_id = '', span_id, pending_span_id)) AS root_rank
    FROM spans
    WHERE NOT is_superseded
) AS spans
GROUP BY project, trace_id
