-- What holds of the tags and the metadata of traces.
WITH (c.by_user, c.said_at, c.received_at) AS position
SELECT
    project,
    trace_id,
    kind,
    key,
    argMax(c.value, position) AS value,
    argMax(c.by_user, position) AS is_set_by_user
FROM trace_tag_changes AS c
GROUP BY project, kind, key, trace_id
HAVING NOT argMax(c.is_deleted, position)
