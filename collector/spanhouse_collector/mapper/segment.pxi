# Through a segment: records, resources, scopes, spans, their events and links.
#
# Owns which field is what (proto/ingest.proto). What is broken makes its record be refused as a whole.

cdef struct Event:
    u64 time
    Text name
    u32 dropped
    Py_ssize_t first_pair
    Py_ssize_t end_pair


cdef struct Events:
    Event *data
    Py_ssize_t size
    Py_ssize_t room


cdef struct Link:
    Text trace_id
    Text span_id
    Text trace_state
    u32 flags
    u32 dropped
    Py_ssize_t first_pair
    Py_ssize_t end_pair


cdef struct Links:
    Link *data
    Py_ssize_t size
    Py_ssize_t room


cdef bint map_record(Mapper m, Reader *records) noexcept nogil:
    """Add a record's rows; False when it cannot be read. The reader then stands behind it, or at the end."""
    cdef Reader fields
    cdef Text request = no_text()
    if not read_sized(records):
        return False
    arena_reset(&m.outer)
    m.request_project = no_text()
    m.received_unix_nano = 0
    fields = reader_of(records.inner)
    while next_field(&fields):
        if fields.number == 3 and fields.kind == SIZED:
            m.request_project = fields.inner
        elif fields.number == 4 and fields.kind == FIXED64:
            m.received_unix_nano = fields.value
        elif fields.number == 6 and fields.kind == SIZED:
            request = fields.inner
    if fields.broken:
        return False
    fields = reader_of(request)
    while next_field(&fields):
        if fields.number == 1 and fields.kind == SIZED and not map_resource(m, fields.inner):
            return False
    return not fields.broken


cdef bint is_project(Text text) noexcept nogil:
    """As otlp.project has it: a letter or digit, then up to 127 of them, dots, dashes and underscores."""
    cdef Py_ssize_t i
    cdef int found
    if not 1 <= text.size <= 128:
        return False
    for i in range(text.size):
        found = lower_byte(at(text, i))
        if not (is_digit(found) or 97 <= found <= 122 or (i > 0 and (found == c'.' or found == c'_' or found == c'-'))):
            return False
    return True


cdef void tell_project(Mapper m) noexcept nogil:
    cdef int i
    cdef Text found
    m.project = m.request_project
    for i in range(m.project_key_count):
        if m.project.size:
            return
        found = first_value(m.resource_pairs.data, m.resource_pairs.size, m.project_keys[i], True)
        if is_project(found):
            m.project = found
    if m.project.size == 0:
        m.project = m.default_project


cdef bint read_attributes(Mapper m, Pairs *pairs, Text message, u64 number, u64 dropped_number, u32 *dropped) noexcept nogil:
    """The attributes and the dropped count of a resource or scope."""
    cdef Reader fields = reader_of(message)
    while next_field(&fields):
        if fields.number == number and fields.kind == SIZED:
            if not read_pair(m, &m.outer, pairs, fields.inner):
                return False
        elif fields.number == dropped_number and fields.kind == VARINT:
            dropped[0] = <u32>fields.value
    return not fields.broken


cdef bint map_resource(Mapper m, Text message) noexcept nogil:
    cdef Reader fields = reader_of(message)
    m.resource_pairs.size = 0
    m.resource_dropped = 0
    m.resource_schema_url = no_text()
    while next_field(&fields):
        if fields.number == 1 and fields.kind == SIZED:
            if not read_attributes(m, &m.resource_pairs, fields.inner, 1, 2, &m.resource_dropped):
                return False
        elif fields.number == 3 and fields.kind == SIZED:
            m.resource_schema_url = fields.inner
    if fields.broken:
        return False
    tell_project(m)
    m.service_name = first_value(m.resource_pairs.data, m.resource_pairs.size, text_of(<const char *>"service.name", 12), False)
    m.session_of_resource = first_value(m.resource_pairs.data, m.resource_pairs.size, text_of(<const char *>"session.id", 10), True)
    m.user_of_resource = first_value(m.resource_pairs.data, m.resource_pairs.size, text_of(<const char *>"user.id", 7), True)
    render(&m.resource_rendered, &m.resource_pairs)
    fields = reader_of(message)
    while next_field(&fields):
        if fields.number == 2 and fields.kind == SIZED and not map_scope(m, fields.inner):
            return False
    return not fields.broken


cdef bint read_scope(Mapper m, Text message) noexcept nogil:
    cdef Reader fields = reader_of(message)
    while next_field(&fields):
        if fields.kind != SIZED:
            continue
        if fields.number == 1:
            m.scope_name = fields.inner
        elif fields.number == 2:
            m.scope_version = fields.inner
    return not fields.broken and read_attributes(m, &m.scope_pairs, message, 3, 4, &m.scope_dropped)


cdef bint map_scope(Mapper m, Text message) noexcept nogil:
    cdef Reader fields = reader_of(message)
    cdef int i
    m.scope_pairs.size = 0
    m.scope_dropped = 0
    m.scope_name = m.scope_version = m.scope_schema_url = no_text()
    while next_field(&fields):
        if fields.number == 1 and fields.kind == SIZED:
            if not read_scope(m, fields.inner):
                return False
        elif fields.number == 3 and fields.kind == SIZED:
            m.scope_schema_url = fields.inner
    if fields.broken:
        return False
    m.scope_dialect = scope_dialect(m, m.scope_name)
    m.scope_is_summing = False
    for i in range(m.summing_count):
        m.scope_is_summing = m.scope_is_summing or equals(m.scope_name, m.summing_scopes[i])
    render(&m.scope_rendered, &m.scope_pairs)
    fields = reader_of(message)
    while next_field(&fields):
        if fields.number == 2 and fields.kind == SIZED and not map_span(m, fields.inner):
            return False
    return not fields.broken


cdef bint read_status(Span *span, Text message) noexcept nogil:
    cdef Reader fields = reader_of(message)
    while next_field(&fields):
        if fields.number == 2 and fields.kind == SIZED:
            span.status_message = fields.inner
        elif fields.number == 3 and fields.kind == VARINT:
            span.status_code = <int>fields.value
    return not fields.broken


cdef bint read_span_field(Mapper m, Span *span, Reader *field) noexcept nogil:
    """One field of a span but for its events and links."""
    cdef u64 number = field.number
    if field.kind == SIZED:
        if number == 9:
            return read_pair(m, &m.arena, &m.pairs, field.inner)
        if number == 1:
            span.trace_id = field.inner
        elif number == 2:
            span.span_id = field.inner
        elif number == 3:
            span.trace_state = field.inner
        elif number == 4:
            span.parent_span_id = field.inner
        elif number == 5:
            span.name = field.inner
        elif number == 15:
            return read_status(span, field.inner)
    elif field.kind == FIXED64:
        if number == 7:
            span.start_unix_nano = field.value
        elif number == 8:
            span.end_unix_nano = field.value
    elif field.kind == FIXED32:
        if number == 16:
            span.flags = <u32>field.value
    elif number == 6:
        span.kind = <int>field.value
    elif number == 10:
        span.dropped_attributes = <u32>field.value
    elif number == 12:
        span.dropped_events = <u32>field.value
    elif number == 14:
        span.dropped_links = <u32>field.value
    return True


cdef bint read_event(Mapper m, Span *span, Text message) noexcept nogil:
    cdef Reader fields = reader_of(message)
    cdef Event *moved
    cdef Event *event
    cdef int i
    if m.events.size == m.events.room:
        moved = <Event *>realloc(m.events.data, (m.events.room * 2 + 16) * sizeof(Event))
        if moved == NULL:
            m.arena.failed = True
            return False
        m.events.data = moved
        m.events.room = m.events.room * 2 + 16
    event = &m.events.data[m.events.size]
    m.events.size += 1
    memset(event, 0, sizeof(Event))
    event.first_pair = m.pairs.size
    while next_field(&fields):
        if fields.number == 1 and fields.kind == FIXED64:
            event.time = fields.value
        elif fields.number == 2 and fields.kind == SIZED:
            event.name = fields.inner
        elif fields.number == 3 and fields.kind == SIZED:
            if not read_pair(m, &m.arena, &m.pairs, fields.inner):
                return False
        elif fields.number == 4 and fields.kind == VARINT:
            event.dropped = <u32>fields.value
    event.end_pair = m.pairs.size
    if is_literal(event.name, "exception", 9):
        span.has_exception = True
    if m.first_chunk_event == 0:
        for i in range(m.first_chunk_count):
            if equals(event.name, m.first_chunk_names[i]):
                m.first_chunk_event = event.time
    return not fields.broken


cdef bint read_link(Mapper m, Span *span, Text message) noexcept nogil:
    cdef Reader fields = reader_of(message)
    cdef Link *moved
    cdef Link *link
    if m.links.size == m.links.room:
        moved = <Link *>realloc(m.links.data, (m.links.room * 2 + 16) * sizeof(Link))
        if moved == NULL:
            m.arena.failed = True
            return False
        m.links.data = moved
        m.links.room = m.links.room * 2 + 16
    link = &m.links.data[m.links.size]
    memset(link, 0, sizeof(Link))
    link.first_pair = m.pairs.size
    while next_field(&fields):
        if fields.number == 1 and fields.kind == SIZED:
            link.trace_id = fields.inner
        elif fields.number == 2 and fields.kind == SIZED:
            link.span_id = fields.inner
        elif fields.number == 3 and fields.kind == SIZED:
            link.trace_state = fields.inner
        elif fields.number == 4 and fields.kind == SIZED:
            if not read_pair(m, &m.arena, &m.pairs, fields.inner):
                return False
        elif fields.number == 5 and fields.kind == VARINT:
            link.dropped = <u32>fields.value
        elif fields.number == 6 and fields.kind == FIXED32:
            link.flags = <u32>fields.value
    link.end_pair = m.pairs.size
    if link.trace_id.size == 16 and link.span_id.size == 8:
        m.links.size += 1
    else:
        m.pairs.size = link.first_pair
        if span.dropped_links < COUNT_MAX:
            span.dropped_links += 1
    return not fields.broken


cdef bint map_span(Mapper m, Text message) noexcept nogil:
    cdef Reader fields = reader_of(message)
    cdef Span span
    cdef bint events = False, links = False
    memset(&span, 0, sizeof(Span))
    memset(&m.best, 0, sizeof(m.best))
    memset(&m.dialect_told, 0, sizeof(m.dialect_told))
    arena_reset(&m.arena)
    m.pairs.size = m.events.size = m.links.size = m.entries.size = m.words.size = 0
    m.input_buckets = m.output_buckets = m.cost_buckets = 0
    m.first_chunk_event = 0
    while next_field(&fields):
        if fields.kind == SIZED and (fields.number == 11 or fields.number == 13):
            events = events or fields.number == 11
            links = links or fields.number == 13
        elif not read_span_field(m, &span, &fields):
            return False
    if fields.broken:
        return False
    m.attributes = m.pairs.size
    if events:
        fields = reader_of(message)
        while next_field(&fields):
            if fields.number == 11 and fields.kind == SIZED and not read_event(m, &span, fields.inner):
                return False
    if links:
        fields = reader_of(message)
        while next_field(&fields):
            if fields.number == 13 and fields.kind == SIZED and not read_link(m, &span, fields.inner):
                return False
    find_entries(m)
    tell_scope_dialect(m)
    apply_rules(m, &span)
    put_sent(m, &span)
    put_nested(m)
    put_told(m, &span)
    m.block.rows += 1
    return True


cdef void tell_scope_dialect(Mapper m) noexcept nogil:
    cdef int i
    for i in range(1, m.dialect_count):
        if equals(m.dialect_names[i], m.scope_dialect):
            m.dialect_told[i] = True
