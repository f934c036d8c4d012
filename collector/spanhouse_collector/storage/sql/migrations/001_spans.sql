-- One row a span. The compiled mapper fills it (mapper/row.pxi); what each column means, docs/tables.md. Only columns that
-- are made of others are ever corrected: by settling (decision 011), re-mapping (014) and re-pricing.
-- Partitioned by receive time: a client's clock cannot create partitions. Ids are lower-case hex text, so that views can
-- show them raw and keep the indexes. Sorted by the minute a span started: what is newest is a small range, and a trace's
-- spans lie together; by its id a trace is found through the text index, which tells exactly where its spans are. Granules
-- are small because most reads want a few rows of a few traces (docs/decisions/016). The ids stay out of the primary key:
-- a question for one of them would look at every granule's there before it asks the index. The minute is a number:
-- toStartOfMinute ends in 2106, and 26.7 then prunes away spans of later clocks.
CREATE TABLE IF NOT EXISTS spans
(
    -- As it was sent.
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
    -- The trace model. Absent text is '', absent numbers are NULL: no tokens reported is not zero tokens.
    span_type LowCardinality(String) DEFAULT 'UNKNOWN',
    operation LowCardinality(String),
    provider LowCardinality(String),
    framework LowCardinality(String),
    request_model LowCardinality(String),
    response_model LowCardinality(String),
    model LowCardinality(String),
    response_id String CODEC(ZSTD(1)),
    input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    output_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    total_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    cache_read_input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    cache_write_input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    reasoning_output_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    usage_scope LowCardinality(String) DEFAULT 'none',
    cost_usd Nullable(Float64) CODEC(ZSTD(1)),
    cost_source LowCardinality(String) DEFAULT 'none',
    session_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    agent_name LowCardinality(String),
    tool_name LowCardinality(String),
    prompt_name LowCardinality(String),
    finish_reasons Array(LowCardinality(String)) CODEC(ZSTD(1)),
    ttft_ns Nullable(UInt64) CODEC(ZSTD(1)),
    tags Array(LowCardinality(String)) CODEC(ZSTD(1)),
    is_error Bool,
    error_type LowCardinality(String),
    is_pending Bool,
    dialects Array(LowCardinality(String)) CODEC(ZSTD(1)),
    input String CODEC(ZSTD(1)),
    output String CODEC(ZSTD(1)),
    mapping_version UInt16 DEFAULT 0,
    -- Logfire announces a span with a record of its own when it begins: under an id that nothing else has, with the span it
    -- announces where a parent would stand. These say which span that is and what its parent is; '' for every other record.
    pending_span_id String
        DEFAULT if(attributes['logfire.span_type'] = 'pending_span', parent_span_id, '') CODEC(ZSTD(1)),
    pending_parent_span_id String
        DEFAULT if(pending_span_id = '' OR attributes['logfire.pending_parent_id'] = '0000000000000000', '',
            attributes['logfire.pending_parent_id']) CODEC(ZSTD(1)),
    -- Set when the record that counts has come: of a span announced, in progress or sent twice, one row is left with
    -- `NOT is_superseded`. It and `usage_scope` are what settling corrects. A record that announces a span and does not say
    -- which tells nothing that the span itself will not: it is born superseded.
    is_superseded Bool DEFAULT attributes['logfire.span_type'] = 'pending_span' AND parent_span_id = '',
    INDEX idx_trace_id trace_id TYPE text(tokenizer = 'array'),
    -- Words of prompts and answers, and attributes by key or value. Lower case is part of the index's expression and not of
    -- its preprocessor: parts without the index would answer otherwise. Of a value the first 64 bytes are indexed, of content
    -- (longer than 256) nothing: whole prompts as tokens cost more than all other indexes together. Both index and question
    -- go through the preprocessor, which makes the index a hint: what it leaves over is compared with the whole value.
    INDEX idx_input lowerUTF8(input) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX idx_output lowerUTF8(output) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX idx_attribute_keys mapKeys(attributes) TYPE text(tokenizer = 'array'),
    INDEX idx_attribute_values mapValues(attributes) TYPE text(tokenizer = 'array',
        preprocessor = if(length(mapValues(attributes)) > 256, '', substring(mapValues(attributes), 1, 64)))
)
ENGINE = MergeTree
PARTITION BY toMonday(received_at)
PRIMARY KEY (project, toRelativeMinuteNum(start_time))
ORDER BY (project, toRelativeMinuteNum(start_time), trace_id)
-- Numbers of blocks and rows are what lets a row be corrected without writing its part anew.
SETTINGS {durable_settings}, index_granularity = 1024, index_granularity_bytes = 2097152, min_compress_block_size = 16384,
    enable_block_number_column = 1, enable_block_offset_column = 1;
