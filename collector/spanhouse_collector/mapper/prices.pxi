# The price rules of a project, provider and model, remembered.
#
# Owns the memory: a slot for each hash, so it is bounded by itself. What it does not remember, `rules_for` is asked,
# which is Python (storage.price_rules).

cdef enum:
    RULE_SIZE = 14  # numbers a rule, in the order of storage.prices_sql.RULE_FIELDS
    PRICE_SLOTS = 4096
    RULES_MAX = 4096  # of one model


cdef struct Rules:
    u64 hash
    byte *key
    Py_ssize_t key_size
    double *numbers
    Py_ssize_t count


cdef void forget_rules(Rules *rules) noexcept nogil:
    free(rules.key)
    free(rules.numbers)
    memset(rules, 0, sizeof(Rules))


cdef bint ask_rules(Mapper m, Rules *rules, Text provider, Text model) noexcept nogil:
    """Fill a slot with what Python knows; False, with the error kept, when it cannot tell."""
    cdef Py_ssize_t i
    with gil:
        try:
            found = m.rules_for(
                m.project.data[: m.project.size].decode("utf-8", "replace") if m.project.size else "",
                provider.data[: provider.size].decode("utf-8", "replace") if provider.size else "",
                model.data[: model.size].decode("utf-8", "replace"),
            )
            rules.count = min(len(found) // RULE_SIZE, RULES_MAX)
            rules.numbers = <double *>malloc((rules.count * RULE_SIZE + 1) * sizeof(double))
            if rules.numbers == NULL:
                raise MemoryError
            for i in range(rules.count * RULE_SIZE):
                rules.numbers[i] = found[i]
        except Exception as error:
            m.error = error
            return False
    return True


cdef Rules *rules_of(Mapper m, Text provider, Text model) noexcept nogil:
    """The rules for the project at hand; NULL when there are none that could be asked for."""
    cdef Path path
    cdef Rules *rules
    cdef u64 hash
    cdef Text key
    provider = arena_lower(&m.arena, provider)
    model = arena_lower(&m.arena, model)
    path.size = 0
    path.cut = False
    path_add(&path, m.project)
    path_add_byte(&path, 0)
    path_add(&path, provider)
    path_add_byte(&path, 0)
    path_add(&path, model)
    key = path_text(&path)
    if key.size == 0:
        return NULL
    hash = hash_of(0, key)
    rules = &m.rules[hash % PRICE_SLOTS]
    if rules.hash == hash and equals(text_of(rules.key, rules.key_size), key):
        return rules
    forget_rules(rules)
    rules.key = <byte *>malloc(key.size)
    if rules.key == NULL:
        m.arena.failed = True
        return NULL
    if not ask_rules(m, rules, provider, model):
        forget_rules(rules)
        return NULL
    memcpy(rules.key, key.data, key.size)
    rules.key_size = key.size
    rules.hash = hash
    return rules
