"""The windows that a recent-first list looks through, over stored spans."""

from __future__ import annotations

from itertools import pairwise

import pytest

from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.search_lists import Budget
from spanhouse_collector.query.search_moments import SECOND_NS
from spanhouse_collector.query.search_scope import Scope
from spanhouse_collector.query.search_windows import GROWTH, Counted, Lookback
from tests.collector.query.search.dataset import Known

DAY_NS = 86_400 * SECOND_NS


def windows(connections: Connections, scope: Scope, newest: int | None, now: int, rows: int = 7) -> list[Scope]:
    lookback = Lookback(scope, newest, now)
    with connections.borrow() as connection:
        return list(lookback.windows(connection, Counted(scope.parameters), rows, Budget(60)))


def spans_in(connections: Connections, window: Scope) -> int:
    statement = f"SELECT count() FROM spans WHERE {window.in_project} AND {window.in_time} AND NOT is_superseded"
    with connections.borrow() as connection:
        return int(connection.query(statement, window.parameters).rows[0][0])


def latest_of(connections: Connections) -> int:
    with connections.borrow() as connection:
        return int(connection.query("SELECT toUnixTimestamp64Nano(max(start_time)) FROM spans").rows[0][0])


@pytest.mark.parametrize("since_ns", [None, -100 * DAY_NS, -3600 * SECOND_NS, 0])
@pytest.mark.parametrize("until_ns", [None, 0, -50 * SECOND_NS, SECOND_NS])
@pytest.mark.parametrize("newest_ns", [None, -5, -DAY_NS])
def test_windows_join_and_are_the_whole_scope(
    known: list[Known], connections: Connections, since_ns: int | None, until_ns: int | None, newest_ns: int | None
) -> None:
    assert known
    latest = latest_of(connections)
    since, until, newest = (None if each is None else latest + each for each in (since_ns, until_ns, newest_ns))
    found = windows(connections, Scope("", since, until), newest, latest)
    ends = [each for each in (until, newest) if each is not None]
    assert found[0].until_unix_nano == min(ends, default=None)
    assert found[-1].since_unix_nano == since
    for later, earlier in pairwise(found):
        assert later.since_unix_nano == earlier.until_unix_nano


@pytest.mark.parametrize("idle_ns", [0, 5 * 3600 * SECOND_NS, 400 * DAY_NS])
def test_windows_grow_by_spans_however_long_ago_these_were(
    known: list[Known], connections: Connections, idle_ns: int
) -> None:
    assert known
    found = windows(connections, Scope(), None, latest_of(connections) + idle_ns)
    assert len(found) > 2
    for number, window in enumerate(found[:-1]):
        assert spans_in(connections, window) > 7 * GROWTH**number
    assert spans_in(connections, found[0]) < 7 * GROWTH


def test_a_project_without_spans_is_one_window(known: list[Known], connections: Connections) -> None:
    assert known
    assert windows(connections, Scope("nobody-is-here"), None, latest_of(connections)) == [Scope("nobody-is-here")]
