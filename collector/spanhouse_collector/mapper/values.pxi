# Attribute values as the tables keep them: a text, and the type it had.
#
# Owns reading KeyValues. Types are the field numbers of proto/ingest.proto; structured values came as JSON in private
# fields (otlp/structured.py).

cdef struct Pair:
    Text key
    Text value
    int type
    bint is_string


cdef enum:
    STRING_VALUE = 1
    BOOL_VALUE = 2
    INT_VALUE = 3
    DOUBLE_VALUE = 4
    ARRAY_VALUE = 5
    BYTES_VALUE = 7
    KVLIST_JSON = 101
    ANY_JSON = 103


cdef struct Pairs:
    Pair *data
    Py_ssize_t size
    Py_ssize_t room


cdef Pair *pairs_add(Mapper m, Pairs *pairs) noexcept nogil:
    """Room for one more; NULL when there is no memory."""
    cdef Pair *moved
    cdef Py_ssize_t room
    if pairs.size == pairs.room:
        room = pairs.room * 2 + 32
        moved = <Pair *>realloc(pairs.data, room * sizeof(Pair))
        if moved == NULL:
            m.arena.failed = True
            return NULL
        pairs.data = moved
        pairs.room = room
    pairs.size += 1
    return &pairs.data[pairs.size - 1]


cdef inline double double_of(u64 bits) noexcept nogil:
    cdef double value
    memcpy(&value, &bits, 8)
    return value


cdef struct Scalar:
    # An AnyValue or a Leaf as it was sent: which member, and its bytes.
    int type
    u64 number
    Text text


cdef bint read_scalar(Text message, Scalar *found) noexcept nogil:
    """The last member of the oneof that was sent; False when the message is broken."""
    cdef Reader reader = reader_of(message)
    while next_field(&reader):
        if reader.number == STRING_VALUE or reader.number == ARRAY_VALUE or reader.number == BYTES_VALUE \
                or KVLIST_JSON <= reader.number <= ANY_JSON:
            if reader.kind != SIZED:
                continue
        elif reader.number == BOOL_VALUE or reader.number == INT_VALUE:
            if reader.kind != VARINT:
                continue
        elif reader.number != DOUBLE_VALUE or reader.kind != FIXED64:
            continue
        found.type = <int>reader.number
        found.number = reader.value
        found.text = reader.inner
    return not reader.broken


cdef void put_array_double(Out *out, double value) noexcept nogil:
    """In JSON a double is always recognisable as one; what JSON has no number for is OTLP/JSON's object."""
    cdef Py_ssize_t start = out.size, i
    if isnan(value):
        put_bytes(out, <const char *>'{"doubleValue":"NaN"}', 21)
    elif not isfinite(value):
        if value > 0:
            put_bytes(out, <const char *>'{"doubleValue":"Infinity"}', 26)
        else:
            put_bytes(out, <const char *>'{"doubleValue":"-Infinity"}', 27)
    else:
        put_double(out, value)
        for i in range(start, out.size):
            if out.data[i] == c'.' or out.data[i] == c'e':
                return
        put_bytes(out, <const char *>".0", 2)


cdef bint put_array(Out *out, Text message) noexcept nogil:
    """An array of scalars as JSON; False when the message is broken."""
    cdef Reader reader = reader_of(message)
    cdef Scalar leaf
    cdef bint first = True
    put_byte(out, c'[')
    while next_field(&reader):
        if reader.number != 1 or reader.kind != SIZED:
            continue
        memset(&leaf, 0, sizeof(Scalar))
        if not read_scalar(reader.inner, &leaf):
            return False
        if not first:
            put_byte(out, c',')
        first = False
        if leaf.type == STRING_VALUE:
            put_json_string(out, leaf.text)
        elif leaf.type == BOOL_VALUE:
            put_bytes(out, <const char *>"true" if leaf.number else <const char *>"false", 4 if leaf.number else 5)
        elif leaf.type == INT_VALUE:
            put_signed(out, <i64>leaf.number)
        elif leaf.type == DOUBLE_VALUE:
            put_array_double(out, double_of(leaf.number))
        else:
            put_bytes(out, <const char *>"null", 4)
    put_byte(out, c']')
    return not reader.broken


cdef void put_base64(Out *out, Text data) noexcept nogil:
    cdef const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    cdef Py_ssize_t place = 0
    cdef int left
    cdef u32 bits
    while place < data.size:
        left = 3 if data.size - place >= 3 else <int>(data.size - place)
        bits = <u32>at(data, place) << 16
        if left > 1:
            bits |= <u32>at(data, place + 1) << 8
        if left > 2:
            bits |= <u32>at(data, place + 2)
        put_byte(out, letters[bits >> 18])
        put_byte(out, letters[bits >> 12 & 63])
        put_byte(out, letters[bits >> 6 & 63] if left > 1 else c'=')
        put_byte(out, letters[bits & 63] if left > 2 else c'=')
        place += 3


cdef bint set_value(Mapper m, Arena *arena, Pair *pair, Scalar *found) noexcept nogil:
    """The text of what was sent; False when it is broken."""
    cdef bint whole = True
    pair.type = found.type
    pair.is_string = found.type == STRING_VALUE
    if found.type == STRING_VALUE or found.type >= KVLIST_JSON:
        pair.value = found.text
        return True
    m.scratch.size = 0
    if found.type == BOOL_VALUE:
        pair.value = text_of(<const char *>"true", 4) if found.number else text_of(<const char *>"false", 5)
        return True
    if found.type == INT_VALUE:
        put_signed(&m.scratch, <i64>found.number)
    elif found.type == DOUBLE_VALUE:
        put_double(&m.scratch, double_of(found.number))
    elif found.type == ARRAY_VALUE:
        whole = put_array(&m.scratch, found.text)
    elif found.type == BYTES_VALUE:
        put_base64(&m.scratch, found.text)
    pair.value = arena_copy(arena, written(&m.scratch, 0))
    return whole


cdef bint read_pair(Mapper m, Arena *arena, Pairs *pairs, Text message) noexcept nogil:
    """A KeyValue; False when it is broken or there is no memory."""
    cdef Reader reader = reader_of(message)
    cdef Scalar found
    cdef Pair *pair = pairs_add(m, pairs)
    if pair == NULL:
        return False
    memset(pair, 0, sizeof(Pair))
    memset(&found, 0, sizeof(Scalar))
    while next_field(&reader):
        if reader.kind != SIZED:
            continue
        if reader.number == 1:
            pair.key = reader.inner
        elif reader.number == 2:
            if not read_scalar(reader.inner, &found):
                return False
    return not reader.broken and set_value(m, arena, pair, &found)


cdef Text first_value(Pair *pairs, Py_ssize_t size, Text key, bint strings_only) noexcept nogil:
    """The first value under a key; with `strings_only` the first text that is not empty."""
    cdef Py_ssize_t i
    for i in range(size):
        if equals(pairs[i].key, key) and (not strings_only or (pairs[i].is_string and pairs[i].value.size)):
            return pairs[i].value
    return no_text()
