# Bytes: a view of some (`Text`), memory that lasts as long as a span (`Arena`), and bytes that are being written (`Out`).
#
# Owns every place where a pointer is followed. Reading beyond the end of a text yields END, which no byte equals; a part
# of a text never reaches beyond it; writing makes room first. What the other files read, they read through these.

from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memchr, memcmp, memcpy, memmove, memset

ctypedef unsigned char byte
ctypedef unsigned int u32
ctypedef unsigned long long u64
ctypedef long long i64

cdef enum:
    END = -1
    CHUNK_BYTES = 1 << 16


cdef struct Text:
    const byte *data
    Py_ssize_t size


cdef inline Text no_text() noexcept nogil:
    cdef Text text
    text.data = NULL
    text.size = 0
    return text


cdef inline Text text_of(const void *data, Py_ssize_t size) noexcept nogil:
    cdef Text text
    text.data = <const byte *>data
    text.size = size if data != NULL and size > 0 else 0
    return text


cdef inline int at(Text text, Py_ssize_t place) noexcept nogil:
    """The byte at a place, END beyond the text."""
    if place < 0 or place >= text.size:
        return END
    return text.data[place]


cdef inline Text part(Text text, Py_ssize_t start, Py_ssize_t end) noexcept nogil:
    """From `start` to before `end`, as far as the text goes."""
    cdef Text found
    if start < 0:
        start = 0
    if end > text.size:
        end = text.size
    if end <= start:
        return no_text()
    found.data = text.data + start
    found.size = end - start
    return found


cdef inline bint equals(Text one, Text other) noexcept nogil:
    return one.size == other.size and (one.size == 0 or memcmp(one.data, other.data, one.size) == 0)


cdef inline bint is_literal(Text text, const char *literal, Py_ssize_t size) noexcept nogil:
    return text.size == size and memcmp(text.data, literal, size) == 0


cdef inline bint starts_with(Text text, Text start) noexcept nogil:
    return text.size >= start.size and (start.size == 0 or memcmp(text.data, start.data, start.size) == 0)


cdef inline bint ends_with(Text text, Text end) noexcept nogil:
    return text.size >= end.size and equals(part(text, text.size - end.size, text.size), end)


cdef inline Py_ssize_t find_byte(Text text, int wanted, Py_ssize_t start) noexcept nogil:
    """Where the byte stands at or after `start`; the text's size when it does not."""
    cdef const byte *found
    if start < 0 or start >= text.size:
        return text.size
    found = <const byte *>memchr(text.data + start, wanted, text.size - start)
    return text.size if found == NULL else found - text.data


cdef inline int lower_byte(int value) noexcept nogil:
    return value + 32 if 65 <= value <= 90 else value


# --- memory that lasts as long as a span


cdef struct Chunk:
    Chunk *following
    Py_ssize_t size
    Py_ssize_t used


cdef struct Arena:
    Chunk *first
    Chunk *current
    bint failed  # there was no memory: what was taken since is not there


cdef inline byte *chunk_bytes(Chunk *chunk) noexcept nogil:
    return <byte *>chunk + sizeof(Chunk)


cdef byte *arena_take(Arena *arena, Py_ssize_t size) noexcept nogil:
    """Room for `size` bytes that stays where it is until `arena_reset`; NULL when there is none."""
    cdef Chunk *chunk = arena.current
    cdef Py_ssize_t wanted
    cdef byte *taken
    if size < 0:
        arena.failed = True
        return NULL
    size = (size + 7) & ~<Py_ssize_t>7
    if chunk == NULL or chunk.size - chunk.used < size:
        wanted = size if size > CHUNK_BYTES else CHUNK_BYTES
        if chunk != NULL and chunk.following != NULL and chunk.following.size >= wanted:
            chunk = chunk.following
            chunk.used = 0
        else:
            chunk = <Chunk *>malloc(sizeof(Chunk) + wanted)
            if chunk == NULL:
                arena.failed = True
                return NULL
            chunk.size = wanted
            chunk.used = 0
            if arena.current == NULL:
                chunk.following = NULL
                arena.first = chunk
            else:
                chunk.following = arena.current.following
                arena.current.following = chunk
        arena.current = chunk
    taken = chunk_bytes(chunk) + chunk.used
    chunk.used += size
    return taken


cdef void arena_reset(Arena *arena) noexcept nogil:
    """Give back everything that was taken; keeps the first chunk, because the next span needs as much."""
    cdef Chunk *chunk
    cdef Chunk *following
    if arena.first == NULL:
        return
    chunk = arena.first.following
    while chunk != NULL:
        following = chunk.following
        free(chunk)
        chunk = following
    arena.first.following = NULL
    arena.first.used = 0
    arena.current = arena.first


cdef void arena_free(Arena *arena) noexcept nogil:
    arena_reset(arena)
    free(arena.first)
    arena.first = NULL
    arena.current = NULL


cdef Text arena_copy(Arena *arena, Text text) noexcept nogil:
    cdef byte *room
    if text.size == 0:
        return no_text()
    room = arena_take(arena, text.size)
    if room == NULL:
        return no_text()
    memcpy(room, text.data, text.size)
    return text_of(room, text.size)


cdef Text arena_lower(Arena *arena, Text text) noexcept nogil:
    """In ASCII only, as names of providers and operations are."""
    cdef byte *room
    cdef Py_ssize_t i
    if text.size == 0:
        return no_text()
    room = arena_take(arena, text.size)
    if room == NULL:
        return no_text()
    for i in range(text.size):
        room[i] = <byte>lower_byte(text.data[i])
    return text_of(room, text.size)


# --- bytes that are being written


cdef struct Out:
    byte *data
    Py_ssize_t size
    Py_ssize_t room
    bint failed  # there was no memory: nothing was written since


cdef inline bint reserve(Out *out, Py_ssize_t more) noexcept nogil:
    """Make room for `more` bytes; False when there is none."""
    cdef Py_ssize_t wanted
    cdef byte *moved
    if out.failed:
        return False
    if out.room - out.size >= more:
        return True
    wanted = out.room + (out.room >> 1) + more + 64
    moved = <byte *>realloc(out.data, wanted)
    if moved == NULL:
        out.failed = True
        return False
    out.data = moved
    out.room = wanted
    return True


cdef inline void put_byte(Out *out, int value) noexcept nogil:
    if reserve(out, 1):
        out.data[out.size] = <byte>value
        out.size += 1


cdef inline void put_bytes(Out *out, const void *data, Py_ssize_t size) noexcept nogil:
    if size > 0 and reserve(out, size):
        memcpy(out.data + out.size, data, size)
        out.size += size


cdef inline void put_text(Out *out, Text text) noexcept nogil:
    put_bytes(out, text.data, text.size)


cdef inline void put_u64(Out *out, u64 value) noexcept nogil:
    put_bytes(out, &value, 8)


cdef inline void put_u32(Out *out, u32 value) noexcept nogil:
    put_bytes(out, &value, 4)


cdef inline void put_varint(Out *out, u64 value) noexcept nogil:
    while value > 127:
        put_byte(out, <int>(value & 127) | 128)
        value >>= 7
    put_byte(out, <int>value)


cdef inline void put_string(Out *out, Text text) noexcept nogil:
    """As ClickHouse's Native format has a String: its size, then its bytes."""
    put_varint(out, <u64>text.size)
    put_text(out, text)


cdef inline Text written(Out *out, Py_ssize_t start) noexcept nogil:
    """What was written since; only until more is."""
    return part(text_of(out.data, out.size), start, out.size)


cdef void out_free(Out *out) noexcept nogil:
    free(out.data)
    memset(out, 0, sizeof(Out))
