# What a span used: tokens, time to the first chunk, cost.
#
# Owns what the counts mean (input with cache, output with reasoning), which rule of a price holds, and reading moments.

cdef i64 SECONDS_MAX = 9223372036  # of DateTime64(9)


cdef bint is_exclusive(Mapper m, Span *span, double given, double output, double total, double cache) noexcept nogil:
    """Whether the input was counted without cache: by declaration, or because nothing else adds up."""
    cdef double raw = number_of(m, m.raw_input_tokens)
    cdef u32 cache_rank = precedence_of(m, m.cache_read_input_tokens)
    cdef u32 input_rank = precedence_of(m, m.input_tokens)
    if is_literal(m.scope_dialect, "claude-code", 11):
        return True
    if m.dialect_told[m.dialect_openlit] and (is_literal(span.provider, "anthropic", 9)
                                              or is_literal(span.provider, "aws.bedrock", 11)):
        return True
    if m.input_buckets > 0 or (raw >= 0 and given >= 0 and raw == given):
        return True
    if cache_rank < RANKS_MAX and (m.rank_is_metadata_cache[cache_rank] or (
            m.rank_is_raw_cache[cache_rank] and input_rank < RANKS_MAX and m.rank_is_raw_input[input_rank])):
        return True
    return (total >= 0 and cache > 0 and total == or_zero(given) + or_zero(output) + cache) or cache > or_zero(given)


cdef void tell_usage(Mapper m, Span *span) noexcept nogil:
    """Tokens that mean the same for every dialect: input with cache, output with reasoning."""
    cdef double given = number_of(m, m.input_tokens), output = number_of(m, m.output_tokens)
    cdef double total = number_of(m, m.total_tokens), reasoning = number_of(m, m.reasoning_output_tokens)
    cdef double read = number_of(m, m.cache_read_input_tokens), wrote = number_of(m, m.cache_write_input_tokens)
    cdef double cache = or_zero(read) + or_zero(wrote), both
    span.has_usage = given >= 0 or output >= 0 or total >= 0
    span.cache_read = read
    span.cache_write = wrote
    span.reasoning = reasoning
    span.input_tokens = NO_NUMBER
    if given >= 0 or m.input_buckets > 0:
        span.input_tokens = or_zero(given)
        if m.input_buckets > 0:
            span.input_tokens += m.input_buckets
        elif is_exclusive(m, span, given, output, total, cache):
            span.input_tokens += cache
    span.output_tokens = NO_NUMBER
    if output >= 0 or m.output_buckets > 0:
        span.output_tokens = or_zero(output)
        if m.output_buckets > 0:
            span.output_tokens += m.output_buckets
        elif total >= 0 and reasoning > 0 and total == or_zero(given) + or_zero(output) + reasoning:
            span.output_tokens += reasoning
    both = or_zero(span.input_tokens) + or_zero(span.output_tokens)
    span.total_tokens = NO_NUMBER
    if span.has_usage:
        span.total_tokens = both if both > or_zero(total) else or_zero(total)
    if is_there(m, m.cost_usd):
        span.reported_cost = number_of(m, m.cost_usd)
    else:
        span.reported_cost = or_zero(number_of(m, m.input_cost_usd)) + or_zero(number_of(m, m.output_cost_usd))
        span.reported_cost += m.cost_buckets
    if span.reported_cost == 0:  # what instrumentations write for unknown models
        span.reported_cost = NO_NUMBER


cdef i64 days_of(i64 year, i64 month, i64 day) noexcept nogil:
    """Days since 1970 of a date of the Gregorian calendar."""
    cdef i64 era, of_era, of_year
    if month <= 2:
        year -= 1
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


cdef i64 digits_at(Text text, Py_ssize_t place, int count) noexcept nogil:
    """A number of exactly so many digits, -1 where they are none."""
    cdef i64 found = 0
    cdef int i
    for i in range(count):
        if not is_digit(at(text, place + i)):
            return -1
        found = found * 10 + at(text, place + i) - 48
    return found


cdef i64 fraction_at(Text text, Py_ssize_t *place) noexcept nogil:
    """Nanoseconds after a dot; digits beyond the ninth are overlooked."""
    cdef i64 found = 0, unit = 100000000
    if at(text, place[0]) != c'.':
        return 0
    place[0] += 1
    while is_digit(at(text, place[0])):
        found += unit * (at(text, place[0]) - 48)
        unit //= 10
        place[0] += 1
    return found


cdef i64 unix_nano_in(Text text) noexcept nogil:
    """A time as ISO 8601 or as seconds or milliseconds since 1970; 0 for anything else."""
    cdef i64 year = digits_at(text, 0, 4), month = digits_at(text, 5, 2), day = digits_at(text, 8, 2)
    cdef i64 seconds = 0, nanos = 0, hour, minute, second, sign
    cdef Py_ssize_t place = 10
    if at(text, 4) != c'-':
        if text.size == 13 and digits_at(text, 0, 13) > 0:
            return digits_at(text, 0, 13) * 1000000
        seconds = digits_at(text, 0, 10)
        nanos = fraction_at(text, &place)
        return seconds * 1000000000 + nanos if seconds > 0 and place == text.size and seconds < SECONDS_MAX else 0
    if year < 1970 or year > 2261 or at(text, 7) != c'-' or not 1 <= month <= 12 or not 1 <= day <= 31:
        return 0
    if text.size > 10:
        hour, minute, second = digits_at(text, 11, 2), digits_at(text, 14, 2), digits_at(text, 17, 2)
        if at(text, 10) != c'T' and at(text, 10) != c' ':
            return 0
        if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60 and at(text, 13) == c':' and at(text, 16) == c':'):
            return 0
        seconds = hour * 3600 + minute * 60 + second
        place = 19
        nanos = fraction_at(text, &place)
        if at(text, place) == c'Z':
            place += 1
        elif at(text, place) == c'+' or at(text, place) == c'-':
            sign = 1 if at(text, place) == c'+' else -1
            hour = digits_at(text, place + 1, 2)
            minute = digits_at(text, place + 4 if at(text, place + 3) == c':' else place + 3, 2)
            if hour < 0 or minute < 0:
                return 0
            seconds -= sign * (hour * 3600 + minute * 60)
            place = text.size if text.size - place == 5 or text.size - place == 6 else END
        if place != text.size:
            return 0
    return (days_of(year, month, day) * 86400 + seconds) * 1000000000 + nanos


cdef void tell_ttft(Mapper m, Span *span) noexcept nogil:
    """Nanoseconds to the first chunk: as told, else by the time told, else by the event that marks it."""
    cdef u32 rank = precedence_of(m, m.ttft)
    cdef double found = number_of(m, m.ttft)
    cdef u64 moment
    cdef bint milliseconds
    span.ttft_ns = -1
    if found >= 0:
        milliseconds = rank < RANKS_MAX and (m.rank_is_milliseconds[rank] or (
            rank == m.rank_server_ttft and is_literal(m.scope_dialect, "strands", 7)))
        found *= 1e6 if milliseconds else 1e9
        span.ttft_ns = <i64>(found if found < COUNT_LIMIT else COUNT_LIMIT)
        return
    moment = <u64>unix_nano_in(best_of(m, m.first_chunk_time))
    if not span.start_unix_nano < moment < TIME_MAX:
        moment = m.first_chunk_event
    if span.start_unix_nano < moment < TIME_MAX:
        span.ttft_ns = <i64>(moment - span.start_unix_nano)


cdef void tell_cost(Mapper m, Span *span) noexcept nogil:
    """As reported, else by the rule of the model's prices that holds for this span."""
    cdef Rules *rules
    cdef const double *rule
    cdef i64 second, of_day
    cdef Py_ssize_t i
    cdef double tokens
    span.cost = span.reported_cost
    span.cost_source = text_of(<const char *>"reported", 8)
    if span.reported_cost >= 0:
        return
    span.cost_source = text_of(<const char *>"none", 4)
    if not 1 <= span.model.size <= MODEL_BYTES_MAX or (span.input_tokens < 0 and span.output_tokens < 0):
        return
    rules = rules_of(m, span.provider, span.model)
    if rules == NULL:
        return
    second = <i64>((span.start_unix_nano if span.start_unix_nano < TIME_MAX else TIME_MAX) // 1000000000)
    tokens = <double>whole_of(span.input_tokens) if span.input_tokens >= 0 else 0.0
    for i in range(rules.count):
        rule = &rules.numbers[i * RULE_SIZE]
        of_day = (second - <i64>rule[2]) % 86400
        if of_day < 0:
            of_day += 86400
        if second >= rule[0] and second < rule[1] and of_day < rule[3] and tokens > rule[4]:
            # In this order and without rounding in between, as the engine's arrayDotProduct prices stored spans anew.
            span.cost = fma(tokens, rule[5], 0.0)
            span.cost = fma(<double>whole_of(or_zero(span.output_tokens)), rule[6], span.cost)
            span.cost = fma(1.0, rule[7], span.cost)
            span.cost = fma(<double>whole_of(or_zero(span.cache_read)), rule[8], span.cost)
            span.cost = fma(<double>whole_of(or_zero(span.cache_write)), rule[9], span.cost)
            span.cost = fma(<double>whole_of(or_zero(span.reasoning)), rule[10], span.cost)
            if span.cost < 0:  # parts that claim more than the whole
                span.cost = 0
            span.cost_source = text_of(<const char *>"computed", 8)
            return


cdef inline u64 whole_of(double number) noexcept nogil:
    """A count as the table has it."""
    return <u64>(number if number < COUNT_LIMIT else COUNT_LIMIT)
