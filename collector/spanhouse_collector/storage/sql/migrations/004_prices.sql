-- What models cost. `model_prices` is the table that people read; rows of the package `genai-prices` are replaced when
-- its version changes, rows of `source = 'override'` are written by `spanhouse prices set`. Of the rows of one model the
-- first that applies counts, in the order of `rank`; an empty price means: charged like the token it is a kind of.
CREATE TABLE IF NOT EXISTS model_prices
(
    project LowCardinality(String),
    provider LowCardinality(String),
    model String,
    rank UInt32,
    valid_from DateTime('UTC'),
    valid_to Nullable(DateTime('UTC')),
    day_from_s UInt32,
    day_until_s UInt32 DEFAULT 86400,
    above_input_tokens Nullable(UInt64),
    input_usd_per_million_tokens Nullable(Float64),
    output_usd_per_million_tokens Nullable(Float64),
    cache_read_usd_per_million_tokens Nullable(Float64),
    cache_write_usd_per_million_tokens Nullable(Float64),
    cache_write_1h_usd_per_million_tokens Nullable(Float64),
    reasoning_output_usd_per_million_tokens Nullable(Float64),
    input_audio_usd_per_million_tokens Nullable(Float64),
    output_audio_usd_per_million_tokens Nullable(Float64),
    request_usd Float64,
    source LowCardinality(String),
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY (provider, model, project, rank)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- Names under which a model is asked for, and the row of `model_prices` they are charged by; provider '' for spans that
-- name none. Derived from the package.
CREATE TABLE IF NOT EXISTS model_price_aliases
(
    provider LowCardinality(String),
    alias String,
    priced_as_provider LowCardinality(String),
    priced_as_model String
)
ENGINE = MergeTree
ORDER BY (provider, alias);

-- Patterns for the names that no alias lists, over `provider 0x1f model`; the first that matches counts.
CREATE TABLE IF NOT EXISTS model_price_patterns
(
    position UInt64,
    asked LowCardinality(String),
    pattern String,
    provider LowCardinality(String),
    model String,
    forbidden Array(UInt64)
)
ENGINE = MergeTree
ORDER BY position;

-- Other names of the providers in the tables above, as spans have them.
CREATE TABLE IF NOT EXISTS model_price_providers
(
    name LowCardinality(String),
    provider LowCardinality(String)
)
ENGINE = MergeTree
ORDER BY name;

-- Which version of the package the tables above hold.
CREATE TABLE IF NOT EXISTS model_price_catalogue
(
    source String,
    format UInt32,
    loaded_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY loaded_at;
