"""Each dialect's keys give the columns they should, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from spanhouse_collector.otlp.signals import TRACES
from tests.builders import any_value, make_span, traces
from tests.collector.trace_model import context_cases, dialect_cases
from tests.collector.trace_model.dialect_cases import Case
from tests.tables import Store

CASES = (
    *(*dialect_cases.USAGE, *dialect_cases.TYPES, *context_cases.AROUND, *context_cases.PROVIDERS),
    *(*context_cases.ERRORS, *context_cases.WORDS),
)


@pytest.fixture(scope="module")
def rows(open_suite: Store) -> dict[str, dict[str, Any]]:
    """The stored row of every case."""
    open_suite.truncate()
    requests = []
    for number, case in enumerate(CASES, 1):
        span = make_span(case.name, number=number, attributes=case.attributes, **case.fields)
        for name, attributes in case.events:
            event = span.events.add(name=name)
            for key, value in attributes.items():
                event.attributes.add(key=key, value=any_value(value))
        requests.append(traces(span, scope_name=case.scope))
    open_suite.insert(TRACES, *requests)
    stored = open_suite.connection.query("SELECT * FROM spans").dicts()
    return {CASES[int(row["span_id"], 16) - 1].id: row for row in stored}


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_dialect_gives_its_columns(rows: dict[str, dict[str, Any]], case: Case) -> None:
    found = {name: rows[case.id][name] for name in case.columns}
    for name in ("tags", "finish_reasons"):
        if name in found:
            found[name] = sorted(found[name])
    assert found == case.columns
