-- The assessments that hold: of each its last version, unless it was deleted or another one overrides it.
WITH (v.version, v.received_at) AS position
SELECT
    project,
    trace_id,
    argMax(v.span_id, position) AS span_id,
    assessment_id,
    name,
    argMax(v.kind, position) AS kind,
    argMax(v.value, position) AS value,
    argMax(v.value_kind, position) AS value_kind,
    argMax(tuple(v.value_number), position).1 AS value_number,
    argMax(tuple(v.value_bool), position).1 AS value_bool,
    argMax(v.value_text, position) AS value_text,
    argMax(v.rationale, position) AS rationale,
    argMax(v.source_type, position) AS source_type,
    argMax(v.source_id, position) AS source_id,
    argMax(v.metadata, position) AS metadata,
    argMax(v.error_code, position) AS error_code,
    argMax(v.error_message, position) AS error_message,
    argMax(v.overrides, position) AS overrides,
    max(v.version) AS version,
    min(v.create_time) AS create_time,
    argMax(v.received_at, position) AS last_update_time
FROM assessment_versions AS v
GROUP BY project, name, trace_id, assessment_id
HAVING argMax(v.state, position) = 'current' AND argMax(v.valid, position)
