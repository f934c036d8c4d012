-- When each trace was: clickhouseexporter's companion table, computed from the spans. `WHERE TraceId = …` reaches the
-- spans below the GROUP BY and prunes by their index.
SELECT
    trace_id AS TraceId,
    toDateTime(min(start_time), 'UTC') AS Start,
    toDateTime(max(end_time), 'UTC') AS End
FROM spans
GROUP BY trace_id
