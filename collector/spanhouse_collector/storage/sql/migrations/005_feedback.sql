-- What people, judges and code say about traces: each row is one version of one assessment, none is ever changed. The
-- view `assessments` has the current ones. A change of name writes two rows, one of them ending the old name: then all
-- rows of a name lie together, and a search by name reads no others.
CREATE TABLE IF NOT EXISTS assessment_versions
(
    project LowCardinality(String),
    name LowCardinality(String),
    trace_id String CODEC(ZSTD(1)),
    assessment_id String CODEC(ZSTD(1)),
    version UInt32,
    state Enum8('current' = 0, 'deleted' = 1, 'renamed' = 2),
    span_id String CODEC(ZSTD(1)),
    kind Enum8('feedback' = 0, 'expectation' = 1),
    value String CODEC(ZSTD(1)),
    value_kind Enum8('null' = 0, 'number' = 1, 'boolean' = 2, 'text' = 3, 'category' = 4, 'json' = 5),
    value_number Nullable(Float64) CODEC(ZSTD(1)),
    value_bool Nullable(Bool) CODEC(ZSTD(1)),
    value_text String CODEC(ZSTD(1)),
    rationale String CODEC(ZSTD(1)),
    source_type LowCardinality(String),
    source_id String CODEC(ZSTD(1)),
    metadata Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    error_code String CODEC(ZSTD(1)),
    error_message String CODEC(ZSTD(1)),
    error_stack_trace String CODEC(ZSTD(1)),
    overrides String CODEC(ZSTD(1)),
    valid Bool,
    create_time DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    received_at DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    INDEX idx_trace_id trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_assessment_id assessment_id TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (project, name, trace_id, assessment_id)
SETTINGS {durable_settings};
-- What was ever said of a trace's tags, and its metadata. The view `trace_tags` has what holds: a user's word before that
-- of the spans, of each the last. Spans say it in attributes; a view on their table writes it here, so a replayed segment
-- says it once.
CREATE TABLE IF NOT EXISTS trace_tag_changes
(
    project LowCardinality(String),
    kind Enum8('tag' = 0, 'metadata' = 1),
    key LowCardinality(String),
    trace_id String CODEC(ZSTD(1)),
    value String CODEC(ZSTD(1)),
    is_deleted Bool,
    by_user Bool,
    said_at DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    received_at DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    INDEX idx_trace_id trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_value value TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (project, kind, key, trace_id)
SETTINGS {durable_settings};
CREATE MATERIALIZED VIEW IF NOT EXISTS spans_to_trace_tag_changes TO trace_tag_changes AS
SELECT
    project,
    if(startsWith(name, 'spanhouse.trace.metadata.'), 'metadata', 'tag') AS kind,
    replaceRegexpOne(name, '^(spanhouse\\.trace\\.(tag|metadata)|mlflow\\.traceTag)\\.', '') AS key,
    trace_id,
    -- MLflow writes every value as JSON.
    if(startsWith(name, 'mlflow.') AND JSONType(text) = 'String', JSONExtractString(text), text) AS value,
    false AS is_deleted,
    false AS by_user,
    end_time AS said_at,
    received_at
FROM
(
    SELECT
        project, trace_id, end_time, received_at,
        arrayJoin(arrayFilter(k -> startsWith(k, 'spanhouse.trace.tag.') OR startsWith(k, 'spanhouse.trace.metadata.')
            OR startsWith(k, 'mlflow.traceTag.'), mapKeys(attributes))) AS name,
        attributes[name] AS text
    FROM spans
)
WHERE key != '';
-- Traces that were deleted: of what was received until then, nothing may be seen again, whenever it reaches a table.
-- Project '' is all projects.
CREATE TABLE IF NOT EXISTS deleted_traces
(
    project LowCardinality(String),
    trace_id String CODEC(ZSTD(1)),
    deleted_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (deleted_at, trace_id)
SETTINGS {durable_settings};
