# cython: language_level=3, boundscheck=True, wraparound=False, cdivision=True, initializedcheck=False
"""From a segment of the log to rows: the compiled half of the mapper.

Owns what a mapper is: its tables, the memory it works in, and that a refused record leaves nothing behind. The files it
includes own the rest, each one idea, from the bytes (`text.pxi`) up to the row. All of it is plain C without the GIL;
where a function says whether it could, it returns that, and a reader that met something impossible stands at the end.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize

cdef class Mapper

include "text.pxi"
include "numbers.pxi"
include "wire.pxi"

cdef enum:
    KEYS = 1  # the list of the table of keys
    PRIORITIES = 1024  # as in model.span_sql.keys
    ZERO_PENALTY = 512
    TARGETS_MAX = 128
    RANKS_MAX = 512
    RANKED_MAX = 64
    PAIRS_MAX = 64
    MODEL_BYTES_MAX = 256  # longer than any name
    SHARED = 1 << 29
    BLOB = 1 << 30
    ORDER_MASK = (1 << 29) - 1

cdef u32 BRANCH = <u32>1 << 31
cdef u64 TIME_MAX = 9223372036854775807
cdef u64 COUNT_MAX = 4294967295

include "json_check.pxi"
include "json.pxi"
include "vocabulary.pxi"
include "values.pxi"
include "entries.pxi"
include "rules.pxi"
include "usage.pxi"
include "words.pxi"
include "prices.pxi"
include "block.pxi"
include "segment.pxi"
include "row.pxi"


class Mapped:
    """What became of a segment: the rows as a block of the Native format, and the records that could not be read."""

    def __init__(self, chunks, rows, refused):
        self.chunks = chunks
        self.rows = rows
        self.refused = refused


cdef class Mapper:
    """Maps segments of traces; for one thread at a time. `tables` is `mapper.tables.Tables`."""

    cdef Table keys
    cdef Table texts
    cdef object kept
    cdef object rules_for
    cdef object error
    # targets
    cdef int span_type, vector_search, db_system, guardrail_name, component_type, operation, provider, request_model
    cdef int response_model, other_model, response_id, server_address, session_id, user_id, agent_name, own_name
    cdef int tool_name, prompt_name, tags, finish_reasons, error_type, success, level, level_number, tool_error
    cdef int logfire_span_type, first_chunk_time, input_tokens, output_tokens, total_tokens, cache_read_input_tokens
    cdef int cache_write_input_tokens, reasoning_output_tokens, cost_usd, input_cost_usd, output_cost_usd
    cdef int raw_input_tokens, ttft, system_text, input_messages, input_pieces, input_plain, output_messages
    cdef int output_pieces, output_plain
    # lists
    cdef int list_span_name, list_name_operation, list_operation, list_provider, list_canonical, list_head
    cdef int list_framework, list_agent_service, list_dialect_framework, list_finish, list_scope, list_whole_scope
    cdef int list_host, list_vector, list_placeholder, list_no_content
    cdef int[RANKS_MAX] rank_list
    cdef bint[RANKS_MAX] rank_is_vector, rank_is_milliseconds, rank_is_raw_cache, rank_is_raw_input
    cdef bint[RANKS_MAX] rank_is_metadata_cache
    cdef u32 rank_langfuse, rank_server_ttft
    cdef u32 first_number, first_text, orders_end
    cdef Py_ssize_t placeholder_longest
    cdef unsigned short *dialect_of_order
    cdef u32 *second_of_order
    cdef Text[256] dialect_names
    cdef bint[256] dialect_told
    cdef int dialect_count, dialect_weave, dialect_openlit
    cdef Text[PAIRS_MAX] component_ends, component_types, model_starts, model_providers, tool_prefixes
    cdef Text[PAIRS_MAX] first_chunk_names, summing_scopes, project_keys
    cdef int component_count, model_start_count, tool_prefix_count, first_chunk_count, summing_count, project_key_count
    cdef Text scrubbed_prefix, event_prefix, usage_prefix, cost_prefix, default_project
    cdef Text[2] no_bucket
    cdef u32 mapping_version
    # the record, resource and scope at hand
    cdef Text project, request_project, service_name, resource_schema_url, session_of_resource, user_of_resource
    cdef Text scope_name, scope_version, scope_schema_url, scope_dialect
    cdef u32 resource_dropped, scope_dropped
    cdef u64 received_unix_nano
    cdef bint scope_is_summing
    cdef Pairs resource_pairs, scope_pairs
    cdef Rendered resource_rendered, scope_rendered
    # the span at hand
    cdef Pairs pairs  # its attributes, then those of its events, then those of its links
    cdef Py_ssize_t attributes
    cdef Events events
    cdef Links links
    cdef Entries entries, words
    cdef Insides insides
    cdef Best[TARGETS_MAX] best
    cdef Py_ssize_t[RANKED_MAX] ranked_places
    cdef u32 *orders
    cdef Py_ssize_t orders_room
    cdef double input_buckets, output_buckets, cost_buckets
    cdef u64 first_chunk_event
    cdef Arena arena, outer
    cdef Out scratch, scratch_string, lines
    cdef Block block
    cdef Marks marks
    cdef Rules *rules

    def __cinit__(self, tables, rules_for):
        self.rules = <Rules *>calloc(PRICE_SLOTS, sizeof(Rules))
        self.dialect_of_order = <unsigned short *>calloc(tables.orders_end, sizeof(unsigned short))
        self.second_of_order = <u32 *>calloc(tables.orders_end, sizeof(u32))
        if self.rules == NULL or self.dialect_of_order == NULL or self.second_of_order == NULL:
            raise MemoryError

    def __init__(self, tables, rules_for):
        self.kept = []
        self.rules_for = rules_for
        self._set_targets(tables.targets)
        self._set_lists(tables)
        self._set_ranks(tables)
        self._set_dialects(tables)
        for order, second in tables.second.items():
            self.second_of_order[<u32>order] = second
        self.component_count = self._pairs(tables.component_types, self.component_ends, self.component_types)
        self.model_start_count = self._pairs(tables.model_providers, self.model_starts, self.model_providers)
        self.tool_prefix_count = self._texts(tables.tool_prefixes, self.tool_prefixes)
        self.first_chunk_count = self._texts(tables.first_chunk_events, self.first_chunk_names)
        self.summing_count = self._texts(tables.summing_scopes, self.summing_scopes)
        self.project_key_count = self._texts(tables.project_attributes, self.project_keys)
        self.scrubbed_prefix = self._text(tables.scrubbed_prefix)
        self.event_prefix = self._text(tables.event_prefix)
        self.usage_prefix = self._text(tables.usage_prefix)
        self.cost_prefix = self._text(tables.cost_prefix)
        self.default_project = self._text(tables.default_project)
        self._texts(tables.no_buckets, self.no_bucket)
        self.placeholder_longest = tables.placeholder_longest
        self.first_number, self.first_text = tables.first_number, tables.first_text
        self.orders_end = tables.orders_end
        self.mapping_version = tables.mapping_version

    def __dealloc__(self):
        self.forget_prices()
        free(self.rules)
        free(self.dialect_of_order)
        free(self.second_of_order)
        free(self.orders)
        free(self.pairs.data)
        free(self.resource_pairs.data)
        free(self.scope_pairs.data)
        free(self.events.data)
        free(self.links.data)
        free(self.entries.data)
        free(self.words.data)
        free(self.insides.data)
        arena_free(&self.arena)
        arena_free(&self.outer)
        out_free(&self.scratch)
        out_free(&self.scratch_string)
        out_free(&self.lines)
        for rendered in (0, 1):
            out_free(&(self.scope_rendered if rendered else self.resource_rendered).keys)
            out_free(&(self.scope_rendered if rendered else self.resource_rendered).values)
            out_free(&(self.scope_rendered if rendered else self.resource_rendered).types)
        block_free(&self.block)

    cdef Text _text(self, str text):
        raw = text.encode()
        self.kept.append(raw)
        return text_of(PyBytes_AS_STRING(raw), len(raw))

    cdef int _texts(self, texts, Text *places) except -1:
        assert len(texts) <= PAIRS_MAX
        for place, text in enumerate(texts):
            places[<Py_ssize_t>place] = self._text(text)
        return len(texts)

    cdef int _pairs(self, pairs, Text *firsts, Text *seconds) except -1:
        self._texts([first for first, _ in pairs], firsts)
        return self._texts([second for _, second in pairs], seconds)

    def _set_targets(self, targets):
        assert max(targets.values()) < TARGETS_MAX
        self.span_type = targets["span_type"]
        self.vector_search = targets["vector_search"]
        self.db_system = targets["db_system"]
        self.guardrail_name = targets["guardrail_name"]
        self.component_type = targets["component_type"]
        self.operation = targets["operation"]
        self.provider = targets["provider"]
        self.request_model = targets["request_model"]
        self.response_model = targets["response_model"]
        self.other_model = targets["other_model"]
        self.response_id = targets["response_id"]
        self.server_address = targets["server_address"]
        self.session_id = targets["session_id"]
        self.user_id = targets["user_id"]
        self.agent_name = targets["agent_name"]
        self.own_name = targets["own_name"]
        self.tool_name = targets["tool_name"]
        self.prompt_name = targets["prompt_name"]
        self.tags = targets["tags"]
        self.finish_reasons = targets["finish_reasons"]
        self.error_type = targets["error_type"]
        self.success = targets["success"]
        self.level = targets["level"]
        self.level_number = targets["level_number"]
        self.tool_error = targets["tool_error"]
        self.logfire_span_type = targets["logfire_span_type"]
        self.first_chunk_time = targets["first_chunk_time"]
        self.input_tokens = targets["input_tokens"]
        self.output_tokens = targets["output_tokens"]
        self.total_tokens = targets["total_tokens"]
        self.cache_read_input_tokens = targets["cache_read_input_tokens"]
        self.cache_write_input_tokens = targets["cache_write_input_tokens"]
        self.reasoning_output_tokens = targets["reasoning_output_tokens"]
        self.cost_usd = targets["cost_usd"]
        self.input_cost_usd = targets["input_cost_usd"]
        self.output_cost_usd = targets["output_cost_usd"]
        self.raw_input_tokens = targets["raw_input_tokens"]
        self.ttft = targets["ttft_ns"]
        self.system_text = targets["system_instructions"]
        self.input_messages = targets["input_messages"]
        self.input_pieces = targets["input_pieces"]
        self.input_plain = targets["input"]
        self.output_messages = targets["output_messages"]
        self.output_pieces = targets["output_pieces"]
        self.output_plain = targets["output"]

    def _set_lists(self, tables):
        lists = tables.lists
        self.keys = Table([(KEYS, key, "", order) for key, order in tables.keys.items()])
        self.texts = Table([(lists[name], key, value, 0) for name, key, value in tables.texts])
        self.list_span_name = lists["span name"]
        self.list_name_operation = lists["name operation"]
        self.list_operation = lists["operation"]
        self.list_provider = lists["provider"]
        self.list_canonical = lists["canonical"]
        self.list_head = lists["head"]
        self.list_framework = lists["framework"]
        self.list_agent_service = lists["agent service"]
        self.list_dialect_framework = lists["dialect framework"]
        self.list_finish = lists["finish"]
        self.list_scope = lists["scope"]
        self.list_whole_scope = lists["whole scope"]
        self.list_host = lists["host"]
        self.list_vector = lists["vector"]
        self.list_placeholder = lists["placeholder"]
        self.list_no_content = lists["no content"]

    def _set_ranks(self, tables):
        for rank, name in enumerate(tables.type_groups):
            self.rank_list[<int>rank] = tables.lists[f"type {name}"]
            self.rank_is_vector[<int>rank] = name == tables.vector_group
        self.rank_langfuse = tables.type_groups.index("langfuse")
        for rank in tables.ranks_of_milliseconds:
            self.rank_is_milliseconds[<int>rank] = True
        for rank in tables.ranks_of_raw_cache:
            self.rank_is_raw_cache[<int>rank] = True
        for rank in tables.ranks_of_raw_input:
            self.rank_is_raw_input[<int>rank] = True
        for rank in tables.ranks_of_metadata_cache:
            self.rank_is_metadata_cache[<int>rank] = True
        self.rank_server_ttft = tables.rank_server_ttft

    def _set_dialects(self, tables):
        names = tables.dialect_names  # sorted, '' first
        assert len(names) <= 256
        self.dialect_count = len(names)
        for place, name in enumerate(names):
            self.dialect_names[<int>place] = self._text(name)
        for order, name in tables.dialects.items():
            self.dialect_of_order[<u32>order] = names.index(name)
        self.dialect_weave = names.index("weave")
        self.dialect_openlit = names.index("openlit")

    def forget_prices(self):
        """Ask for every price anew."""
        cdef int i
        if self.rules != NULL:
            for i in range(PRICE_SLOTS):
                forget_rules(&self.rules[i])

    def map(self, segment):
        """Rows of a segment's bytes: `Mapped`, its `refused` the places of records that could not be read.

        Raises:
            MemoryError: there is not enough; nothing is kept.
            Exception: what asking for prices raised.

        """
        cdef const byte[::1] view = segment
        cdef Text text
        cdef bint ended
        cdef list refused = []
        cdef Py_ssize_t index = 0
        cdef int result
        cdef Reader records
        if view.shape[0] == 0:
            return Mapped([], 0, refused)
        text = text_of(&view[0], view.shape[0])
        records = reader_of(text)
        self.error = None
        block_free(&self.block)
        try:
            while records.place < text.size:
                with nogil:
                    mark(&self.block, &self.marks)
                    result = map_record(self, &records)
                if self.error is not None:
                    raise self.error
                if self.arena.failed or self.outer.failed or self.scratch.failed or self.scratch_string.failed \
                        or self.lines.failed or has_failed(&self.block):
                    raise MemoryError("no memory to map a segment")
                if not result:
                    go_back(&self.block, &self.marks)
                    refused.append(index)
                index += 1
            rows = self.block.rows
            return Mapped(block_chunks(&self.block), rows, refused)
        finally:
            self.error = None
            self.arena.failed = self.outer.failed = False
            self.scratch.failed = self.scratch_string.failed = self.lines.failed = False
            arena_reset(&self.arena)
            arena_reset(&self.outer)
            block_free(&self.block)
