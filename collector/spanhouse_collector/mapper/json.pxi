# JSON in texts: members, and values as texts.
#
# Owns the walk over it, which makes no tree. It trusts what `is_json` has checked, and still cannot leave the text.
# What ClickHouse's JSONExtract functions answer is the measure: strings bare, other values as JSON without blanks, their
# numbers and escapes written anew.

cdef Py_ssize_t string_end(Text text, Py_ssize_t place) noexcept nogil:
    """Behind the string whose first quote stands at a place, or the text's end."""
    cdef int found
    place += 1
    while place < text.size:
        found = at(text, place)
        if found == c'"':
            return place + 1
        place += 2 if found == c'\\' else 1
    return text.size


cdef Py_ssize_t value_end(Text text, Py_ssize_t place) noexcept nogil:
    """Behind the value that begins at a place, or the text's end."""
    cdef int found = at(text, place)
    cdef int depth = 0
    if found == c'"':
        return string_end(text, place)
    while place < text.size:
        found = at(text, place)
        if found == c'"':
            place = string_end(text, place)
            continue
        if found == c'{' or found == c'[':
            depth += 1
        elif found == c'}' or found == c']':
            if depth == 0:
                return place
            depth -= 1
            if depth == 0:
                return place + 1
        elif depth == 0 and (found == c',' or found == c' ' or found == c'\n' or found == c'\r' or found == c'\t'):
            return place
        place += 1
    return text.size


cdef struct Walk:
    # Through the members of an object or the elements of a list.
    Text text
    Py_ssize_t place
    bint named
    Text key  # with its escapes, without its quotes
    Text value  # as it stands there


cdef Walk walk_of(Text text) noexcept nogil:
    """Into the object or list that a text begins with; into nothing for any other text."""
    cdef Walk walk
    memset(&walk, 0, sizeof(Walk))
    walk.text = text
    walk.place = skip_blanks(text, 0)
    walk.named = at(text, walk.place) == c'{'
    if walk.named or at(text, walk.place) == c'[':
        walk.place += 1
    else:
        walk.place = text.size
    return walk


cdef bint walk_on(Walk *walk) noexcept nogil:
    """The next member or element; False at the end."""
    cdef Text text = walk.text
    cdef Py_ssize_t place = skip_blanks(text, walk.place), start
    cdef int found = at(text, place)
    if found == c',':
        place = skip_blanks(text, place + 1)
        found = at(text, place)
    if found == END or found == c'}' or found == c']':
        walk.place = text.size
        return False
    if walk.named:
        start = place
        place = string_end(text, place)
        walk.key = part(text, start + 1, place - 1)
        place = skip_blanks(text, skip_blanks(text, place) + 1)
    start = place
    place = value_end(text, place)
    if place <= start:
        place = text.size
    walk.value = part(text, start, place)
    walk.place = place
    return True


cdef void put_rune(Out *out, int rune) noexcept nogil:
    if rune < 0x80:
        put_byte(out, rune)
    elif rune < 0x800:
        put_byte(out, 0xC0 | rune >> 6)
        put_byte(out, 0x80 | rune & 63)
    elif rune < 0x10000:
        put_byte(out, 0xE0 | rune >> 12)
        put_byte(out, 0x80 | rune >> 6 & 63)
        put_byte(out, 0x80 | rune & 63)
    else:
        put_byte(out, 0xF0 | rune >> 18)
        put_byte(out, 0x80 | rune >> 12 & 63)
        put_byte(out, 0x80 | rune >> 6 & 63)
        put_byte(out, 0x80 | rune & 63)


cdef Py_ssize_t put_escaped(Out *out, Text text, Py_ssize_t place) noexcept nogil:
    """What the escape at a place stands for; returns the place behind it. It was checked."""
    cdef int kind = at(text, place + 1), unit
    if kind == c'u':
        unit = code_unit(text, place + 2)
        if 0xD800 <= unit <= 0xDBFF:
            put_rune(out, 0x10000 + ((unit - 0xD800) << 10) + (code_unit(text, place + 8) - 0xDC00))
            return place + 12
        put_rune(out, unit)
        return place + 6
    if kind == c'n':
        kind = c'\n'
    elif kind == c't':
        kind = c'\t'
    elif kind == c'r':
        kind = c'\r'
    elif kind == c'b':
        kind = 8
    elif kind == c'f':
        kind = 12
    put_byte(out, kind)
    return place + 2


cdef void put_unescaped(Out *out, Text inner) noexcept nogil:
    """The text that stands between the quotes of a string."""
    cdef Py_ssize_t place = 0, following
    while place < inner.size:
        following = find_byte(inner, c'\\', place)
        put_text(out, part(inner, place, following))
        place = following
        if place < inner.size:
            place = put_escaped(out, inner, place)


cdef void put_json_string(Out *out, Text text) noexcept nogil:
    """A text as a JSON string, escaped as ClickHouse does."""
    cdef Py_ssize_t place = 0, start = 0
    cdef int found, escape
    put_byte(out, c'"')
    while place < text.size:
        found = at(text, place)
        if found == c'"' or found == c'\\':
            escape = found
        elif found == c'\n':
            escape = c'n'
        elif found == c'\r':
            escape = c'r'
        elif found == c'\t':
            escape = c't'
        elif found == 8:
            escape = c'b'
        elif found == 12:
            escape = c'f'
        elif found < 32:
            put_text(out, part(text, start, place))
            put_bytes(out, <const char *>"\\u00", 4)
            put_byte(out, 48 + (found >> 4))
            put_byte(out, 48 + (found & 15) if (found & 15) < 10 else 55 + (found & 15))
            place += 1
            start = place
            continue
        elif found == 0xE2 and at(text, place + 1) == 0x80 and (at(text, place + 2) | 1) == 0xA9:
            put_text(out, part(text, start, place))  # line ends that JavaScript knows
            put_bytes(out, <const char *>"\\u202", 5)
            put_byte(out, c'8' if at(text, place + 2) == 0xA8 else c'9')
            place += 3
            start = place
            continue
        else:
            place += 1
            continue
        put_text(out, part(text, start, place))
        put_byte(out, c'\\')
        put_byte(out, escape)
        place += 1
        start = place
    put_text(out, part(text, start, text.size))
    put_byte(out, c'"')


cdef void put_json_number(Out *out, Text number) noexcept nogil:
    """A number written anew; a whole one that no 64 bits hold stays as it is."""
    cdef Py_ssize_t place
    cdef double found
    for place in range(number.size):
        if at(number, place) == c'.' or at(number, place) == c'e' or at(number, place) == c'E':
            found = number_in(number)
            put_double(out, found)
            return
    if is_literal(number, "-0", 2):
        put_byte(out, c'0')
    else:
        put_text(out, number)


cdef void put_minimal(Out *out, Out *inner, Text json) noexcept nogil:
    """A checked value as JSON without blanks, numbers and escapes written anew; `inner` is written over."""
    cdef Py_ssize_t place = 0, end
    cdef int found
    while place < json.size:
        found = at(json, place)
        if found == c'"':
            end = string_end(json, place)
            if find_byte(part(json, place, end), c'\\', 0) == end - place:
                put_json_string(out, part(json, place + 1, end - 1))
            else:
                inner.size = 0
                put_unescaped(inner, part(json, place + 1, end - 1))
                put_json_string(out, written(inner, 0))
            place = end
        elif found == c'-' or is_digit(found):
            end = place + 1
            while is_digit(at(json, end)) or at(json, end) == c'.' or at(json, end) == c'e' or at(json, end) == c'E' \
                    or at(json, end) == c'-' or at(json, end) == c'+':
                end += 1
            put_json_number(out, part(json, place, end))
            place = end
        else:
            if found != c' ' and found != c'\n' and found != c'\r' and found != c'\t':
                put_byte(out, found)
            place += 1


cdef Text text_of_value(Mapper m, Text value) noexcept nogil:
    """A checked JSON value as text: a string bare, nothing for null, anything else as JSON."""
    cdef Text inner
    if at(value, 0) == c'"':
        inner = part(value, 1, value.size - 1)
        if find_byte(inner, c'\\', 0) == inner.size:
            return inner
        m.scratch.size = 0
        put_unescaped(&m.scratch, inner)
        return arena_copy(&m.arena, written(&m.scratch, 0))
    if at(value, 0) == c'n':
        return no_text()
    m.scratch.size = 0
    put_minimal(&m.scratch, &m.scratch_string, value)
    return arena_copy(&m.arena, written(&m.scratch, 0))


cdef Text key_of(Mapper m, Text key) noexcept nogil:
    """A member's name without its escapes."""
    if find_byte(key, c'\\', 0) == key.size:
        return key
    m.scratch.size = 0
    put_unescaped(&m.scratch, key)
    return arena_copy(&m.arena, written(&m.scratch, 0))
