# The words of a span: `input` and `output` as real text, whatever form they were sent in.
#
# A list of messages becomes its texts, one a line. Other JSON keeps its punctuation and loses its escapes, so that words
# behind a `\n` and `café` are found; JSON that was cut off is treated the same way. Everything else is as sent.

cdef enum:
    CUT_BYTES = 48  # at the end of cut JSON, within which the broken escape is looked for
    PIECES = 6


cdef Text best_words(Mapper m, int target) noexcept nogil:
    return m.words.data[m.best[target].place - 1].value if m.best[target].place else no_text()


cdef void put_joined(Out *out, Text text, Py_ssize_t start) noexcept nogil:
    """Another line, unless it is empty."""
    if text.size:
        if out.size > start:
            put_byte(out, c'\n')
        put_text(out, text)


cdef Text with_pieces(Mapper m, int whole, int pieces) noexcept nogil:
    """The best whole content, and behind it all pieces in the order sent."""
    cdef Text found = best_words(m, whole)
    cdef Py_ssize_t i
    if m.best[pieces].place == 0:
        return found
    m.scratch.size = 0
    put_joined(&m.scratch, found, 0)
    for i in range(m.words.size):
        if is_of(m.words.data[i].order, pieces):
            put_joined(&m.scratch, m.words.data[i].value, 0)
    return arena_copy(&m.arena, written(&m.scratch, 0))


cdef inline bint is_blank(int found) noexcept nogil:
    return found == c' ' or found == c'\n' or found == c'\t' or found == c'\r' or found == 12


cdef Py_ssize_t skip_all_blanks(Text text, Py_ssize_t place) noexcept nogil:
    while is_blank(at(text, place)):
        place += 1
    return place


cdef void put_piece(Mapper m, Out *out, Py_ssize_t start, Text value) noexcept nogil:
    """The text of a message's member as another line; of JSON in it, two escapes resolved."""
    cdef Text piece = text_of_value(m, value)
    cdef Py_ssize_t place = 0
    if piece.size == 0:
        return
    if out.size > start:
        put_byte(out, c'\n')
    if at(piece, 0) != c'[' and at(piece, 0) != c'{':
        put_text(out, piece)
        return
    while place < piece.size:
        if at(piece, place) == c'\\' and at(piece, place + 1) == c'n':
            put_byte(out, c'\n')
            place += 2
        elif at(piece, place) == c'\\' and at(piece, place + 1) == c'"':
            put_byte(out, c'"')
            place += 2
        else:
            put_byte(out, at(piece, place))
            place += 1


cdef int piece_named(Text key, bint part_of_message) noexcept nogil:
    """Which of the members whose words count a key names; -1 for none."""
    if is_literal(key, "content", 7):
        return 0
    if is_literal(key, "text", 4):
        return 1
    if not part_of_message:
        return 2 if is_literal(key, "reasoning", 9) else 3 if is_literal(key, "parts", 5) else -1
    if is_literal(key, "response", 8):
        return 2
    if is_literal(key, "result", 6):
        return 3
    if is_literal(key, "name", 4):
        return 4
    return 5 if is_literal(key, "arguments", 9) else -1


cdef void pieces_of(Mapper m, Text value, bint part_of_message, Text *found) noexcept nogil:
    """The members of a message, or of a part of one, whose words count; of a list its elements, in that order."""
    cdef Walk walk = walk_of(value)
    cdef int place, next_place = 0
    for place in range(PIECES):
        found[place] = no_text()
    while walk_on(&walk):
        if walk.named:
            place = piece_named(key_of(m, walk.key), part_of_message)
        else:
            place = next_place if next_place < (PIECES if part_of_message else 4) else -1
            next_place += 1
        if place >= 0 and found[place].size == 0:
            found[place] = walk.value


cdef Text of_messages(Mapper m, Text raw) noexcept nogil:
    """The texts of a JSON list of messages, nothing when it is none."""
    cdef Text[PIECES] message
    cdef Text[PIECES] inner
    cdef Walk walk, parts
    cdef Py_ssize_t place = skip_all_blanks(raw, 0)
    cdef int i
    cdef Py_ssize_t start = 0
    if at(raw, place) != c'[' or at(raw, skip_all_blanks(raw, place + 1)) != c'{' or not is_json(raw):
        return no_text()
    m.lines.size = 0
    walk = walk_of(raw)
    while walk_on(&walk):
        if at(walk.value, 0) != c'{' and at(walk.value, 0) != c'[':
            continue
        pieces_of(m, walk.value, False, message)
        for i in range(3):
            if message[i].size:
                put_piece(m, &m.lines, start, message[i])
        if at(message[3], 0) != c'[':
            continue
        parts = walk_of(message[3])
        while walk_on(&parts):
            if at(parts.value, 0) != c'{' and at(parts.value, 0) != c'[':
                continue
            pieces_of(m, parts.value, True, inner)
            for i in range(PIECES):
                if inner[i].size:
                    put_piece(m, &m.lines, start, inner[i])
    return arena_copy(&m.arena, written(&m.lines, 0))


cdef bint is_escape(Text text, Py_ssize_t place, Py_ssize_t from_place) noexcept nogil:
    """Whether the backslash at a place begins an escape: those before it are whole pairs."""
    cdef Py_ssize_t before = place
    if at(text, place) != c'\\' or place < from_place:
        return False
    while before > from_place and at(text, before - 1) == c'\\':
        before -= 1
    return (place - before) % 2 == 0


cdef Text without_cut(Mapper m, Text json) noexcept nogil:
    """JSON without the escape that it was cut off in; the mark of the cut stays."""
    cdef int last = at(json, json.size - 1)
    cdef Py_ssize_t window = json.size - CUT_BYTES if json.size > CUT_BYTES else 0
    cdef Py_ssize_t end = json.size, cut, digits = 0
    if last == c']' or last == c'}' or last == c'"':
        return json
    if ends_with(part(json, 0, end), text_of(<const char *>"...", 3)) \
            or ends_with(part(json, 0, end), text_of(<const char *>"\xe2\x80\xa6", 3)):
        end -= 3
    cut = end
    while digits <= 3:
        if at(json, end - digits - 1) == c'u' and is_escape(json, end - digits - 2, window):
            cut = end - digits - 2
            break
        if hex_value(at(json, end - digits - 1)) < 0:
            break
        digits += 1
    if cut == end and is_escape(json, end - 1, window):
        cut = end - 1
    if at(json, cut - 5) == c'u' and is_escape(json, cut - 6, window) and 0xD800 <= code_unit(json, cut - 4) <= 0xDBFF:
        cut -= 6
    if cut == end:
        return json
    m.scratch.size = 0
    put_text(&m.scratch, part(json, 0, cut))
    put_text(&m.scratch, part(json, end, json.size))
    return arena_copy(&m.arena, written(&m.scratch, 0))


cdef Text unescaped(Mapper m, Text raw) noexcept nogil:
    """JSON text with its escapes resolved, nothing where one of them is broken."""
    cdef Text json
    cdef Py_ssize_t place = 0, following, size
    cdef int found
    cdef Out *out = &m.lines
    found = at(raw, skip_all_blanks(raw, 0))
    if found != c'[' and found != c'{' and found != c'"':
        return no_text()
    json = without_cut(m, raw)
    out.size = 0
    while place < json.size:
        found = at(json, place)
        if found == c'\\':
            following = check_escape(json, place)
            if following < 0:
                return no_text()
            put_escaped(out, json, place)
            # Of two backslashes and a quote, the quote would end the text.
            if at(json, place + 1) == c'\\' and at(json, following) == c'"':
                return no_text()
            place = following
        elif found < 128:
            if found < 32:
                if found != c'\n' and found != c'\r' and found != c'\t' and found != 1:
                    return no_text()
                found = c' '
            put_byte(out, found)
            place += 1
        else:
            size = rune_size(json, place)
            if size == 0:
                return no_text()
            put_text(out, part(json, place, place + size))
            place += size
    return arena_copy(&m.arena, written(out, 0))


cdef Text as_words(Mapper m, Text raw) noexcept nogil:
    """Messages as their texts, other JSON without its escapes, anything else as it is."""
    cdef Text found
    if raw.size == 0:
        return raw
    found = of_messages(m, raw)
    if found.size == 0:
        found = unescaped(m, raw)
    return found if found.size else raw


cdef Text side(Mapper m, bint prefers_messages, int whole, int pieces, int plain) noexcept nogil:
    """A call's messages before its plain value, any other span's plain value before its messages."""
    cdef Text messages = with_pieces(m, whole, pieces), value = best_words(m, plain)
    if (prefers_messages and messages.size) or value.size == 0:
        return messages
    return value


cdef Text id_in(Mapper m, Text answer) noexcept nogil:
    """The id of an answer that is a JSON object."""
    cdef Walk walk
    if at(answer, 0) != c'{' or not is_json(answer):
        return no_text()
    walk = walk_of(answer)
    while walk_on(&walk):
        if is_literal(key_of(m, walk.key), "id", 2):
            return text_of_value(m, walk.value)
    return no_text()


cdef void tell_words(Mapper m, Span *span) noexcept nogil:
    cdef bint call = owns_usage(m, span.span_type)
    cdef bint prefers = call or is_literal(span.span_type, "RETRIEVER", 9) or is_literal(span.span_type, "EVENT", 5)
    cdef Text system, asked
    span.response_id = best_of(m, m.response_id)
    if span.response_id.size == 0 and call:
        span.response_id = id_in(m, best_words(m, m.output_plain))
    system = as_words(m, best_words(m, m.system_text))
    asked = as_words(m, side(m, prefers, m.input_messages, m.input_pieces, m.input_plain))
    span.output = as_words(m, side(m, prefers, m.output_messages, m.output_pieces, m.output_plain))
    if system.size == 0 or asked.size == 0:
        span.input = asked if system.size == 0 else system
        return
    m.scratch.size = 0
    put_text(&m.scratch, system)
    put_joined(&m.scratch, asked, 0)
    span.input = arena_copy(&m.arena, written(&m.scratch, 0))
