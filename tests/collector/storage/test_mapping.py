"""OTLP into rows: the engine's SQL says what the oracle says, and nothing is lost on the way.

Owns the claim for any request at all, through the whole way that bytes take: the check of a request, a record of the
log, a segment, the INSERT. Leaves single spellings (the exact text of a value) to `test_texts`, and the columns that
the trace model promotes to tests of their own.
"""

from __future__ import annotations

from hypothesis import given

from spanhouse_collector.model.span_sql import columns, search_text
from spanhouse_collector.otlp.signals import LOGS, METRICS, TRACES, Signal
from tests.comparison import assert_same_rows
from tests.oracle import expected_rows
from tests.otlp_strategies import segments, tried
from tests.reconstruct import items_of_rows, items_of_sent
from tests.tables import TABLES, Row, Sent, Store

SETTLED = ("pending_span_id", "pending_parent_span_id", "is_superseded")
PROMOTED = {
    "traces": {*columns.columns(), "cost_usd", "cost_source", *SETTLED},
    "logs": set(search_text.log_columns()),
    "metrics": set[str](),
}


def assert_stored(store: Store, signal: Signal, sent: list[Sent]) -> None:
    """One segment of these requests: rows as expected, items as sent.

    What is refused is settled first: an item that the client was told of is no loss, one that it was not told of is.
    """
    accepted = [checked.accepted if (checked := each.checked(signal)) else 0 for each in sent]
    assert accepted == [len(expected_rows(signal, each)) for each in sent], "the check and the oracle disagree"
    store.truncate()
    store.insert(signal, *sent)
    rows = [of_the_protocol(signal, row) for row in store.rows(TABLES[signal.name])]
    expected = [row for each in sent for row in expected_rows(signal, each)]
    assert_same_rows(rows, expected)
    assert items_of_rows(signal, rows) == items_of_sent(signal, sent)


def of_the_protocol(signal: Signal, row: Row) -> Row:
    """The columns that OTLP itself fills."""
    return {name: value for name, value in row.items() if name not in PROMOTED[signal.name]}


@tried(20)
@given(sent=segments("traces"))
def test_any_spans_are_stored_as_the_oracle_says_and_can_be_rebuilt(store: Store, sent: list[Sent]) -> None:
    assert_stored(store, TRACES, sent)


@tried(20)
@given(sent=segments("logs"))
def test_any_logs_are_stored_as_the_oracle_says_and_can_be_rebuilt(store: Store, sent: list[Sent]) -> None:
    assert_stored(store, LOGS, sent)


@tried(14)
@given(sent=segments("metrics"))
def test_any_metrics_are_stored_as_the_oracle_says_and_can_be_rebuilt(store: Store, sent: list[Sent]) -> None:
    assert_stored(store, METRICS, sent)
