-- One row a data point, whatever the metric's kind; columns that a kind does not have keep their default.
CREATE TABLE IF NOT EXISTS metrics
(
    project LowCardinality(String),
    metric_name LowCardinality(String),
    metric_description String CODEC(ZSTD(1)),
    metric_unit LowCardinality(String),
    metric_kind Enum8('gauge' = 1, 'sum' = 2, 'histogram' = 3, 'exponential_histogram' = 4, 'summary' = 5),
    metric_metadata Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    metric_metadata_type_codes Array({attribute_type}) CODEC(ZSTD(1)),
    aggregation_temporality LowCardinality(String),
    is_monotonic Bool,
    start_time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    time DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    attribute_type_codes Array({attribute_type}) CODEC(ZSTD(1)),
    attribute_types Map(LowCardinality(String), {attribute_type})
        ALIAS CAST((mapKeys(attributes), attribute_type_codes), 'Map(LowCardinality(String), {attribute_type_quoted})'),
    flags UInt32 CODEC(ZSTD(1)),
    value_type Enum8('empty' = 0, 'double' = 4, 'int' = 6) CODEC(ZSTD(1)),
    value Float64 CODEC(ZSTD(1)),
    value_int Int64 CODEC(ZSTD(1)),
    count UInt64 CODEC(ZSTD(1)),
    sum Nullable(Float64) CODEC(ZSTD(1)),
    min Nullable(Float64) CODEC(ZSTD(1)),
    max Nullable(Float64) CODEC(ZSTD(1)),
    bucket_counts Array(UInt64) CODEC(ZSTD(1)),
    explicit_bounds Array(Float64) CODEC(ZSTD(1)),
    scale Int32 CODEC(ZSTD(1)),
    zero_count UInt64 CODEC(ZSTD(1)),
    zero_threshold Float64 CODEC(ZSTD(1)),
    positive_offset Int32 CODEC(ZSTD(1)),
    positive_bucket_counts Array(UInt64) CODEC(ZSTD(1)),
    negative_offset Int32 CODEC(ZSTD(1)),
    negative_bucket_counts Array(UInt64) CODEC(ZSTD(1)),
    quantile_values Nested
    (
        quantile Float64,
        value Float64
    ) CODEC(ZSTD(1)),
    exemplars Nested
    (
        time DateTime64(9, 'UTC'),
        value_type Enum8('empty' = 0, 'double' = 3, 'int' = 6),
        value Float64,
        value_int Int64,
        trace_id String,
        span_id String,
        filtered_attributes Map(LowCardinality(String), String),
        filtered_attribute_type_codes Array({attribute_type})
    ) CODEC(ZSTD(1)),
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
    received_at DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toMonday(received_at)
ORDER BY (project, metric_name, service_name, time)
SETTINGS {durable_settings};
