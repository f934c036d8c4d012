# A span as a row of `spans`.
#
# Owns what goes into which column. Columns that the table makes of others by itself (`pending_span_id`) are left to it.

cdef Text name_or_digits(Mapper m, int number, const char **names, int count) noexcept nogil:
    """An enum's name; a number that OTLP does not name, as its digits."""
    cdef const char *name
    cdef Py_ssize_t size = 0
    if 0 <= number < count:
        name = names[number]
        while name[size] != 0:
            size += 1
        return text_of(name, size)
    m.scratch.size = 0
    put_signed(&m.scratch, number)
    return arena_copy(&m.arena, written(&m.scratch, 0))


cdef bint is_zero(Text id) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(id.size):
        if id.data[i]:
            return False
    return True


cdef void put_sent(Mapper m, Span *span) noexcept nogil:
    """What the span, its scope and its resource were sent with."""
    cdef Block *b = &m.block
    cdef const char *kinds[6]
    cdef const char *codes[3]
    kinds[0], kinds[1], kinds[2] = "UNSPECIFIED", "INTERNAL", "SERVER"
    kinds[3], kinds[4], kinds[5] = "CLIENT", "PRODUCER", "CONSUMER"
    codes[0], codes[1], codes[2] = "UNSET", "OK", "ERROR"
    column_text(b, PROJECT, m.project)
    put_hex(stream_of(b, TRACE_ID, 0), span.trace_id)
    put_hex(stream_of(b, SPAN_ID, 0), span.span_id)
    if span.parent_span_id.size != 8 or is_zero(span.parent_span_id):
        span.parent_span_id = no_text()
    put_hex(stream_of(b, PARENT_SPAN_ID, 0), span.parent_span_id)
    column_text(b, TRACE_STATE, span.trace_state)
    column_u32(b, FLAGS, span.flags)
    column_text(b, NAME, span.name)
    column_text(b, KIND, name_or_digits(m, span.kind, kinds, 6))
    column_u64(b, START_TIME, time_of(span.start_unix_nano))
    column_u64(b, END_TIME, time_of(span.end_unix_nano))
    column_u64(b, DURATION_NS, span.end_unix_nano - span.start_unix_nano if span.end_unix_nano > span.start_unix_nano else 0)
    column_text(b, STATUS_CODE, name_or_digits(m, span.status_code, codes, 3))
    column_text(b, STATUS_MESSAGE, span.status_message)
    column_text(b, SERVICE_NAME, m.service_name)
    column_text(b, SCOPE_NAME, m.scope_name)
    column_text(b, SCOPE_VERSION, m.scope_version)
    put_rendered(b, RESOURCE_ATTRIBUTES, &m.resource_rendered)
    column_u32(b, RESOURCE_DROPPED, m.resource_dropped)
    column_text(b, RESOURCE_SCHEMA_URL, m.resource_schema_url)
    put_rendered(b, SCOPE_ATTRIBUTES, &m.scope_rendered)
    column_u32(b, SCOPE_DROPPED, m.scope_dropped)
    column_text(b, SCOPE_SCHEMA_URL, m.scope_schema_url)
    put_map(b, ATTRIBUTES, 0, m.pairs.data, m.attributes)
    put_types(b, TYPE_CODES, 0, m.pairs.data, m.attributes)
    column_u32(b, DROPPED, span.dropped_attributes)
    column_u32(b, DROPPED_EVENTS, span.dropped_events)
    column_u32(b, DROPPED_LINKS, span.dropped_links)
    column_u64(b, RECEIVED_AT, time_of(m.received_unix_nano))


cdef void put_nested(Mapper m) noexcept nogil:
    """Events and links."""
    cdef Block *b = &m.block
    cdef Py_ssize_t i
    cdef Event *event
    cdef Link *link
    cdef int column
    for column in range(EVENTS_TIME, EVENTS_DROPPED + 1):
        array_end(b, column, 0, m.events.size)
    for i in range(m.events.size):
        event = &m.events.data[i]
        put_u64(stream_of(b, EVENTS_TIME, 1), time_of(event.time))
        put_string(stream_of(b, EVENTS_NAME, 1), event.name)
        put_map(b, EVENTS_ATTRIBUTES, 1, m.pairs.data + event.first_pair, event.end_pair - event.first_pair)
        put_types(b, EVENTS_TYPE_CODES, 1, m.pairs.data + event.first_pair, event.end_pair - event.first_pair)
        put_u32(stream_of(b, EVENTS_DROPPED, 1), event.dropped)
    for column in range(LINKS_TRACE_ID, LINKS_DROPPED + 1):
        array_end(b, column, 0, m.links.size)
    for i in range(m.links.size):
        link = &m.links.data[i]
        put_hex(stream_of(b, LINKS_TRACE_ID, 1), link.trace_id)
        put_hex(stream_of(b, LINKS_SPAN_ID, 1), link.span_id)
        put_string(stream_of(b, LINKS_TRACE_STATE, 1), link.trace_state)
        put_u32(stream_of(b, LINKS_FLAGS, 1), link.flags)
        put_map(b, LINKS_ATTRIBUTES, 1, m.pairs.data + link.first_pair, link.end_pair - link.first_pair)
        put_types(b, LINKS_TYPE_CODES, 1, m.pairs.data + link.first_pair, link.end_pair - link.first_pair)
        put_u32(stream_of(b, LINKS_DROPPED, 1), link.dropped)


cdef Text trimmed(Text text) noexcept nogil:
    """Without blanks around it."""
    cdef Py_ssize_t start = 0, end = text.size
    while at(text, start) == c' ':
        start += 1
    while end > start and at(text, end - 1) == c' ':
        end -= 1
    return part(text, start, end)


cdef struct Seen:
    # Which elements a list has, by their hashes: places behind `first`, from 1.
    u32 *places
    u64 mask
    Py_ssize_t first


cdef bint seen_for(Mapper m, Seen *seen, int target) noexcept nogil:
    """Room for all elements that the values of a target can have; False when there is none."""
    cdef Py_ssize_t i, place, count = 1
    cdef u64 room = 4
    for i in range(m.entries.size):
        if is_of(m.entries.data[i].order, target):
            place = 0
            while place <= m.entries.data[i].value.size:
                place = find_byte(m.entries.data[i].value, c',', place) + 1
                count += 1
    while room < 2 * <u64>count:
        room *= 2
    seen.first = m.words.size
    seen.mask = room - 1
    seen.places = <u32 *>arena_take(&m.arena, room * sizeof(u32))
    if seen.places == NULL:
        return False
    memset(seen.places, 0, room * sizeof(u32))
    return True


cdef void add_listed(Mapper m, Text item, int names, Seen *seen) noexcept nogil:
    """An element of a list, by its name of today, unless it is there or empty; elements are kept behind the words."""
    cdef Text name
    cdef Entry *entry
    cdef u64 place
    if item.size == 0:
        return
    if names:
        name = lowered_in(m, names, item)
        if name.size:
            item = name
    place = hash_of(0, item) & seen.mask
    while seen.places[place]:
        if equals(m.words.data[seen.first + seen.places[place] - 1].value, item):
            return
        place = (place + 1) & seen.mask
    entry = entries_add(m, &m.words)
    if entry == NULL:
        return
    entry.order = 0
    entry.value = item
    seen.places[place] = <u32>(m.words.size - seen.first)


cdef void put_list(Mapper m, int column, int target, int names) noexcept nogil:
    """Texts that are lists, as one list without repetition: a JSON list, Python's or a cut one, or parted by commas."""
    cdef Py_ssize_t i, first = m.words.size, place, following, j
    cdef Text value
    cdef Walk walk
    cdef byte *bare
    cdef Seen seen
    if not is_there(m, target):
        array_end(&m.block, column, 0, 0)
        return
    if not seen_for(m, &seen, target):
        return
    for i in range(m.entries.size):
        if not is_of(m.entries.data[i].order, target):
            continue
        value = m.entries.data[i].value
        if at(value, 0) == c'[':
            if is_json(value):
                walk = walk_of(value)
                while walk_on(&walk):
                    add_listed(m, text_of_value(m, walk.value), names, &seen)
                continue
            bare = arena_take(&m.arena, value.size)
            if bare == NULL:
                return
            for j in range(value.size):
                bare[j] = value.data[j]
                if memchr(<const char *>"[]\"'\\", bare[j], 5) != NULL:
                    bare[j] = c' '
            value = text_of(bare, value.size)
        place = 0
        while place <= value.size:
            following = find_byte(value, c',', place)
            add_listed(m, trimmed(part(value, place, following)), names, &seen)
            place = following + 1
    array_end(&m.block, column, 0, m.words.size - first)
    for i in range(first, m.words.size):
        put_string(stream_of(&m.block, column, 1), m.words.data[i].value)
    m.words.size = first


cdef void put_told(Mapper m, Span *span) noexcept nogil:
    """What the span was told to be."""
    cdef Block *b = &m.block
    cdef Text found
    cdef int i, count = 0
    column_text(b, SPAN_TYPE, span.span_type)
    column_text(b, OPERATION, span.operation)
    column_text(b, PROVIDER, span.provider)
    column_text(b, FRAMEWORK, span.framework)
    column_text(b, REQUEST_MODEL, best_of(m, m.request_model))
    column_text(b, RESPONSE_MODEL, best_of(m, m.response_model))
    column_text(b, MODEL, span.model)
    column_text(b, RESPONSE_ID, span.response_id)
    column_count(b, INPUT_TOKENS, span.input_tokens)
    column_count(b, OUTPUT_TOKENS, span.output_tokens)
    column_count(b, TOTAL_TOKENS, span.total_tokens)
    column_count(b, CACHE_READ_TOKENS, span.cache_read)
    column_count(b, CACHE_WRITE_TOKENS, span.cache_write)
    column_count(b, REASONING_TOKENS, span.reasoning)
    column_text(b, USAGE_SCOPE, span.usage_scope)
    put_byte(stream_of(b, COST_USD, 0), span.cost < 0)
    if span.cost < 0:
        span.cost = 0
    put_bytes(stream_of(b, COST_USD, 1), &span.cost, 8)
    column_text(b, COST_SOURCE, span.cost_source)
    found = best_of(m, m.session_id)
    column_text(b, SESSION_ID, found if found.size else m.session_of_resource)
    found = best_of(m, m.user_id)
    column_text(b, USER_ID, found if found.size else m.user_of_resource)
    column_text(b, AGENT_NAME, span.agent_name)
    column_text(b, TOOL_NAME, span.tool_name)
    column_text(b, PROMPT_NAME, best_of(m, m.prompt_name))
    put_list(m, FINISH_REASONS, m.finish_reasons, m.list_finish)
    put_byte(stream_of(b, TTFT_NS, 0), span.ttft_ns < 0)
    put_u64(stream_of(b, TTFT_NS, 1), <u64>span.ttft_ns if span.ttft_ns >= 0 else 0)
    put_list(m, TAGS, m.tags, 0)
    put_byte(stream_of(b, IS_ERROR, 0), span.is_error)
    column_text(b, ERROR_TYPE, span.error_type)
    put_byte(stream_of(b, IS_PENDING, 0), span.is_pending)
    for i in range(1, m.dialect_count):
        if m.dialect_told[i]:
            put_string(stream_of(b, DIALECTS, 1), m.dialect_names[i])
            count += 1
    array_end(b, DIALECTS, 0, count)
    column_text(b, INPUT, span.input)
    column_text(b, OUTPUT, span.output)
    put_byte(stream_of(b, MAPPING_VERSION, 0), m.mapping_version & 255)
    put_byte(stream_of(b, MAPPING_VERSION, 0), m.mapping_version >> 8 & 255)
