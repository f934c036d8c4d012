-- One row a log record. `time` is the record's own, else when it was observed, else when it was received: `time_source`
-- says which.
CREATE TABLE IF NOT EXISTS logs
(
    project LowCardinality(String),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    time_source Enum8('time' = 0, 'observed' = 1, 'received' = 2) CODEC(ZSTD(1)),
    observed_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    span_id String CODEC(ZSTD(1)),
    flags UInt32 CODEC(ZSTD(1)),
    severity_number Int32 CODEC(ZSTD(1)),
    severity_text LowCardinality(String),
    event_name LowCardinality(String),
    body String CODEC(ZSTD(1)),
    body_type {attribute_type} CODEC(ZSTD(1)),
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
    received_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    -- Content that came as log records of a span: the words are searched here.
    input String CODEC(ZSTD(1)),
    output String CODEC(ZSTD(1)),
    INDEX idx_trace_id trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_input lowerUTF8(input) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX idx_output lowerUTF8(output) TYPE text(tokenizer = 'splitByNonAlpha')
)
ENGINE = MergeTree
PARTITION BY toMonday(received_at)
ORDER BY (project, toStartOfFiveMinutes(time), service_name, time)
SETTINGS {durable_settings};
