# Whether a text is JSON: as strictly as the engine's reader (syntax, UTF-8, escapes, depth, numbers in range).
#
# Owns the check, which comes once and as a whole before anything is read (`json.pxi`).

cdef enum:
    DEPTH_MAX = 1024
    LONG_NUMBER = 300  # of fewer digits none is out of a double's range


cdef inline Py_ssize_t skip_blanks(Text text, Py_ssize_t place) noexcept nogil:
    cdef int found
    while True:
        found = at(text, place)
        if found != c' ' and found != c'\n' and found != c'\t' and found != c'\r':
            return place
        place += 1


cdef inline int hex_value(int value) noexcept nogil:
    if 48 <= value <= 57:
        return value - 48
    if 97 <= value <= 102:
        return value - 87
    if 65 <= value <= 70:
        return value - 55
    return -1


cdef int code_unit(Text text, Py_ssize_t place) noexcept nogil:
    """Four hexadecimal digits; -1 where they are none."""
    cdef int found = 0, i, digit
    for i in range(4):
        digit = hex_value(at(text, place + i))
        if digit < 0:
            return -1
        found = found * 16 + digit
    return found


cdef Py_ssize_t rune_size(Text text, Py_ssize_t place) noexcept nogil:
    """Bytes of the UTF-8 character at a place, 0 where there is none."""
    cdef int first = at(text, place), second = at(text, place + 1)
    cdef int third, fourth
    if first < 0xC2:
        return 0
    if first < 0xE0:
        return 2 if second & ~0x3F == 0x80 else 0
    third = at(text, place + 2)
    if first < 0xF0:
        if second == END or third == END or second & 0xC0 != 0x80 or third & 0xC0 != 0x80:
            return 0
        if (first == 0xE0 and second < 0xA0) or (first == 0xED and second >= 0xA0):
            return 0
        return 3
    fourth = at(text, place + 3)
    if first > 0xF4 or second == END or third == END or fourth == END:
        return 0
    if second & 0xC0 != 0x80 or third & 0xC0 != 0x80 or fourth & 0xC0 != 0x80:
        return 0
    if (first == 0xF0 and second < 0x90) or (first == 0xF4 and second >= 0x90):
        return 0
    return 4


cdef Py_ssize_t check_escape(Text text, Py_ssize_t place) noexcept nogil:
    """Behind the escape whose backslash stands at a place; -1 when it is none."""
    cdef int kind = at(text, place + 1)
    cdef int unit
    if kind == c'u':
        unit = code_unit(text, place + 2)
        if unit < 0 or 0xDC00 <= unit <= 0xDFFF:
            return -1
        if unit < 0xD800 or unit > 0xDBFF:
            return place + 6
        if at(text, place + 6) != c'\\' or at(text, place + 7) != c'u':
            return -1
        unit = code_unit(text, place + 8)
        return place + 12 if 0xDC00 <= unit <= 0xDFFF else -1
    if kind == c'"' or kind == c'\\' or kind == c'/' or kind == c'b' or kind == c'f' or kind == c'n' or kind == c'r' \
            or kind == c't':
        return place + 2
    return -1


cdef Py_ssize_t check_string(Text text, Py_ssize_t place) noexcept nogil:
    """Behind the string whose first quote stands at a place; -1 when it is none."""
    cdef int found
    cdef Py_ssize_t size
    place += 1
    while True:
        found = at(text, place)
        if found == c'"':
            return place + 1
        if found == c'\\':
            place = check_escape(text, place)
            if place < 0:
                return -1
        elif found < 32:
            return -1
        elif found < 128:
            place += 1
        else:
            size = rune_size(text, place)
            if size == 0:
                return -1
            place += size


cdef Py_ssize_t check_number(Text text, Py_ssize_t place) noexcept nogil:
    """Behind the number at a place; -1 when it is none, or too large for a double."""
    cdef Py_ssize_t start = place
    cdef bint exponent = False, fraction = False
    if at(text, place) == c'-':
        place += 1
    if at(text, place) == c'0':
        place += 1
    elif is_digit(at(text, place)):
        while is_digit(at(text, place)):
            place += 1
    else:
        return -1
    if at(text, place) == c'.':
        fraction = True
        place += 1
        if not is_digit(at(text, place)):
            return -1
        while is_digit(at(text, place)):
            place += 1
    if at(text, place) == c'e' or at(text, place) == c'E':
        exponent = True
        place += 1
        if at(text, place) == c'-' or at(text, place) == c'+':
            place += 1
        if not is_digit(at(text, place)):
            return -1
        while is_digit(at(text, place)):
            place += 1
    if (exponent or (fraction and place - start > LONG_NUMBER)) and not isfinite(number_in(part(text, start, place))):
        return -1
    return place


cdef Py_ssize_t check_scalar(Text text, Py_ssize_t place) noexcept nogil:
    """Behind the string, number or word at a place; -1 when it is none."""
    cdef int found = at(text, place)
    if found == c'"':
        return check_string(text, place)
    if found == c't':
        return place + 4 if is_literal(part(text, place, place + 4), "true", 4) else -1
    if found == c'f':
        return place + 5 if is_literal(part(text, place, place + 5), "false", 5) else -1
    if found == c'n':
        return place + 4 if is_literal(part(text, place, place + 4), "null", 4) else -1
    return check_number(text, place)


cdef Py_ssize_t check_key(Text text, Py_ssize_t place) noexcept nogil:
    """Behind the key and the colon at a place; -1 when there is none."""
    place = skip_blanks(text, place)
    if at(text, place) != c'"':
        return -1
    place = check_string(text, place)
    if place < 0:
        return -1
    place = skip_blanks(text, place)
    return place + 1 if at(text, place) == c':' else -1


cdef bint is_json(Text text) noexcept nogil:
    """Whether a text is one JSON value, whole and valid, and nothing besides."""
    cdef byte[DEPTH_MAX] open_with
    cdef int depth = 0, found
    cdef Py_ssize_t place = 0
    while True:
        place = skip_blanks(text, place)
        found = at(text, place)
        if found == c'{' or found == c'[':
            if depth >= DEPTH_MAX - 1:
                return False
            open_with[depth] = <byte>found
            depth += 1
            place = skip_blanks(text, place + 1)
            if at(text, place) == (c'}' if found == c'{' else c']'):
                depth -= 1
                place += 1
            else:
                if found == c'{':
                    place = check_key(text, place)
                    if place < 0:
                        return False
                continue
        else:
            place = check_scalar(text, place)
            if place < 0:
                return False
        # A value has ended: what holds it goes on or ends with it.
        while True:
            place = skip_blanks(text, place)
            if depth == 0:
                return place == text.size
            found = at(text, place)
            place += 1
            if found == c',':
                if open_with[depth - 1] == c'{':
                    place = check_key(text, place)
                    if place < 0:
                        return False
                break
            if found != (c'}' if open_with[depth - 1] == c'{' else c']'):
                return False
            depth -= 1
