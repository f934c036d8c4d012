"""Stored spans that an older mapping made, mapped again.

Owns the claims about `storage.remap` on both engines: wrong columns become right, nothing that was sent changes, a run
that was stopped goes on, and spans that come meanwhile stay.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spanhouse_collector.model.span_sql.columns import MAPPING_VERSION
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.storage.prices_tables import load_catalogue
from spanhouse_collector.storage.remap import _MAPPED, PREFIX, RemapScope, remap
from tests.builders import SECOND_NS, START_UNIX_NANO, make_span, traces
from tests.collector.storage.test_mapping import PROMOTED
from tests.tables import Sent, Store

CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 10,
    "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"caf\\u00e9"}]}]',
    "session.id": "s-1",
    "tag.tags": '["a","b"]',
}
WEEK_NS = 7 * 24 * 3600 * SECOND_NS
SPANS = 12
AGED = "span_type = 'UNKNOWN', model = 'wrong', input = '', input_tokens = NULL, tags = [], mapping_version = 0"


def sent(week: int = 0, project: str = "") -> Sent:
    spans = [make_span(attributes={**CHAT, "number": number}) for number in range(SPANS // 2)]
    spans[0].events.add(name="exception", time_unix_nano=START_UNIX_NANO)
    return Sent(traces(*spans), project=project, received_unix_nano=START_UNIX_NANO - week * WEEK_NS)


@pytest.fixture
def aged(store: Store) -> Store:
    """Spans of two weeks whose promoted columns an older mapping made wrong."""
    load_catalogue(store.connection)
    store.insert(TRACES, sent())
    store.insert(TRACES, sent(week=1))
    return store


def age(store: Store, where: str = "1") -> None:
    store.connection.execute(f"ALTER TABLE spans UPDATE {AGED} WHERE {where}", {"mutations_sync": 1})


def in_order(store: Store) -> list[Any]:
    return sorted(store.rows("spans"), key=lambda row: str(row["span_id"]))


def old_count(store: Store) -> int:
    return int(store.value(f"SELECT count() FROM spans WHERE mapping_version != {MAPPING_VERSION}"))


def work_tables(store: Store) -> int:
    return int(
        store.value(f"SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE '{PREFIX}%'")
    )


def test_wrong_columns_become_right_and_nothing_that_was_sent_changes(aged: Store) -> None:
    right = in_order(aged)
    age(aged)
    assert in_order(aged) != right
    *_, last = remap(aged.engine, RemapScope())
    assert (last.span_count, last.done_count) == (SPANS, SPANS)
    found = in_order(aged)
    assert [row["input"] for row in found] == ["café"] * SPANS
    assert found == right
    assert work_tables(aged) == 0


def test_spans_of_this_mapping_are_left_alone_unless_everything_is_asked_for(aged: Store) -> None:
    right = in_order(aged)
    aged.connection.execute("ALTER TABLE spans UPDATE model = 'wrong' WHERE 1", {"mutations_sync": 1})
    assert [progress.span_count for progress in remap(aged.engine, RemapScope())] == [0]
    assert {row["model"] for row in in_order(aged)} == {"wrong"}
    *_, last = remap(aged.engine, RemapScope(everything=True))
    assert last.done_count == SPANS
    assert in_order(aged) == right


def test_a_run_that_was_stopped_is_finished_by_the_next(aged: Store) -> None:
    right = in_order(aged)
    age(aged)
    run = remap(aged.engine, RemapScope(), step_rows=4)
    first, second = next(run), next(run)
    run.close()
    assert (first.done_count, second.done_count) == (0, 4)
    assert old_count(aged) == SPANS - 4
    assert work_tables(aged) == 0
    assert [progress.span_count for progress in remap(aged.engine, RemapScope(), step_rows=4)][-1] == SPANS - 4
    assert in_order(aged) == right


def test_spans_that_come_meanwhile_stay_and_keep_their_columns(aged: Store) -> None:
    age(aged)
    for number, _ in enumerate(remap(aged.engine, RemapScope(), step_rows=4)):
        aged.insert(TRACES, traces(make_span(name=f"new {number}", attributes=CHAT)))
    assert old_count(aged) == 0
    new = [row for row in in_order(aged) if str(row["name"]).startswith("new ")]
    assert len(new) == number + 1
    assert aged.count("spans") == SPANS + len(new)
    assert {(row["model"], row["input"]) for row in in_order(aged)} == {("gpt-4o", "café")}


def test_a_scope_narrows_by_project_and_time(aged: Store) -> None:
    aged.insert(TRACES, sent(project="shop"))
    age(aged)
    start = datetime.fromtimestamp(START_UNIX_NANO / SECOND_NS, UTC)
    assert next(remap(aged.engine, RemapScope(since=start + timedelta(days=1)))).span_count == 0
    *_, last = remap(aged.engine, RemapScope(project="shop", since=start - timedelta(days=1)))
    assert last.done_count == SPANS // 2
    assert aged.value("SELECT uniqExact(project) FROM spans WHERE mapping_version = 0") == 1
    assert aged.value("SELECT count() FROM spans WHERE project = 'shop' AND model = 'gpt-4o'") == SPANS // 2


def test_each_step_tells_when_its_spans_were_received(aged: Store) -> None:
    """For settling, which looks at traces by that time."""
    age(aged)
    _, first, last = remap(aged.engine, RemapScope())
    assert {first.first_received_unix_nano, last.first_received_unix_nano} == {
        START_UNIX_NANO - WEEK_NS,
        START_UNIX_NANO,
    }


def test_every_promoted_column_but_those_of_settling_is_made_anew() -> None:
    settled = {"pending_span_id", "pending_parent_span_id", "is_superseded"}
    assert set(_MAPPED) == PROMOTED["traces"] - settled
