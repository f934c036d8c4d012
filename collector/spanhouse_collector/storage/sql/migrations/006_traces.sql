-- Logfire announces a span with a record of its own when it begins: under an id that nothing else has, with the span it
-- announces where a parent would stand. These say which span that is and what its parent is; '' for every other record.
-- `is_superseded` is set when the record that counts has come: of a span announced, in progress or sent twice, one row
-- is left with `NOT is_superseded`. It and `usage_scope` are what settling corrects (decision 011). A record that announces
-- a span and does not say which tells nothing that the span itself will not: it is born superseded.
ALTER TABLE spans
    ADD COLUMN IF NOT EXISTS pending_span_id String
        DEFAULT if(attributes['logfire.span_type'] = 'pending_span', parent_span_id, '') CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS pending_parent_span_id String
        DEFAULT if(pending_span_id = '' OR attributes['logfire.pending_parent_id'] = '0000000000000000', '',
            attributes['logfire.pending_parent_id']) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS is_superseded Bool
        DEFAULT attributes['logfire.span_type'] = 'pending_span' AND parent_span_id = '';
-- What lets a row be corrected without writing its part anew.
ALTER TABLE spans MODIFY SETTING enable_block_number_column = 1, enable_block_offset_column = 1;
