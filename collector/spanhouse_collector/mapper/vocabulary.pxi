# The vocabulary as two hash tables: known keys with their orders, and texts that stand for other texts, list by list.
#
# Owns finding. What stands in the tables is made in Python (`mapper.tables`) and kept alive here; it never changes.

cdef struct Slot:
    u64 hash
    int list
    Text key
    Text value
    u32 order


cdef inline u64 hash_of(int number, Text key) noexcept nogil:
    cdef u64 found = <u64>14695981039346656037U ^ <u64>number
    cdef Py_ssize_t i
    for i in range(key.size):
        found = (found ^ key.data[i]) * <u64>1099511628211U
    return found ^ (found >> 32)


cdef class Table:
    """Keys of numbered lists; each with a text and a number. Filled once, from `(list, key, value, order)`."""

    cdef Slot *slots
    cdef u64 mask
    cdef Py_ssize_t longest
    cdef object kept

    def __cinit__(self, rows):
        cdef u64 room = 16
        cdef u64 place
        cdef Slot *slot
        while room < 4 * <u64>len(rows):
            room *= 2
        self.slots = <Slot *>calloc(room, sizeof(Slot))
        if self.slots == NULL:
            raise MemoryError
        self.mask = room - 1
        self.longest = 0
        self.kept = [(number, key.encode(), value.encode(), order) for number, key, value, order in rows]
        for number, key, value, order in self.kept:
            text = text_of(<const char *>key, len(key))
            place = hash_of(number, text) & self.mask
            while self.slots[place].list != 0:
                place = (place + 1) & self.mask
            slot = &self.slots[place]
            slot.hash = hash_of(number, text)
            slot.list = number
            slot.key = text
            slot.value = text_of(<const char *>value, len(value))
            slot.order = order
            self.longest = max(self.longest, text.size)

    def __dealloc__(self):
        free(self.slots)

    cdef Slot *find(self, int number, Text key) noexcept nogil:
        """The row of a key, NULL when the list does not have it."""
        cdef u64 found, place
        if key.size > self.longest:
            return NULL
        found = hash_of(number, key)
        place = found & self.mask
        while self.slots[place].list != 0:
            if self.slots[place].hash == found and self.slots[place].list == number and equals(self.slots[place].key, key):
                return &self.slots[place]
            place = (place + 1) & self.mask
        return NULL


cdef inline u32 order_of(Mapper m, Text key) noexcept nogil:
    """A key's order and flags, 0 for a key that nobody knows."""
    cdef Slot *slot = m.keys.find(KEYS, key)
    return 0 if slot == NULL else slot.order


cdef inline Text text_in(Mapper m, int number, Text key) noexcept nogil:
    """The text that a list has for a text, nothing for none."""
    cdef Slot *slot = m.texts.find(number, key)
    return no_text() if slot == NULL else slot.value


cdef inline Text lowered_in(Mapper m, int number, Text key) noexcept nogil:
    """The same without regard to ASCII case."""
    cdef byte[256] lowered
    cdef Py_ssize_t i
    if key.size > 256:
        return no_text()
    for i in range(key.size):
        lowered[i] = <byte>lower_byte(key.data[i])
    return text_in(m, number, text_of(lowered, key.size))


cdef struct Path:
    # A key that is put together of parts; one that is longer than any known key is cut off and matches none.
    byte[512] data
    Py_ssize_t size
    bint cut


cdef inline void path_add(Path *path, Text text) noexcept nogil:
    if path.size + text.size > 512:
        path.cut = True
    elif text.size:
        memcpy(&path.data[path.size], text.data, text.size)
        path.size += text.size


cdef inline void path_add_byte(Path *path, int value) noexcept nogil:
    if path.size >= 512:
        path.cut = True
    else:
        path.data[path.size] = <byte>value
        path.size += 1


cdef inline Text path_text(Path *path) noexcept nogil:
    return no_text() if path.cut else text_of(path.data, path.size)
