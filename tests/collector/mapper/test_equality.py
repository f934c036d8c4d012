"""The compiled mapper and the trace model's SQL, which re-mapping runs over stored rows, make the same columns.

Owns holding the two together: spans are stored as the mapper makes them, mapped again by the SQL, and nothing of any
column may have changed, doubles exactly.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.otlp.validate import check
from spanhouse_collector.storage.prices_tables import load_catalogue
from spanhouse_collector.storage.remap import RemapScope, remap
from tests.collector.mapper.recorded import recorded
from tests.collector.trace_model.hostile_spans import Batch, batches
from tests.otlp_strategies import segments, tried
from tests.tables import Row, Sent, Store, framed


@pytest.fixture(scope="module", autouse=True)
def _priced(open_suite: Store) -> None:
    load_catalogue(open_suite.connection)


def differences(store: Store, segment: bytes) -> list[str]:
    """What mapping again changed."""
    store.truncate()
    store.insert_bytes(TRACES, segment)
    before = stored(store)
    list(remap(store.engine, RemapScope(everything=True)))
    return [f"mapper {one}\nSQL {other}" for one, other in zip(before, stored(store), strict=True) if one != other]


def stored(store: Store) -> list[list[tuple[str, str]]]:
    return sorted(map(described, store.rows("spans")))


def described(row: Row) -> list[tuple[str, str]]:
    """A row with its identity first; `repr` of a double tells it exactly."""
    first = ("received_at", "project", "trace_id", "span_id", "start_time", "name", "attributes")
    return [(name, repr(row[name])) for name in (*first, *row)]


def test_everything_recorded(store: Store) -> None:
    assert differences(store, b"".join(recorded())) == []


@settings(max_examples=5, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(batch=batches())
def test_spans_that_nobody_would_send(open_suite: Store, batch: Batch) -> None:
    payloads = [check(TRACES, request.SerializeToString()).payload for request in batch.requests]
    segment = b"".join(framed(payload, "", number + 1) for number, payload in enumerate(payloads))
    lines = differences(open_suite, segment)
    assert not lines, "\n".join(line[:3000] for line in lines[:3])


@tried(5)
@given(sent=segments("traces"))
def test_any_request_at_all(open_suite: Store, sent: list[Sent]) -> None:
    lines = differences(open_suite, b"".join(each.record(TRACES) for each in sent))
    assert not lines, "\n".join(line[:3000] for line in lines[:3])
