# Protobuf's wire format: one field after the other of a message that lies in memory.
#
# Owns what a field is. A reader that met something impossible stands at the end and is `broken`; callers refuse the
# record then. Groups are refused too: nobody sends them, and the loader stores such a record without what OTLP does not
# define.

cdef struct Reader:
    Text text
    Py_ssize_t place
    bint broken
    u64 number  # the field's number
    int kind  # its wire type
    u64 value  # of a varint or a fixed field
    Text inner  # of a field with a length


cdef enum:
    VARINT = 0
    FIXED64 = 1
    SIZED = 2
    FIXED32 = 5
    FIELD_NUMBER_MAX = 536870911


cdef inline Reader reader_of(Text text) noexcept nogil:
    cdef Reader reader
    memset(&reader, 0, sizeof(Reader))
    reader.text = text
    return reader


cdef inline bint break_off(Reader *reader) noexcept nogil:
    reader.broken = True
    reader.place = reader.text.size
    return False


cdef inline bint read_varint(Reader *reader, u64 *value) noexcept nogil:
    cdef int shift = 0
    cdef int found
    value[0] = 0
    while shift < 70:
        found = at(reader.text, reader.place)
        if found == END:
            return break_off(reader)
        reader.place += 1
        if shift < 64:
            value[0] |= <u64>(found & 127) << shift
        if found < 128:
            return True
        shift += 7
    return break_off(reader)


cdef inline bint read_fixed(Reader *reader, int size) noexcept nogil:
    cdef int i
    if reader.text.size - reader.place < size:
        return break_off(reader)
    reader.value = 0
    for i in range(size):
        reader.value |= <u64>at(reader.text, reader.place + i) << (8 * i)
    reader.place += size
    return True


cdef bint read_sized(Reader *reader) noexcept nogil:
    """The bytes after their length, into `inner`."""
    cdef u64 size
    if not read_varint(reader, &size):
        return False
    if size > <u64>(reader.text.size - reader.place):
        return break_off(reader)
    reader.inner = part(reader.text, reader.place, reader.place + <Py_ssize_t>size)
    reader.place += <Py_ssize_t>size
    return True


cdef bint next_field(Reader *reader) noexcept nogil:
    """Read the next field; False at the end, and when the message is `broken`."""
    cdef u64 tag
    if reader.place >= reader.text.size:
        return False
    if not read_varint(reader, &tag):
        return False
    reader.number = tag >> 3
    reader.kind = <int>(tag & 7)
    if reader.number == 0 or reader.number > FIELD_NUMBER_MAX:
        return break_off(reader)
    if reader.kind == VARINT:
        return read_varint(reader, &reader.value)
    if reader.kind == SIZED:
        return read_sized(reader)
    if reader.kind == FIXED64:
        return read_fixed(reader, 8)
    if reader.kind == FIXED32:
        return read_fixed(reader, 4)
    return break_off(reader)
