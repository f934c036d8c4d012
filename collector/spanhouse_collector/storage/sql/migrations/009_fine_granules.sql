-- Finer granules. What is read by id (a trace, the entries of a list, what a word was found in) costs a granule of each
-- column for every trace, decompressed: 8192 rows with their prompts and answers are five to ten megabytes. Scans cost
-- the same; inserts a microsecond a span more, the disk four per cent (docs/decisions/016). The setting cannot be altered,
-- so the table is replaced by a clone of itself, in one step: parts are linked and not copied, older ones keep their
-- granules until they are merged. The window of deduplication tokens is not part of a clone: a segment that is replayed
-- right across this migration is stored twice, which settling finds.
CREATE OR REPLACE TABLE spans CLONE AS spans
ENGINE = MergeTree
PARTITION BY toMonday(received_at)
PRIMARY KEY (project, toRelativeHourNum(start_time), xxHash32(trace_id))
ORDER BY (project, toRelativeHourNum(start_time), xxHash32(trace_id), trace_id)
SETTINGS {durable_settings}, enable_block_number_column = 1, enable_block_offset_column = 1,
    index_granularity = 1024, index_granularity_bytes = 2097152, min_compress_block_size = 16384;
