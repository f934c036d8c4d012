# Rows as a block of ClickHouse's Native format, column by column.
#
# Owns the columns, their order and their types, and how each is written: up to four streams, which follow one another
# in the block (a nullable's marks before its values, an array's ends before its elements). Where the table has
# LowCardinality the block has plain text; the engine converts.

cdef enum Column:
    PROJECT, TRACE_ID, SPAN_ID, PARENT_SPAN_ID, TRACE_STATE, FLAGS, NAME, KIND, START_TIME, END_TIME, DURATION_NS
    STATUS_CODE, STATUS_MESSAGE, SERVICE_NAME, SCOPE_NAME, SCOPE_VERSION
    RESOURCE_ATTRIBUTES, RESOURCE_TYPE_CODES, RESOURCE_DROPPED, RESOURCE_SCHEMA_URL
    SCOPE_ATTRIBUTES, SCOPE_TYPE_CODES, SCOPE_DROPPED, SCOPE_SCHEMA_URL
    ATTRIBUTES, TYPE_CODES, DROPPED
    EVENTS_TIME, EVENTS_NAME, EVENTS_ATTRIBUTES, EVENTS_TYPE_CODES, EVENTS_DROPPED, DROPPED_EVENTS
    LINKS_TRACE_ID, LINKS_SPAN_ID, LINKS_TRACE_STATE, LINKS_FLAGS, LINKS_ATTRIBUTES, LINKS_TYPE_CODES, LINKS_DROPPED
    DROPPED_LINKS, RECEIVED_AT
    SPAN_TYPE, OPERATION, PROVIDER, FRAMEWORK, REQUEST_MODEL, RESPONSE_MODEL, MODEL, RESPONSE_ID
    INPUT_TOKENS, OUTPUT_TOKENS, TOTAL_TOKENS, CACHE_READ_TOKENS, CACHE_WRITE_TOKENS, REASONING_TOKENS, USAGE_SCOPE
    COST_USD, COST_SOURCE, SESSION_ID, USER_ID, AGENT_NAME, TOOL_NAME, PROMPT_NAME, FINISH_REASONS, TTFT_NS, TAGS
    IS_ERROR, ERROR_TYPE, IS_PENDING, DIALECTS, INPUT, OUTPUT, MAPPING_VERSION
    COLUMN_COUNT

cdef enum:
    STREAMS = 4

_TYPE = (
    "Enum8('empty' = 0, 'string' = 1, 'bool' = 2, 'int' = 3, 'double' = 4, 'array' = 5, 'bytes' = 7, 'kvlist' = 101, "
    "'nested_array' = 102, 'any' = 103)"
)
_TIME = "DateTime64(9, 'UTC')"
_MAP = "Map(String, String)"
# In the order of Column.
COLUMNS = (
    ("project", "String"), ("trace_id", "String"), ("span_id", "String"), ("parent_span_id", "String"),
    ("trace_state", "String"), ("flags", "UInt32"), ("name", "String"), ("kind", "String"), ("start_time", _TIME),
    ("end_time", _TIME), ("duration_ns", "UInt64"),
    ("status_code", "String"), ("status_message", "String"), ("service_name", "String"), ("scope_name", "String"),
    ("scope_version", "String"),
    ("resource_attributes", _MAP), ("resource_attribute_type_codes", f"Array({_TYPE})"),
    ("resource_dropped_attributes_count", "UInt32"), ("resource_schema_url", "String"),
    ("scope_attributes", _MAP), ("scope_attribute_type_codes", f"Array({_TYPE})"),
    ("scope_dropped_attributes_count", "UInt32"), ("scope_schema_url", "String"),
    ("attributes", _MAP), ("attribute_type_codes", f"Array({_TYPE})"), ("dropped_attributes_count", "UInt32"),
    ("events.time", f"Array({_TIME})"), ("events.name", "Array(String)"), ("events.attributes", f"Array({_MAP})"),
    ("events.attribute_type_codes", f"Array(Array({_TYPE}))"), ("events.dropped_attributes_count", "Array(UInt32)"),
    ("dropped_events_count", "UInt32"),
    ("links.trace_id", "Array(String)"), ("links.span_id", "Array(String)"), ("links.trace_state", "Array(String)"),
    ("links.flags", "Array(UInt32)"), ("links.attributes", f"Array({_MAP})"),
    ("links.attribute_type_codes", f"Array(Array({_TYPE}))"), ("links.dropped_attributes_count", "Array(UInt32)"),
    ("dropped_links_count", "UInt32"), ("received_at", _TIME),
    ("span_type", "String"), ("operation", "String"), ("provider", "String"), ("framework", "String"),
    ("request_model", "String"), ("response_model", "String"), ("model", "String"), ("response_id", "String"),
    ("input_tokens", "Nullable(UInt64)"), ("output_tokens", "Nullable(UInt64)"), ("total_tokens", "Nullable(UInt64)"),
    ("cache_read_input_tokens", "Nullable(UInt64)"), ("cache_write_input_tokens", "Nullable(UInt64)"),
    ("reasoning_output_tokens", "Nullable(UInt64)"), ("usage_scope", "String"),
    ("cost_usd", "Nullable(Float64)"), ("cost_source", "String"), ("session_id", "String"), ("user_id", "String"),
    ("agent_name", "String"), ("tool_name", "String"), ("prompt_name", "String"), ("finish_reasons", "Array(String)"),
    ("ttft_ns", "Nullable(UInt64)"), ("tags", "Array(String)"),
    ("is_error", "Bool"), ("error_type", "String"), ("is_pending", "Bool"), ("dialects", "Array(String)"),
    ("input", "String"), ("output", "String"), ("mapping_version", "UInt16"),
)
assert len(COLUMNS) == COLUMN_COUNT


cdef struct Stream:
    Out out
    u64 count  # of elements so far, which an array's next end goes on from


cdef struct Block:
    Stream[COLUMN_COUNT][STREAMS] streams
    u64 rows


cdef struct Marks:
    # How far a block was written, to go back to when a record is refused.
    Py_ssize_t[COLUMN_COUNT][STREAMS] sizes
    u64[COLUMN_COUNT][STREAMS] counts
    u64 rows


cdef void mark(Block *block, Marks *marks) noexcept nogil:
    cdef int column, stream
    for column in range(COLUMN_COUNT):
        for stream in range(STREAMS):
            marks.sizes[column][stream] = block.streams[column][stream].out.size
            marks.counts[column][stream] = block.streams[column][stream].count
    marks.rows = block.rows


cdef void go_back(Block *block, Marks *marks) noexcept nogil:
    cdef int column, stream
    for column in range(COLUMN_COUNT):
        for stream in range(STREAMS):
            block.streams[column][stream].out.size = marks.sizes[column][stream]
            block.streams[column][stream].count = marks.counts[column][stream]
    block.rows = marks.rows


cdef bint has_failed(Block *block) noexcept nogil:
    """Whether there was no memory for some of it."""
    cdef int column, stream
    for column in range(COLUMN_COUNT):
        for stream in range(STREAMS):
            if block.streams[column][stream].out.failed:
                return True
    return False


cdef void block_free(Block *block) noexcept nogil:
    cdef int column, stream
    for column in range(COLUMN_COUNT):
        for stream in range(STREAMS):
            out_free(&block.streams[column][stream].out)
            block.streams[column][stream].count = 0
    block.rows = 0


cdef inline Out *stream_of(Block *block, int column, int stream) noexcept nogil:
    return &block.streams[column][stream].out


cdef inline void column_text(Block *block, int column, Text text) noexcept nogil:
    put_string(stream_of(block, column, 0), text)


cdef inline void column_u32(Block *block, int column, u32 value) noexcept nogil:
    put_u32(stream_of(block, column, 0), value)


cdef inline void column_u64(Block *block, int column, u64 value) noexcept nogil:
    put_u64(stream_of(block, column, 0), value)


cdef void column_count(Block *block, int column, double number) noexcept nogil:
    """A count, NULL for none."""
    put_byte(stream_of(block, column, 0), number < 0)
    put_u64(stream_of(block, column, 1), whole_of(number) if number >= 0 else 0)


cdef inline void array_end(Block *block, int column, int stream, u64 more) noexcept nogil:
    """An array of so many more elements ends."""
    block.streams[column][stream].count += more
    put_u64(stream_of(block, column, stream), block.streams[column][stream].count)


cdef void put_map(Block *block, int column, int stream, Pair *pairs, Py_ssize_t size) noexcept nogil:
    """A map's end, keys and values, from the stream on."""
    cdef Py_ssize_t i
    array_end(block, column, stream, size)
    for i in range(size):
        put_string(stream_of(block, column, stream + 1), pairs[i].key)
        put_string(stream_of(block, column, stream + 2), pairs[i].value)


cdef void put_types(Block *block, int column, int stream, Pair *pairs, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t i
    array_end(block, column, stream, size)
    for i in range(size):
        put_byte(stream_of(block, column, stream + 1), pairs[i].type)


cdef struct Rendered:
    # Attributes as a map's streams.
    Out keys
    Out values
    Out types
    u64 count


cdef void put_rendered(Block *block, int column, Rendered *rendered) noexcept nogil:
    """The map and the types of a resource or scope, which all its spans share; types stand in the column after."""
    array_end(block, column, 0, rendered.count)
    put_text(stream_of(block, column, 1), written(&rendered.keys, 0))
    put_text(stream_of(block, column, 2), written(&rendered.values, 0))
    array_end(block, column + 1, 0, rendered.count)
    put_text(stream_of(block, column + 1, 1), written(&rendered.types, 0))


cdef void render(Rendered *rendered, Pairs *pairs) noexcept nogil:
    cdef Py_ssize_t i
    rendered.keys.size = rendered.values.size = rendered.types.size = 0
    rendered.count = pairs.size
    for i in range(pairs.size):
        put_string(&rendered.keys, pairs.data[i].key)
        put_string(&rendered.values, pairs.data[i].value)
        put_byte(&rendered.types, pairs.data[i].type)


cdef void put_hex(Out *out, Text id) noexcept nogil:
    """An id as lower-case hexadecimal text."""
    cdef const char *digits = "0123456789abcdef"
    cdef Py_ssize_t i
    put_varint(out, 2 * <u64>id.size)
    if not reserve(out, 2 * id.size):
        return
    for i in range(id.size):
        out.data[out.size] = digits[id.data[i] >> 4]
        out.data[out.size + 1] = digits[id.data[i] & 15]
        out.size += 2


cdef inline u64 time_of(u64 unix_nano) noexcept nogil:
    """As DateTime64(9) holds it, which ends in 2262."""
    return unix_nano if unix_nano < TIME_MAX else TIME_MAX


cdef bytes header_of(str name, str kind):
    def sized(text):
        raw = text.encode()
        assert len(raw) < 16384
        size = bytes([len(raw)]) if len(raw) < 128 else bytes([len(raw) & 127 | 128, len(raw) >> 7])
        return size + raw
    return sized(name) + sized(kind)


_HEADERS = [header_of(name, kind) for name, kind in COLUMNS]


cdef list block_chunks(Block *block):
    """The block's bytes, in pieces; none for no rows."""
    cdef int column, stream
    cdef Out head
    cdef Out *out
    if block.rows == 0:
        return []
    memset(&head, 0, sizeof(Out))
    put_varint(&head, COLUMN_COUNT)
    put_varint(&head, block.rows)
    pieces = [bytes(head.data[: head.size])]
    out_free(&head)
    for column in range(COLUMN_COUNT):
        pieces.append(_HEADERS[column])
        for stream in range(STREAMS):
            out = stream_of(block, column, stream)
            if out.size:
                pieces.append(PyBytes_FromStringAndSize(<char *>out.data, out.size))
                out_free(out)
    return pieces
