"""What the mapper promises of any bytes: the same bytes again, siblings of a refused record kept, never a crash."""

from __future__ import annotations

import os
import random
import re

import pytest

from spanhouse_collector.mapper._native import COLUMNS, Mapper
from spanhouse_collector.mapper.tables import no_rules, tables
from tests.builders import make_span, traces
from tests.collector.mapper.recorded import recorded
from tests.tables import Store, framed

MUTATIONS = int(os.environ.get("SPANHOUSE_CHAOS_ROUNDS", "20")) * 200


def mapper() -> Mapper:
    return Mapper(tables(), no_rules)


def test_the_same_segment_makes_the_same_bytes() -> None:
    segment = b"".join(recorded())
    used = mapper()
    first = b"".join(used.map(segment).chunks)
    assert first == b"".join(used.map(segment).chunks) == b"".join(mapper().map(segment).chunks)


def test_an_empty_segment_makes_no_block() -> None:
    mapped = mapper().map(b"")
    assert (mapped.chunks, mapped.rows, mapped.refused) == ([], 0, [])


def test_a_record_that_cannot_be_read_is_told_and_leaves_nothing() -> None:
    good = framed(traces(make_span(name="good")).SerializeToString())
    # Behind a whole span, a span whose length goes beyond its message.
    bad = framed(traces(make_span(name="bad")).SerializeToString() + b"\x0a\x04\x12\x02\x12\x7f")
    mapped = mapper().map(good + bad + good)
    assert (mapped.rows, mapped.refused) == (2, [1])
    assert b"".join(mapped.chunks) == b"".join(mapper().map(good + good).chunks)
    assert b"bad" not in b"".join(mapped.chunks)


def test_a_segment_that_ends_within_a_record_keeps_the_records_before() -> None:
    record = framed(traces(make_span()).SerializeToString())
    mapped = mapper().map(record + record[:-20])
    assert (mapped.rows, mapped.refused) == (1, [1])


def test_an_error_of_the_prices_is_told_and_the_mapper_goes_on() -> None:
    answers = iter([RuntimeError("no prices")])

    def rules_for(project: str, provider: str, model: str) -> tuple[float, ...]:
        for error in answers:
            raise error
        return ()

    used = Mapper(tables(), rules_for)
    with pytest.raises(RuntimeError, match="no prices"):
        used.map(b"".join(recorded()))
    assert used.map(b"".join(recorded())).rows


def test_a_list_of_very_many_tags_costs_no_more_than_its_length() -> None:
    """Looking through the list for each of its elements would take minutes."""
    tags = ",".join(f"tag-{number}" for number in range(200_000))
    span = make_span(attributes={"langfuse.trace.tags": f"{tags},{tags}", "langfuse.tags": tags})
    mapped = mapper().map(framed(traces(span).SerializeToString()))
    assert mapped.rows == 1
    assert b"".join(mapped.chunks).count(b"\x05tag-7\x05tag-8") == 1


def test_columns_are_those_of_the_table(store: Store) -> None:
    rows = store.connection.query(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'spans' "
        "AND default_kind != 'ALIAS'"
    ).rows
    types = {str(name): re.sub(r"LowCardinality\((\w+)\)", r"\1", str(kind)) for name, kind in rows}
    made_by_the_table = {"pending_span_id", "pending_parent_span_id", "is_superseded"}
    assert dict(COLUMNS) == {name: kind for name, kind in types.items() if name not in made_by_the_table}


def test_mutated_records_are_mapped_or_refused() -> None:
    """Bytes changed, cut and doubled inside records whose envelopes are whole: what is read must stay inside."""
    rng = random.Random(7)
    requests = [record[record.index(b"\x32", 40) :] for record in recorded()]
    used = mapper()
    refused = 0
    for _ in range(MUTATIONS):
        payload = bytearray(rng.choice(requests)[3:])
        for _ in range(rng.randint(1, 4)):
            place, size = rng.randrange(len(payload)), rng.choice((1, 1, 1, 4, 30))
            kind = rng.randrange(4)
            if kind == 0:
                payload[place : place + size] = rng.randbytes(min(size, len(payload) - place))
            elif kind == 1:
                payload[place] = rng.choice((0, 1, 0x22, 0x5B, 0x5C, 0x7B, 0x7F, 0x80, 0xFF))
            elif kind == 2:
                payload[place:place] = payload[place : place + size]
            else:
                del payload[place : place + min(size, len(payload) - 1)]
        refused += len(used.map(framed(bytes(payload))).refused)
    assert 0 < refused < MUTATIONS
