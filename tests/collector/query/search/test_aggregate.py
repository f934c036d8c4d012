"""Aggregates against slow Python, on both engines."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from spanhouse_collector.errors import FilterInvalid, MalformedRequest, QueryTooLong
from spanhouse_collector.query.aggregate import BUCKET, AggregateQuestion, Aggregation
from spanhouse_collector.query.aggregate_metrics import METRICS
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.groups import GroupQuestion, Groups
from tests.collector.model.rows import EPOCH_NS, MS, llm
from tests.collector.model.rows import row as span_row
from tests.collector.query.search.dataset import NOW_NS, Known, all_spans, grouped, owns, quantile
from tests.collector.storage.trace_cases import put
from tests.tables import Store

DAY_NS = 86400 * 10**9
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def aggregation(connections: Connections) -> Aggregation:
    return Aggregation(connections, clock=lambda: NOW_NS)


def ask(aggregation: Aggregation, **fields: Any) -> list[dict[str, Any]]:
    return aggregation.answer(AggregateQuestion(**fields)).rows


def test_spans_by_model_count_fail_and_cost_as_in_python(aggregation: Aggregation, known: list[Known]) -> None:
    metrics = ("count", "error_rate", "p50", "p95", "input_tokens", "cost_usd", "session_count", "user_count")
    rows = ask(aggregation, group_by=("model",), metrics=(*metrics, "trace_count"))
    groups = grouped((span.model, (trace_id, span)) for trace_id, span in all_spans(known))
    assert {row["model"] for row in rows} == set(groups)
    assert [row["count"] for row in rows] == sorted((row["count"] for row in rows), reverse=True)
    for row in rows:
        spans = [span for _trace_id, span in groups[row["model"]]]
        durations = [span.duration_ns for span in spans]
        assert row["count"] == len(spans)
        assert row["error_rate"] == pytest.approx(sum(span.is_error for span in spans) / len(spans))
        assert row["p50"] == pytest.approx(quantile(durations, 0.5))
        assert row["p95"] == pytest.approx(quantile(durations, 0.95))
        assert row["input_tokens"] == sum(span.input_tokens or 0 for span in spans if owns(span))
        assert row["cost_usd"] == pytest.approx(sum(span.cost_usd or 0 for span in spans if owns(span)))
        assert row["session_count"] == len({span.session_id for span in spans} - {""})
        assert row["user_count"] == len({span.user_id for span in spans} - {""})
        assert row["trace_count"] == len({trace_id for trace_id, _span in groups[row["model"]]})


def test_buckets_of_time_under_a_filter(aggregation: Aggregation, known: list[Known]) -> None:
    rows = ask(aggregation, group_by=("span.name",), interval="1d", filter="is_error = true", since="20d")
    errors = [s for _, s in all_spans(known) if s.is_error and s.start_time_unix_nano >= NOW_NS - 20 * DAY_NS]
    expected = grouped(((s.start_time_unix_nano // DAY_NS * DAY_NS, s.name), s) for s in errors)
    assert {(row[BUCKET], row["span.name"]): row["count"] for row in rows} == {
        key: len(spans) for key, spans in expected.items()
    }
    assert [row[BUCKET] for row in rows] == sorted(row[BUCKET] for row in rows)


def test_traces_are_counted_once_each(aggregation: Aggregation, known: list[Known]) -> None:
    metrics = ("count", "span_count", "input_tokens", "cost_usd", "p50")
    (row,) = ask(aggregation, of="traces", metrics=metrics, filter="trace.error_count > 0")
    failing = [trace for trace in known if trace.errors]
    assert row["count"] == len(failing)
    assert row["span_count"] == sum(len(trace.spans) for trace in failing)
    assert row["input_tokens"] == sum(trace.tokens for trace in failing)
    assert row["cost_usd"] == pytest.approx(sum(trace.cost or 0 for trace in failing))
    assert row["p50"] == pytest.approx(quantile([trace.end - trace.start for trace in failing], 0.5))


def test_values_of_a_list_are_groups_of_their_own(aggregation: Aggregation, known: list[Known]) -> None:
    rows = ask(aggregation, of="traces", group_by=("models",))
    expected = grouped((m, t) for t in known for m in {s.model for s in t.spans if s.model} or {""})
    assert {row["models"]: row["count"] for row in rows} == {model: len(each) for model, each in expected.items()}


def test_functions_of_fields(aggregation: Aggregation, known: list[Known]) -> None:
    (row,) = ask(aggregation, metrics=("max(input_tokens)", "distinct(span.name)", "avg(duration_ns)"))
    spans = [span for _, span in all_spans(known)]
    assert row["max(input_tokens)"] == max(span.input_tokens or 0 for span in spans)
    assert row["distinct(span.name)"] == len({span.name for span in spans})
    assert row["avg(duration_ns)"] == pytest.approx(sum(span.duration_ns for span in spans) / len(spans))


@pytest.mark.parametrize("of", METRICS)
def test_every_metric_can_be_asked_also_of_nothing(aggregation: Aggregation, known: list[Known], of: Any) -> None:
    names = tuple(METRICS[of])
    for at in range(0, len(names), 20):
        (row,) = ask(aggregation, of=of, metrics=names[at : at + 20], filter="trace_id = 'none'")
        assert row.get("count", 0) == row.get("cost_usd", 0) == row.get("error_rate", 0) == 0


def test_order_limit_and_truncation(aggregation: Aggregation, known: list[Known]) -> None:
    question = AggregateQuestion(group_by=("trace_id",), metrics=("cost_usd",), order_by="cost_usd desc", limit=3)
    answer = aggregation.answer(question)
    assert answer.is_truncated
    costs = sorted((trace.cost or 0 for trace in known), reverse=True)
    assert [row["cost_usd"] for row in answer.rows] == pytest.approx(costs[:3])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"metrics": ("p42",)}, MalformedRequest),
        ({"metrics": ()}, MalformedRequest),
        ({"metrics": ("avg(model)",)}, MalformedRequest),
        ({"metrics": ("count", "count")}, MalformedRequest),
        ({"group_by": ("modle",)}, FilterInvalid),
        ({"interval": "0s"}, MalformedRequest),
        ({"interval": "soon"}, MalformedRequest),
        ({"order_by": "model"}, MalformedRequest),
        ({"limit": 10_001}, MalformedRequest),
    ],
)
def test_what_cannot_be_computed_is_refused(
    aggregation: Aggregation, wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask(aggregation, **wrong)


def test_an_aggregate_out_of_time_is_refused_and_not_cut(connections: Connections, known: list[Known]) -> None:
    with pytest.raises(QueryTooLong):
        ask(Aggregation(connections, seconds_max=0))


def test_sessions_and_users_page_by_time_and_by_cost(connections: Connections, known: list[Known]) -> None:
    groups = Groups(connections, clock=lambda: NOW_NS)

    def pages(kind: Any, key: str, **fields: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token: str | None = ""
        while token is not None:
            answer = groups.answer(kind, GroupQuestion(limit=1, page_token=token, **fields))
            found += answer.entries
            token = answer.next_page_token
        assert len({row[key] for row in found}) == len(found)
        return found

    sessions = pages("sessions", "session_id")
    assert {row["session_id"] for row in sessions} == {"s1", "s2", "s3"}
    assert [row["last_time_unix_nano"] for row in sessions] == sorted(
        (row["last_time_unix_nano"] for row in sessions), reverse=True
    )
    by_cost = pages("sessions", "session_id", order_by="cost_usd desc")
    assert [row["cost_usd"] for row in by_cost] == sorted((row["cost_usd"] for row in sessions), reverse=True)
    (user,) = pages("users", "user_id")
    named = [trace for trace in known if any(span.user_id for span in trace.spans)]
    assert (user["trace_count"], user["input_tokens"]) == (len(named), sum(trace.tokens for trace in named))
    (project,) = pages("projects", "project")
    assert (project["trace_count"], project["span_count"]) == (len(known), len(all_spans(known)))
    assert project["input_tokens"] == sum(trace.tokens for trace in known)


def test_superseded_rows_and_repeated_usage_count_once(store: Store) -> None:
    put(store, llm("outer", tokens=5), trace="a" * 32, is_superseded="1")
    put(store, llm("outer", tokens=5), trace="a" * 32)
    connection = store.connection
    connection.execute(
        "INSERT INTO spans (project, trace_id, span_id, span_type, usage_scope, input_tokens) VALUES "
        f"('default', '{'a' * 32}', 'sum', 'AGENT', 'aggregate', 5)"
    )
    pool = Connections(store.engine, reads_max=1)
    (row,) = ask(Aggregation(pool), metrics=("count", "input_tokens"))
    assert pool.close()
    assert (row["count"], row["input_tokens"]) == (2, 5)


def _bucket(unix_nano: int, zone: ZoneInfo, width: str) -> int:
    """The start of the day, week or month, by Python's calendar."""
    local = datetime.fromtimestamp(unix_nano // 10**9, zone)
    day = local.date()
    if width == "1w":
        day -= timedelta(days=day.weekday())
    if width == "1mo":
        day = day.replace(day=1)
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 10**9


@pytest.mark.parametrize("zone", ["Europe/Athens", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "UTC"])
@pytest.mark.parametrize("width", ["1d", "1w", "1mo"])
def test_days_weeks_and_months_are_those_of_a_time_zone(store: Store, zone: str, width: str) -> None:
    """Over two years, so that clocks are put forward and back; hours around midnight."""
    starts = [NOW_NS - (hours * 3600 + 61) * 10**9 for hours in range(0, 17_000, 7)]
    spans = [span_row(f"{number:x}", start=(start - EPOCH_NS) / MS) for number, start in enumerate(starts)]
    put(store, *spans)
    connections = Connections(store.engine, reads_max=1)
    rows = ask(Aggregation(connections, clock=lambda: NOW_NS), interval=width, timezone=zone, limit=10_000)
    expected = Counter(_bucket(start, ZoneInfo(zone), width) for start in starts)
    assert {bucket[BUCKET]: bucket["count"] for bucket in rows} == dict(expected)
    assert connections.close()


def test_a_day_has_as_many_hours_as_its_clocks_say(store: Store) -> None:
    """In New York 2026-03-08 has 23 hours and 2026-11-01 has 25; hours there begin as everywhere."""
    for day, hours in ((datetime(2026, 3, 8, tzinfo=NEW_YORK), 23), (datetime(2026, 11, 1, tzinfo=NEW_YORK), 25)):
        store.truncate()
        first = int(day.timestamp()) * 10**9
        put(
            store,
            *(span_row(f"{hour:x}", start=(first + hour * 3600 * 10**9 - EPOCH_NS) / MS) for hour in range(-2, 30)),
        )
        connections = Connections(store.engine, reads_max=1)
        aggregation = Aggregation(connections, clock=lambda: NOW_NS)
        counts = {each[BUCKET]: each["count"] for each in ask(aggregation, interval="1d", timezone="America/New_York")}
        assert counts[first] == hours
        assert len(ask(aggregation, interval="1h", timezone="America/New_York")) == 32
        assert connections.close()


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ({"interval": "1d", "timezone": "Europe/Athen"}, "Europe/Athen"),
        ({"interval": "1d", "timezone": "../UTC"}, "UTC"),
        ({"timezone": "Europe/Athens"}, "interval"),
        ({"interval": "5ms", "timezone": "Europe/Athens"}, "whole seconds"),
        ({"interval": "0mo"}, "months"),
    ],
)
def test_a_zone_that_means_nothing_is_refused(aggregation: Aggregation, question: dict[str, str], named: str) -> None:
    with pytest.raises(MalformedRequest) as refused:
        ask(aggregation, **question)
    assert named in str(refused.value)
    assert refused.value.hint


def test_spans_are_summed_by_what_their_trace_is_named(store: Store) -> None:
    """The root alone names session and user; the tokens are on the call below it."""
    put(store, span_row("turn", session_id="s", user_id="u"), llm("call", "turn", 100, model="gpt"))
    connections = Connections(store.engine, reads_max=1)
    aggregation = Aggregation(connections, clock=lambda: NOW_NS)
    assert ask(aggregation, group_by=("session_id",), metrics=("total_tokens",)) == [
        {"session_id": "s", "total_tokens": 101}
    ]
    found = ask(
        aggregation, group_by=("trace.name", "user_id", "model"), metrics=("total_tokens",), filter="span_type = 'LLM'"
    )
    assert found == [{"trace.name": "turn", "user_id": "u", "model": "gpt", "total_tokens": 101}]
    assert connections.close()
