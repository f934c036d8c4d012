# Numbers and their texts, as ClickHouse reads and writes them.
#
# Owns the shortest text that reads back as the same double (decimal from 1e-6 up to 1e21, else with an exponent), and
# numbers out of texts. What a few multiplications cannot decide exactly, CPython's own conversions do.

from cpython.mem cimport PyMem_Free
from libc.math cimport fabs, floor, fma, isfinite, isnan, rint

cdef extern from "Python.h":
    char *PyOS_double_to_string(double value, char format_code, int precision, int flags, int *kind)
    double PyOS_string_to_double(const char *text, char **end, void *overflow) except? -1.0

cdef enum:
    EXACT_DIGITS = 15  # that every double tells apart
    EXACT_POWER = 22  # of ten, that a double holds exactly
    DECIMAL_FROM = -6
    DECIMAL_BELOW = 21

cdef double[23] POWERS
POWERS[:] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
             1e19, 1e20, 1e21, 1e22]
cdef double COUNT_LIMIT = 9.2e18  # below 2^63; what is not below is no count
cdef double NO_NUMBER = -1.0
cdef i64 INT32_LIMIT = 1 << 31


cdef inline bint is_digit(int value) noexcept nogil:
    return 48 <= value <= 57


cdef void put_unsigned(Out *out, u64 value) noexcept nogil:
    cdef byte[24] digits
    cdef int place = 24
    while True:
        place -= 1
        digits[place] = <byte>(48 + value % 10)
        value //= 10
        if value == 0:
            break
    put_bytes(out, &digits[place], 24 - place)


cdef void put_signed(Out *out, i64 value) noexcept nogil:
    if value < 0:
        put_byte(out, c'-')
        put_unsigned(out, <u64>0 - <u64>value)
    else:
        put_unsigned(out, <u64>value)


cdef void put_digits(Out *out, const byte *digits, int count, int exponent) noexcept nogil:
    """Significant digits as a number; `exponent` is that of ten for the first of them."""
    cdef int i
    if exponent < DECIMAL_FROM or exponent >= DECIMAL_BELOW:
        put_byte(out, digits[0])
        if count > 1:
            put_byte(out, c'.')
            put_bytes(out, &digits[1], count - 1)
        put_byte(out, c'e')
        put_signed(out, exponent)
        return
    if exponent < 0:
        put_bytes(out, <const char *>"0.000000", 1 - exponent)
        put_bytes(out, digits, count)
        return
    for i in range(exponent + 1):
        put_byte(out, digits[i] if i < count else c'0')
    if count > exponent + 1:
        put_byte(out, c'.')
        put_bytes(out, &digits[exponent + 1], count - exponent - 1)


cdef void put_shortest(Out *out, double value) noexcept nogil:
    """The text of a finite, positive double by CPython's shortest conversion."""
    cdef byte[32] digits
    cdef char *text
    cdef int count = 0, place = 0, exponent = 0, before = 0, sign = 1, shown = 0
    cdef bint point = False, started = False
    with gil:
        text = PyOS_double_to_string(value, c'r', 0, 0, NULL)
    if text == NULL:
        out.failed = True
        return
    while text[place] != 0 and text[place] != c'e':
        if text[place] == c'.':
            point = True
        else:
            if text[place] != c'0':
                started = True
            if started:
                if count < 32:
                    digits[count] = <byte>text[place]
                    count += 1
                if not point:
                    before += 1
            elif point:
                before -= 1
        place += 1
    if text[place] == c'e':
        place += 1
        if text[place] == c'-':
            sign = -1
        if text[place] == c'-' or text[place] == c'+':
            place += 1
        while is_digit(text[place]):
            shown = shown * 10 + text[place] - 48
            place += 1
        exponent = sign * shown
    with gil:
        PyMem_Free(text)
    while count > 1 and digits[count - 1] == c'0':
        count -= 1
    put_digits(out, digits, count, before - 1 + exponent)


cdef void put_double(Out *out, double value) noexcept nogil:
    """A double as ClickHouse writes it: the shortest text that reads back as the same."""
    cdef double size = fabs(value), scaled
    cdef byte[24] digits
    cdef int places, count, i
    cdef u64 whole
    if isnan(value):
        put_bytes(out, <const char *>"nan", 3)
        return
    if value < 0 or (value == 0 and 1 / value < 0):
        put_byte(out, c'-')
    if not isfinite(value):
        put_bytes(out, <const char *>"inf", 3)
        return
    if size < 1e15 and size == floor(size):
        put_unsigned(out, <u64>size)
        return
    if 1e-6 <= size < 1e15:
        for places in range(1, 10):
            scaled = rint(size * POWERS[places])
            if scaled >= 1e15:
                break
            # Both are exact, so the quotient is the double nearest to this decimal: of so few digits there is no other.
            if scaled / POWERS[places] == size:
                whole = <u64>scaled
                count = 0
                for i in range(24):
                    digits[23 - i] = <byte>(48 + whole % 10)
                    whole //= 10
                    count += 1
                    if whole == 0:
                        break
                put_digits(out, &digits[24 - count], count, count - 1 - places)
                return
    put_shortest(out, size)


cdef double by_python(Text text) noexcept nogil:
    cdef double found = NO_NUMBER
    with gil:
        try:
            found = PyOS_string_to_double(text.data[: text.size], NULL, NULL)
        except (ValueError, MemoryError):
            found = NO_NUMBER
    return found


cdef double number_in(Text text) noexcept nogil:
    """The number that a text is and nothing else; NO_NUMBER for every other text, and for what is not finite."""
    cdef Py_ssize_t place = 0, digits = 0, mantissa_digits = 0
    cdef i64 mantissa = 0
    cdef int exponent = 0, shown = 0, sign = 1
    cdef bint negative = False
    cdef double found
    if at(text, 0) == c'-' or at(text, 0) == c'+':
        negative = at(text, 0) == c'-'
        place = 1
    while is_digit(at(text, place)):
        if mantissa_digits < 18:
            mantissa = mantissa * 10 + at(text, place) - 48
        if mantissa != 0:
            mantissa_digits += 1
        digits += 1
        place += 1
    if at(text, place) == c'.':
        place += 1
        while is_digit(at(text, place)):
            if mantissa_digits < 18:
                mantissa = mantissa * 10 + at(text, place) - 48
                exponent -= 1
            if mantissa != 0:
                mantissa_digits += 1
            digits += 1
            place += 1
    if digits == 0:
        return NO_NUMBER
    if at(text, place) == c'e' or at(text, place) == c'E':
        place += 1
        if at(text, place) == c'-' or at(text, place) == c'+':
            sign = -1 if at(text, place) == c'-' else 1
            place += 1
        if not is_digit(at(text, place)):
            return NO_NUMBER
        while is_digit(at(text, place)):
            if shown < 100000:
                shown = shown * 10 + at(text, place) - 48
            place += 1
        exponent += sign * shown
    if place != text.size:
        return NO_NUMBER
    if mantissa_digits <= EXACT_DIGITS and -EXACT_POWER <= exponent <= EXACT_POWER:
        found = <double>mantissa
        found = found / POWERS[-exponent] if exponent < 0 else found * POWERS[exponent]
        return -found if negative else found
    found = by_python(text)
    return found


cdef int int32_in(Text text) noexcept nogil:
    """A whole number of 32 bits, 0 for every other text."""
    cdef Py_ssize_t place = 0
    cdef i64 found = 0
    cdef bint negative = at(text, 0) == c'-'
    if negative or at(text, 0) == c'+':
        place = 1
    if place == text.size:
        return 0
    while place < text.size:
        if not is_digit(at(text, place)) or found > INT32_LIMIT:
            return 0
        found = found * 10 + at(text, place) - 48
        place += 1
    found = -found if negative else found
    return <int>found if -INT32_LIMIT <= found < INT32_LIMIT else 0
