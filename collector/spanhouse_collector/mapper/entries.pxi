# The span's known values: found once, the best of each target remembered.
#
# Owns where values stand (under keys of their own, with an index, in events, inside JSON), which stand for nothing, and
# which of a target's values is best: the one whose key comes first in the vocabulary, then the one that was sent first;
# a zero comes after every other number. Short values become entries, content (`words.pxi` reads it) becomes texts.

cdef struct Entry:
    u32 order
    Text value  # as it counts; entries that stand for nothing are not kept
    double number


cdef struct Entries:
    Entry *data
    Py_ssize_t size
    Py_ssize_t room


cdef struct Best:
    # Which entry is a target's best so far: its place, from 1, and its rank.
    Py_ssize_t place
    u32 rank


cdef struct Inside:
    # JSON whose members are wanted, and the key they stand under.
    Path path
    Text json
    int separator


cdef struct Insides:
    Inside *data
    Py_ssize_t size
    Py_ssize_t room


cdef Entry *entries_add(Mapper m, Entries *entries) noexcept nogil:
    cdef Entry *moved
    cdef Py_ssize_t room
    if entries.size == entries.room:
        room = entries.room * 2 + 64
        moved = <Entry *>realloc(entries.data, room * sizeof(Entry))
        if moved == NULL:
            m.arena.failed = True
            return NULL
        entries.data = moved
        entries.room = room
    entries.size += 1
    return &entries.data[entries.size - 1]


cdef Text without_quotes(Text value) noexcept nogil:
    """Without the quotes that JSON puts around a name."""
    if value.size > 1 and at(value, 0) == c'"' and at(value, value.size - 1) == c'"':
        return part(value, 1, value.size - 1)
    return value


cdef void add_entry(Mapper m, u32 order, Text text) noexcept nogil:
    """A short value, unless it stands for nothing; its key tells a dialect in either case."""
    cdef Text value = without_quotes(text)
    cdef double number = NO_NUMBER
    cdef u32 rank = order, target
    cdef Entry *entry
    if order < m.orders_end:
        m.dialect_told[m.dialect_of_order[order]] = True
    if order < PRIORITIES or value.size == 0:
        return
    if order >= m.first_number:
        number = number_in(value)
        if not (0 <= number < COUNT_LIMIT):
            return
        if number == 0:
            rank += ZERO_PENALTY
    elif value.size <= m.placeholder_longest and lowered_in(m, m.list_placeholder, value).size:
        return
    elif starts_with(text, m.scrubbed_prefix):
        return
    entry = entries_add(m, &m.entries)
    if entry == NULL:
        return
    entry.order = order
    entry.value = value
    entry.number = number
    target = order // PRIORITIES
    if target < TARGETS_MAX and (m.best[target].place == 0 or rank < m.best[target].rank):
        m.best[target].place = m.entries.size
        m.best[target].rank = rank


cdef void add_words(Mapper m, u32 order, Text text) noexcept nogil:
    """Content, unless it stands for none."""
    cdef Entry *entry
    cdef u32 target = order // PRIORITIES
    if text.size == 0 or text_in(m, m.list_no_content, text).size:
        return
    entry = entries_add(m, &m.words)
    if entry == NULL:
        return
    entry.order = order
    entry.value = text
    if target < TARGETS_MAX and (m.best[target].place == 0 or order < m.best[target].rank):
        m.best[target].place = m.words.size
        m.best[target].rank = order


cdef inline void add_value(Mapper m, u32 order, Text text) noexcept nogil:
    if order >= m.first_text:
        add_words(m, order, text)
    elif order >= PRIORITIES:
        add_entry(m, order, text)


cdef Text with_index_signs(Path *path, Text key) noexcept nogil:
    """A key with `#` for each index of up to four digits between dots; of two that touch, the first."""
    cdef Py_ssize_t place = 0, end
    path.size = 0
    path.cut = False
    while place < key.size:
        if at(key, place) == c'.':
            end = place + 1
            while end - place <= 4 and is_digit(at(key, end)):
                end += 1
            if end > place + 1 and (at(key, end) == c'.' or end == key.size):
                path_add_byte(path, c'.')
                path_add_byte(path, c'#')
                if end < key.size:
                    path_add_byte(path, c'.')
                place = end + 1
                continue
        path_add_byte(path, at(key, place))
        place += 1
    return path_text(path)


cdef Text first_two(Text key) noexcept nogil:
    """Up to before the second dot."""
    cdef Py_ssize_t dot = find_byte(key, c'.', 0)
    return part(key, 0, find_byte(key, c'.', dot + 1))


cdef void find_entries(Mapper m) noexcept nogil:
    """All known values of the span at hand, in the order that decides between equals."""
    cdef Py_ssize_t i
    cdef u32 order
    cdef Pair *pair
    cdef Path path
    cdef bint indexed = False, shared = False, json = False
    if not reserve_orders(m, m.attributes):
        return
    for i in range(m.attributes):
        pair = &m.pairs.data[i]
        order = order_of(m, pair.key)
        m.orders[i] = order
        if order:
            add_value(m, order & ORDER_MASK, pair.value)
            shared = shared or order & SHARED
            json = json or order & BLOB
        elif order_of(m, first_two(pair.key)) & BRANCH:
            indexed = True
    if indexed:
        for i in range(m.attributes):
            pair = &m.pairs.data[i]
            if m.orders[i] == 0 and order_of(m, first_two(pair.key)) & BRANCH:
                add_value(m, order_of(m, with_index_signs(&path, pair.key)), pair.value)
    find_in_events(m)
    if shared:
        for i in range(m.attributes):
            if m.orders[i] & SHARED:
                add_value(m, m.second_of_order[m.orders[i] & ORDER_MASK], m.pairs.data[i].value)
    if json:
        find_members(m)


cdef bint reserve_orders(Mapper m, Py_ssize_t size) noexcept nogil:
    cdef u32 *moved
    if size <= m.orders_room:
        return True
    moved = <u32 *>realloc(m.orders, 2 * size * sizeof(u32))
    if moved == NULL:
        m.arena.failed = True
        return False
    m.orders = moved
    m.orders_room = 2 * size
    return True


cdef void find_in_events(Mapper m) noexcept nogil:
    cdef Py_ssize_t i, j, name_end
    cdef Path path
    cdef Event *event
    for i in range(m.events.size):
        event = &m.events.data[i]
        path.size = 0
        path.cut = False
        path_add(&path, m.event_prefix)
        path_add(&path, event.name)
        if order_of(m, path_text(&path)) == 0:
            continue
        path_add_byte(&path, c'#')
        name_end = path.size
        for j in range(event.first_pair, event.end_pair):
            path.size = name_end
            path_add(&path, m.pairs.data[j].key)
            add_value(m, order_of(m, path_text(&path)), m.pairs.data[j].value)
            path.cut = False


cdef void add_inside(Mapper m, Path *path, Text json, int separator) noexcept nogil:
    cdef Inside *moved
    cdef Py_ssize_t room
    if m.insides.size == m.insides.room:
        room = m.insides.room * 2 + 8
        moved = <Inside *>realloc(m.insides.data, room * sizeof(Inside))
        if moved == NULL:
            m.arena.failed = True
            return
        m.insides.data = moved
        m.insides.room = room
    memcpy(&m.insides.data[m.insides.size].path, path, sizeof(Path))
    m.insides.data[m.insides.size].json = json
    m.insides.data[m.insides.size].separator = separator
    m.insides.size += 1


cdef Text first_element(Text json) noexcept nogil:
    """Of a checked list."""
    cdef Walk walk = walk_of(json)
    return walk.value if walk_on(&walk) else no_text()


cdef Text python_as_json(Mapper m, Text text) noexcept nogil:
    """Python's repr of a dict as JSON."""
    cdef Py_ssize_t place = 0
    cdef int found
    m.scratch.size = 0
    while place < text.size:
        found = at(text, place)
        if found == c"'":
            put_byte(&m.scratch, c'"')
            place += 1
        elif found == c'N' and is_literal(part(text, place, place + 4), "None", 4):
            put_bytes(&m.scratch, <const char *>"null", 4)
            place += 4
        elif found == c'T' and is_literal(part(text, place, place + 4), "True", 4):
            put_bytes(&m.scratch, <const char *>"true", 4)
            place += 4
        elif found == c'F' and is_literal(part(text, place, place + 5), "False", 5):
            put_bytes(&m.scratch, <const char *>"false", 5)
            place += 5
        else:
            put_byte(&m.scratch, found)
            place += 1
    return arena_copy(&m.arena, written(&m.scratch, 0))


cdef Text object_in(Mapper m, Text text, bint top) noexcept nogil:
    """The checked JSON object in a text: itself, the first of a list, at the top one in a string or Python's repr."""
    cdef int found = at(text, 0)
    if top and found == c'{' and at(text, 1) == c"'":
        text = python_as_json(m, text)
    if not is_json(text):
        return no_text()
    if found == c'[':
        text = first_element(text)
    elif top and found == c'"':
        text = text_of_value(m, text)
        if not is_json(text):
            return no_text()
    return text if at(text, skip_blanks(text, 0)) == c'{' else no_text()


cdef void add_bucket(Mapper m, Path *path, Text value) noexcept nogil:
    """A part of Langfuse's usage or cost, of which the sum counts."""
    cdef Text key = path_text(path)
    cdef double number = number_in(value)
    cdef int i
    if not (0 < number < COUNT_LIMIT):
        return
    if starts_with(key, m.cost_prefix):
        m.cost_buckets += number
    if not starts_with(key, m.usage_prefix):
        return
    key = part(key, m.usage_prefix.size, key.size)
    for i in range(2):
        if starts_with(key, m.no_bucket[i]):
            return
    if starts_with(key, text_of(<const char *>"input_", 6)) or starts_with(key, text_of(<const char *>"cache_", 6)):
        m.input_buckets += number
    elif starts_with(key, text_of(<const char *>"output_", 7)):
        m.output_buckets += number


cdef void find_members(Mapper m) noexcept nogil:
    """Wanted members of JSON objects, level by level."""
    cdef Py_ssize_t i, done = 0, prefix_end
    cdef Path path
    cdef Text value
    cdef Walk walk
    cdef u32 order
    cdef bint buckets
    m.insides.size = 0
    for i in range(m.attributes):
        if m.orders[i] & BLOB:
            value = object_in(m, m.pairs.data[i].value, True)
            if value.size:
                path.size = 0
                path.cut = False
                path_add(&path, m.pairs.data[i].key)
                add_inside(m, &path, value, c'#')
    while done < m.insides.size:
        memcpy(&path, &m.insides.data[done].path, sizeof(Path))
        walk = walk_of(m.insides.data[done].json)
        path_add_byte(&path, m.insides.data[done].separator)
        prefix_end = path.size
        buckets = starts_with(path_text(&path), m.usage_prefix) or starts_with(path_text(&path), m.cost_prefix)
        done += 1
        while walk_on(&walk):
            if at(walk.value, 0) == c'n':  # null says nothing, not even whose key it is
                continue
            path.size = prefix_end
            path.cut = False
            path_add(&path, key_of(m, walk.key))
            order = order_of(m, path_text(&path))
            if order == 0 and not buckets:
                continue
            value = text_of_value(m, walk.value)
            add_entry(m, order & ORDER_MASK, value)
            if buckets:
                add_bucket(m, &path, value)
            if order & BRANCH and not path.cut:
                value = object_in(m, value, False)
                if value.size:
                    add_inside(m, &path, value, c'.')


# --- what the rules ask


cdef inline bint is_there(Mapper m, int target) noexcept nogil:
    return m.best[target].place != 0


cdef inline Text best_of(Mapper m, int target) noexcept nogil:
    """The best value of a target, nothing for none."""
    return m.entries.data[m.best[target].place - 1].value if m.best[target].place else no_text()


cdef inline double number_of(Mapper m, int target) noexcept nogil:
    """The best number of a target, NO_NUMBER for none."""
    return m.entries.data[m.best[target].place - 1].number if m.best[target].place else NO_NUMBER


cdef inline u32 precedence_of(Mapper m, int target) noexcept nogil:
    """Which of a target's sources gave its best value, from 0; a number that none has where there is no value."""
    return m.entries.data[m.best[target].place - 1].order % PRIORITIES if m.best[target].place else PRIORITIES


cdef inline bint is_of(u32 order, int target) noexcept nogil:
    return order // PRIORITIES == <u32>target
