-- One row a span, immutable. The mapping that fills it is storage/ingest_views.py; what each column means, docs/tables.md.
-- Partitioned by receive time: a client's clock cannot create partitions. Ids are lower-case hex text, so that views can
-- show them raw and keep the indexes. Sorted by the minute a span started: what is newest is a small range, and a trace's
-- spans lie together; by its id a trace is found through the text index, which tells exactly where its spans are. Granules
-- are small because most reads want a few rows of a few traces (docs/decisions/016). The ids stay out of the primary key:
-- a question for one of them would look at every granule's there before it asks the index. The minute is a number:
-- toStartOfMinute ends in 2106, and 26.7 then prunes away spans of later clocks.
CREATE TABLE IF NOT EXISTS spans
(
    project LowCardinality(String),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    parent_span_id String CODEC(ZSTD(1)),
    trace_state String CODEC(ZSTD(1)),
    flags UInt32 CODEC(ZSTD(1)),
    name LowCardinality(String),
    kind LowCardinality(String),
    start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    end_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    duration_ns UInt64 CODEC(T64, ZSTD(1)),
    status_code LowCardinality(String),
    status_message String CODEC(ZSTD(1)),
    service_name LowCardinality(String),
    scope_name LowCardinality(String),
    scope_version LowCardinality(String),
    resource_attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    resource_attribute_type_codes Array({attribute_type}) CODEC(ZSTD(1)),
    resource_dropped_attributes_count UInt32 CODEC(ZSTD(1)),
    resource_schema_url LowCardinality(String),
    scope_attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    scope_attribute_type_codes Array({attribute_type}) CODEC(ZSTD(1)),
    scope_dropped_attributes_count UInt32 CODEC(ZSTD(1)),
    scope_schema_url LowCardinality(String),
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attribute_type_codes Array({attribute_type}) CODEC(ZSTD(1)),
    attribute_types Map(LowCardinality(String), {attribute_type})
        ALIAS CAST((mapKeys(attributes), attribute_type_codes), 'Map(LowCardinality(String), {attribute_type_quoted})'),
    dropped_attributes_count UInt32 CODEC(ZSTD(1)),
    events Nested
    (
        time DateTime64(9, 'UTC'),
        name LowCardinality(String),
        attributes Map(LowCardinality(String), String),
        attribute_type_codes Array({attribute_type}),
        dropped_attributes_count UInt32
    ) CODEC(ZSTD(1)),
    dropped_events_count UInt32 CODEC(ZSTD(1)),
    links Nested
    (
        trace_id String,
        span_id String,
        trace_state String,
        flags UInt32,
        attributes Map(LowCardinality(String), String),
        attribute_type_codes Array({attribute_type}),
        dropped_attributes_count UInt32
    ) CODEC(ZSTD(1)),
    dropped_links_count UInt32 CODEC(ZSTD(1)),
    received_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    INDEX idx_trace_id trace_id TYPE text(tokenizer = 'array')
)
ENGINE = MergeTree
PARTITION BY toMonday(received_at)
PRIMARY KEY (project, toRelativeMinuteNum(start_time))
ORDER BY (project, toRelativeMinuteNum(start_time), trace_id)
SETTINGS {durable_settings}, index_granularity = 1024, index_granularity_bytes = 2097152, min_compress_block_size = 16384;
