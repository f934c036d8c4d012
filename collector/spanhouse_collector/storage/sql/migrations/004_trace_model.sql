-- The trace model's columns, filled by the mapping that model/span_sql generates from the vocabulary. Absent text is '',
-- absent numbers are NULL: no tokens reported is not zero tokens. What each column means: docs/tables.md.
ALTER TABLE spans
    ADD COLUMN IF NOT EXISTS span_type LowCardinality(String) DEFAULT 'UNKNOWN',
    ADD COLUMN IF NOT EXISTS operation LowCardinality(String),
    ADD COLUMN IF NOT EXISTS provider LowCardinality(String),
    ADD COLUMN IF NOT EXISTS framework LowCardinality(String),
    ADD COLUMN IF NOT EXISTS request_model LowCardinality(String),
    ADD COLUMN IF NOT EXISTS response_model LowCardinality(String),
    ADD COLUMN IF NOT EXISTS model LowCardinality(String),
    ADD COLUMN IF NOT EXISTS response_id String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS output_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS total_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cache_read_input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cache_write_input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS reasoning_output_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS usage_scope LowCardinality(String) DEFAULT 'none',
    ADD COLUMN IF NOT EXISTS cost_usd Nullable(Float64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cost_source LowCardinality(String) DEFAULT 'none',
    ADD COLUMN IF NOT EXISTS session_id String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS user_id String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS agent_name LowCardinality(String),
    ADD COLUMN IF NOT EXISTS tool_name LowCardinality(String),
    ADD COLUMN IF NOT EXISTS prompt_name LowCardinality(String),
    ADD COLUMN IF NOT EXISTS finish_reasons Array(LowCardinality(String)) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ttft_ns Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tags Array(LowCardinality(String)) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS is_error Bool,
    ADD COLUMN IF NOT EXISTS error_type LowCardinality(String),
    ADD COLUMN IF NOT EXISTS is_pending Bool,
    ADD COLUMN IF NOT EXISTS dialects Array(LowCardinality(String)) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS input String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS output String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS mapping_version UInt16 DEFAULT 0;
-- Words of prompts and answers, and attributes by key or value. Lower case is part of the index's expression and not of
-- its preprocessor: parts without the index would answer otherwise. Of a value the first 64 bytes are indexed, of content
-- (longer than 256) nothing: whole prompts as tokens cost more than all other indexes together. Both index and question
-- go through the preprocessor, which makes the index a hint: what it leaves over is compared with the whole value.
ALTER TABLE spans
    ADD INDEX IF NOT EXISTS idx_input lowerUTF8(input) TYPE text(tokenizer = 'splitByNonAlpha'),
    ADD INDEX IF NOT EXISTS idx_output lowerUTF8(output) TYPE text(tokenizer = 'splitByNonAlpha'),
    ADD INDEX IF NOT EXISTS idx_attribute_keys mapKeys(attributes) TYPE text(tokenizer = 'array'),
    ADD INDEX IF NOT EXISTS idx_attribute_values mapValues(attributes) TYPE text(tokenizer = 'array',
        preprocessor = if(length(mapValues(attributes)) > 256, '', substring(mapValues(attributes), 1, 64)));
-- Content that came as log records of a span: the words are searched here.
ALTER TABLE logs
    ADD COLUMN IF NOT EXISTS input String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS output String CODEC(ZSTD(1)),
    ADD INDEX IF NOT EXISTS idx_input lowerUTF8(input) TYPE text(tokenizer = 'splitByNonAlpha'),
    ADD INDEX IF NOT EXISTS idx_output lowerUTF8(output) TYPE text(tokenizer = 'splitByNonAlpha');
