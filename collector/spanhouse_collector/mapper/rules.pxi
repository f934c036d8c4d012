# What a span is: its type, its operation, its model and who answered, its names and errors.
#
# Owns these rules, in the order docs/dialects.md states them; `entries.pxi` found what they read, `usage.pxi` and
# `words.pxi` have the others. Every rule is total: whatever was sent, it yields a value.

cdef struct Span:
    # The span at hand as it was sent, and what the rules make of it.
    Text trace_id
    Text span_id
    Text parent_span_id
    Text trace_state
    Text name
    Text status_message
    u32 flags
    int kind
    int status_code
    u64 start_unix_nano
    u64 end_unix_nano
    u32 dropped_attributes
    u32 dropped_events
    u32 dropped_links
    bint has_exception
    # what the rules make
    Text span_type
    Text operation
    Text provider
    Text framework
    Text model
    Text response_id
    Text agent_name
    Text tool_name
    Text usage_scope
    Text error_type
    Text input
    Text output
    bint is_error
    bint is_pending
    bint has_usage
    double input_tokens
    double output_tokens
    double total_tokens
    double cache_read
    double cache_write
    double reasoning
    double reported_cost  # NO_NUMBER for none, as with the tokens
    double cost
    Text cost_source
    i64 ttft_ns  # -1 for none


cdef inline double or_zero(double number) noexcept nogil:
    return number if number >= 0 else 0.0


cdef Text one_of(Mapper m, int target, int names) noexcept nogil:
    """The text that a list has for the best value of a target."""
    return lowered_in(m, names, best_of(m, target))


cdef Py_ssize_t ranked(Mapper m, int target) noexcept nogil:
    """All values of a target, best first, into `ranked_places`; returns how many."""
    cdef Py_ssize_t i, j, found = 0
    cdef Py_ssize_t moved
    for i in range(m.entries.size):
        if is_of(m.entries.data[i].order, target) and found < RANKED_MAX:
            j = found
            while j > 0 and m.entries.data[m.ranked_places[j - 1]].order > m.entries.data[i].order:
                m.ranked_places[j] = m.ranked_places[j - 1]
                j -= 1
            m.ranked_places[j] = i
            found += 1
    return found


cdef Text scope_dialect(Mapper m, Text scope_name) noexcept nogil:
    """The dialect that a scope's name tells, nothing for none."""
    cdef byte[256] dotted
    cdef Py_ssize_t i, end
    cdef int dots, wanted
    cdef Text found = text_in(m, m.list_whole_scope, scope_name)
    cdef Text name
    if found.size or scope_name.size == 0:
        return found
    name = part(scope_name, 0, 256)
    for i in range(name.size):
        dotted[i] = c'.' if name.data[i] == c'/' else name.data[i]
    name = text_of(dotted, name.size)
    for wanted in range(3, 0, -1):
        end = -1
        for dots in range(wanted):
            end = find_byte(name, c'.', end + 1)
        found = text_in(m, m.list_scope, part(name, 0, end))
        if found.size:
            return found
    return no_text()


cdef Text named_as(Mapper m, Span *span, int names) noexcept nogil:
    """What the span's name stands for: the whole name first, this scope's before any scope's."""
    cdef Path path
    cdef Text found
    cdef Text word = part(span.name, 0, find_byte(span.name, c' ', 0))
    cdef int place
    for place in range(5):
        path.size = 0
        path.cut = False
        if place == 4:
            if not m.dialect_told[m.dialect_weave]:
                break
            path_add(&path, text_of(<const char *>"weave", 5))
        elif place & 1 == 0:
            path_add(&path, m.scope_name)
        path_add_byte(&path, c'|')
        if place < 2:
            path_add(&path, span.name)
        else:
            path_add(&path, word)
            path_add(&path, text_of(<const char *>" *", 2))
        found = text_in(m, names, path_text(&path))
        if found.size:
            return found
    return no_text()


cdef Text type_by_attributes(Mapper m) noexcept nogil:
    """The first source whose group knows its value."""
    cdef Py_ssize_t count = ranked(m, m.span_type), i
    cdef bint vectors = is_there(m, m.vector_search) or one_of(m, m.db_system, m.list_vector).size
    cdef Entry *entry
    cdef u32 rank
    cdef Text found
    for i in range(count):
        entry = &m.entries.data[m.ranked_places[i]]
        rank = entry.order % PRIORITIES
        if rank >= RANKS_MAX or (m.rank_is_vector[rank] and not vectors):
            continue
        found = lowered_in(m, m.rank_list[rank], entry.value)
        if found.size:
            return found
    return no_text()


cdef Text type_by_name(Mapper m, Span *span) noexcept nogil:
    cdef int i
    cdef Text component = best_of(m, m.component_type)
    for i in range(m.component_count):
        if ends_with(component, m.component_ends[i]):
            return m.component_types[i]
    if is_there(m, m.guardrail_name):
        return text_of(<const char *>"GUARDRAIL", 9)
    return named_as(m, span, m.list_span_name)


cdef inline bint owns_usage(Mapper m, Text span_type) noexcept nogil:
    return is_literal(span_type, "LLM", 3) or is_literal(span_type, "EMBEDDING", 9) \
        or is_literal(span_type, "RERANKER", 8)


cdef void tell_model(Mapper m, Span *span, Text by_attributes) noexcept nogil:
    """As answered, else as asked for; genkit's is the span's own name without its plugin."""
    cdef Text own
    span.model = best_of(m, m.response_model)
    if span.model.size == 0:
        span.model = best_of(m, m.request_model)
    if span.model.size == 0:
        span.model = best_of(m, m.other_model)
    if span.model.size == 0 and is_literal(m.scope_dialect, "genkit", 6) and owns_usage(m, by_attributes):
        own = best_of(m, m.own_name)
        span.model = part(own, (find_byte(own, c'/', 0) + 1) % (own.size + 1), own.size)


cdef Text canonical(Mapper m, Text lowered) noexcept nogil:
    """A provider's name of today; of dotted ones the first part."""
    cdef Text known
    if text_in(m, m.list_canonical, lowered).size or text_in(m, m.list_framework, lowered).size:
        return lowered
    known = text_in(m, m.list_provider, lowered)
    if known.size:
        return known
    if starts_with(lowered, text_of(<const char *>"google.vertex", 13)):
        return text_of(<const char *>"gcp.vertex_ai", 13)
    if starts_with(lowered, text_of(<const char *>"gcp.", 4)):
        return lowered
    known = text_in(m, m.list_head, part(lowered, 0, find_byte(lowered, c'.', 0)))
    return known if known.size else lowered


cdef bint ends_url(int found) noexcept nogil:
    return found == END or found == c':' or found == c'/' or found == c'?' or found == c'#'


cdef Text host_of(Text url) noexcept nogil:
    """The host in a URL with a scheme; nothing where it has no dot or signs that no host has."""
    cdef Py_ssize_t place = 0, start, dot = -1
    cdef int found
    if url.size == 0 or at(url, url.size - 1) == c'.':
        return no_text()
    if at(url, 0) == c'/' and at(url, 1) == c'/':
        place = 2
    else:
        place = 1
        while place < 16:
            found = lower_byte(at(url, place))
            if not (is_digit(found) or 97 <= found <= 122 or found == c'.' or found == c'-' or found == c'+'):
                break
            place += 1
        if not is_literal(part(url, place, place + 3), "://", 3):
            place = 0
        else:
            place += 3
    start = place
    while not ends_url(at(url, place)):
        found = at(url, place)
        if found == c'.':
            if at(url, place + 1) == END or at(url, place + 1) == c'.':
                return no_text()
            dot = place
        elif found == c'@':
            start = place + 1
        elif memchr(<const char *>" \t<>%{}|\\^~[];=&", found, 16) != NULL:
            return no_text()
        place += 1
    if dot < 0 or ends_url(at(url, dot + 1)):
        return no_text()
    return part(url, start, place)


cdef Text provider_of_host(Mapper m, Text address) noexcept nogil:
    """By the whole host, or its last three or two labels; Bedrock's hosts start with their service."""
    cdef Py_ssize_t i, dots = 0
    cdef Py_ssize_t[3] starts
    cdef Text host, found
    cdef bint url = False
    for i in range(address.size - 2):
        if is_literal(part(address, i, i + 3), "://", 3):
            url = i > 0 or True
            break
    host = host_of(address) if url else part(address, 0, find_byte(address, c':', 0))
    host = arena_lower(&m.arena, host)
    if host.size == 0:
        return host
    found = text_in(m, m.list_host, host)
    if found.size:
        return found
    memset(starts, 0, sizeof(starts))
    i = host.size - 1
    while i >= 0 and dots < 3:
        if at(host, i) == c'.':
            starts[dots] = i + 1
            dots += 1
        i -= 1
    found = text_in(m, m.list_host, part(host, starts[2], host.size))
    if found.size:
        return found
    found = text_in(m, m.list_host, part(host, starts[1], host.size))
    if found.size:
        return found
    if starts_with(host, text_of(<const char *>"bedrock-runtime.", 16)):
        return text_of(<const char *>"aws.bedrock", 11)
    return no_text()


cdef void tell_provider(Mapper m, Span *span) noexcept nogil:
    """As named, else by where it was asked, else by the model; a framework in its place is told as one."""
    cdef Py_ssize_t count = ranked(m, m.provider), i
    cdef Text lowered, service, framework = no_text(), service_found = no_text()
    cdef int place
    for i in range(count):
        lowered = arena_lower(&m.arena, m.entries.data[m.ranked_places[i]].value)
        service = text_in(m, m.list_agent_service, lowered)
        if service_found.size == 0:
            service_found = service
        lowered = canonical(m, lowered)
        if text_in(m, m.list_framework, lowered).size:
            if framework.size == 0:
                framework = lowered
        elif span.provider.size == 0:
            span.provider = lowered
    span.framework = service_found if service_found.size else framework
    if span.framework.size == 0:
        span.framework = text_in(m, m.list_dialect_framework, m.scope_dialect)
    if span.provider.size:
        return
    span.provider = provider_of_host(m, best_of(m, m.server_address))
    if span.provider.size == 0 and span.model.size:
        lowered = arena_lower(&m.arena, part(span.model, 0, 64))
        for place in range(m.model_start_count):
            if starts_with(lowered, m.model_starts[place]):
                span.provider = m.model_providers[place]
                return


cdef void tell_type(Mapper m, Span *span, Text by_attributes) noexcept nogil:
    """By attributes, else by the span's name, else by what it carries."""
    cdef Text best = best_of(m, m.span_type)
    cdef u32 rank = precedence_of(m, m.span_type)
    cdef Text by_name
    if is_literal(best_of(m, m.logfire_span_type), "log", 3):
        span.span_type = text_of(<const char *>"EVENT", 5)
        return
    if rank == m.rank_langfuse and span.model.size and best.size == 4 and lower_byte(at(best, 0)) == c's' \
            and lower_byte(at(best, 1)) == c'p' and lower_byte(at(best, 2)) == c'a' and lower_byte(at(best, 3)) == c'n':
        span.span_type = text_of(<const char *>"LLM", 3)
        return
    span.span_type = by_attributes
    if span.span_type.size == 0:
        span.span_type = type_by_name(m, span)
    if span.span_type.size == 0:
        if is_there(m, m.tool_name) and span.model.size == 0:
            span.span_type = text_of(<const char *>"TOOL", 4)
        elif span.has_usage and span.model.size:
            span.span_type = text_of(<const char *>"LLM", 3)
        else:
            span.span_type = text_of(<const char *>"UNKNOWN", 7)


cdef void tell_operation(Mapper m, Span *span) noexcept nogil:
    cdef Text said = best_of(m, m.operation)
    span.operation = lowered_in(m, m.list_operation, said)
    if span.operation.size == 0:
        span.operation = said
    if span.operation.size == 0:
        span.operation = named_as(m, span, m.list_name_operation)


cdef void tell_names(Mapper m, Span *span) noexcept nogil:
    """Names of what the span stands for, and whose usage it carries."""
    cdef Text own = best_of(m, m.own_name)
    cdef int i
    span.agent_name = best_of(m, m.agent_name)
    if span.agent_name.size == 0 and is_literal(span.span_type, "AGENT", 5):
        span.agent_name = own
    if is_literal(span.span_type, "TOOL", 4):
        span.tool_name = best_of(m, m.tool_name)
        if span.tool_name.size == 0:
            span.tool_name = own
        if span.tool_name.size == 0:
            span.tool_name = span.name
            for i in range(m.tool_prefix_count):
                if starts_with(span.name, m.tool_prefixes[i]):
                    span.tool_name = part(span.name, m.tool_prefixes[i].size, span.name.size)
                    break
    span.usage_scope = text_of(<const char *>"none", 4)
    if span.has_usage and span.is_pending:
        return
    if owns_usage(m, span.span_type) or (span.has_usage and is_literal(span.span_type, "EVENT", 5)
                                         and span.operation.size):
        span.usage_scope = text_of(<const char *>"own", 3)
    elif span.has_usage or (is_literal(span.span_type, "CHAIN", 5) and m.scope_is_summing):
        span.usage_scope = text_of(<const char *>"aggregate", 9)


cdef bint is_word(Text value, const char *lowered, Py_ssize_t size) noexcept nogil:
    """The same text without regard to ASCII case."""
    cdef Py_ssize_t i
    if value.size != size:
        return False
    for i in range(size):
        if lower_byte(value.data[i]) != lowered[i]:
            return False
    return True


cdef void tell_errors(Mapper m, Span *span) noexcept nogil:
    cdef Text value = best_of(m, m.error_type)
    span.is_error = span.status_code == 2 or is_there(m, m.error_type) or span.has_exception \
        or is_word(best_of(m, m.success), "false", 5) or is_word(best_of(m, m.level), "error", 5) \
        or is_word(best_of(m, m.tool_error), "true", 4) or int32_in(best_of(m, m.level_number)) >= 17
    # Python's `<class 'X'>` is X.
    if starts_with(value, text_of(<const char *>"<class ", 7)) and at(value, value.size - 1) == c'>' and value.size >= 10:
        value = part(value, 8, value.size - 2)
    span.error_type = value


cdef void apply_rules(Mapper m, Span *span) noexcept nogil:
    """Everything the span is told to be; `find_entries` came before."""
    cdef Text by_attributes = type_by_attributes(m)
    cdef Text logfire = best_of(m, m.logfire_span_type)
    span.is_pending = is_literal(logfire, "pending_span", 12) or span.end_unix_nano == 0
    tell_model(m, span, by_attributes)
    tell_provider(m, span)
    tell_usage(m, span)
    tell_type(m, span, by_attributes)
    tell_operation(m, span)
    tell_names(m, span)
    tell_errors(m, span)
    tell_ttft(m, span)
    tell_words(m, span)
    tell_cost(m, span)
