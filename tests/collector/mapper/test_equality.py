"""The compiled mapper makes the rows that the chain of views makes: every column, doubles exactly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from spanhouse_collector.mapper._native import COLUMNS, Mapper
from spanhouse_collector.mapper.tables import tables
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.otlp.validate import check
from spanhouse_collector.storage.engine import quoted
from spanhouse_collector.storage.prices_sql import CostOperands, found_rules, listed_rules
from spanhouse_collector.storage.prices_tables import load_catalogue
from spanhouse_collector.storage.writer import EXACT_SETTINGS
from tests.collector.mapper.recorded import recorded
from tests.collector.trace_model.hostile_spans import Batch, batches
from tests.otlp_strategies import segments, tried
from tests.tables import Sent, Store, framed, read_rows


@pytest.fixture(scope="module", autouse=True)
def _priced(open_suite: Store) -> None:
    load_catalogue(open_suite.connection)


def differences(store: Store, segment: bytes, tmp: str) -> list[str]:
    """Where the two differ, for a segment that both map."""

    @cache
    def rules_for(project: str, provider: str, model: str) -> Sequence[float]:
        named = {"project": project, "provider": provider, "model": model}
        one = "toNullable(toUInt64(1))"
        operands = CostOperands(
            **{name: f"materialize({quoted(text)})" for name, text in named.items()},
            input_tokens=one,
            output_tokens=one,
        )
        inner = f"(SELECT {listed_rules(operands)} AS listed)"
        rules: Sequence[float] = store.value(f"SELECT {found_rules(operands, listed='listed')} FROM {inner}")
        return rules

    store.truncate()
    store.connection.execute("CREATE TABLE IF NOT EXISTS spans_mapped AS spans")
    store.connection.execute("TRUNCATE TABLE spans_mapped SYNC")
    store.insert_bytes(TRACES, segment)
    mapped = Mapper(tables(), rules_for).map(segment)
    assert mapped.refused == []
    assert mapped.rows == store.count("spans")
    with open(tmp, "wb") as file:
        file.writelines(mapped.chunks)
    columns = ", ".join(f"`{name}`" for name, _ in COLUMNS)
    if mapped.rows:
        store.connection.execute(
            f"INSERT INTO spans_mapped ({columns}) FROM INFILE {quoted(tmp)} FORMAT Native", EXACT_SETTINGS
        )
    pairs = zip(*(sorted(map(repr_of, read_rows(store.connection, t))) for t in ("spans", "spans_mapped")), strict=True)
    return [f"chain {one}\nmapper {other}" for one, other in pairs if one != other]


def repr_of(row: dict[str, object]) -> list[tuple[str, str]]:
    """A row with its identity first; `repr` of a double tells it exactly."""
    first = ("received_at", "project", "trace_id", "span_id", "start_time", "name", "attributes")
    return [(name, repr(row[name])) for name in (*first, *row)]


def test_everything_recorded(store: Store, tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert differences(store, b"".join(recorded()), str(tmp_path / "block")) == []


@settings(max_examples=12, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))
@given(batch=batches())
def test_spans_that_nobody_would_send(open_suite: Store, tmp_path_factory, batch: Batch) -> None:  # type: ignore[no-untyped-def]
    payloads = [check(TRACES, request.SerializeToString()).payload for request in batch.requests]
    segment = b"".join(framed(payload, "", number + 1) for number, payload in enumerate(payloads))
    lines = differences(open_suite, segment, str(tmp_path_factory.mktemp("mapper") / "block"))
    assert not lines, "\n".join(line[:3000] for line in lines[:3])


@tried(15)
@given(sent=segments("traces"))
def test_any_request_at_all(open_suite: Store, tmp_path_factory, sent: list[Sent]) -> None:  # type: ignore[no-untyped-def]
    segment = b"".join(each.record(TRACES) for each in sent)
    lines = differences(open_suite, segment, str(tmp_path_factory.mktemp("mapper") / "block"))
    assert not lines, "\n".join(line[:3000] for line in lines[:3])
