"""`traces`, `sessions` and `users` in SQL say what the API says of single traces, for all of them at once."""

from __future__ import annotations

import random
from typing import Any

from spanhouse_collector.model.trace_tree import build_tree
from spanhouse_collector.model.trace_tree_info import Previews, trace_info
from spanhouse_collector.model.trace_tree_row import SpanRow
from spanhouse_collector.model.usage_owner import usage_scopes
from spanhouse_collector.storage.settle import SECOND_NS, Settlement, Window
from tests.collector.model.rows import EPOCH_NS, llm, row
from tests.collector.storage.trace_cases import put, put_all, random_trace
from tests.tables import Store

EXACT = (
    "SELECT * EXCEPT (start_time, end_time), toUnixTimestamp64Nano(start_time) AS start_time_unix_nano FROM traces "
    "ORDER BY project, trace_id"
)


def settle(store: Store) -> None:
    settlement = Settlement(store.engine)
    settlement.settle(Window(EPOCH_NS, EPOCH_NS + SECOND_NS))
    settlement.close()


def info(trace_id: str, rows: list[SpanRow], previews: Previews) -> dict[str, Any]:
    tree = build_tree(rows)
    return trace_info(trace_id, tree, usage_scopes(tree.rows, tree.parents), previews)


def test_the_view_says_of_every_random_trace_what_the_api_says(store: Store) -> None:
    choose = random.Random(7)
    whole = {f"{trace:04}": random_trace(choose) for trace in range(250)}
    spans = [(trace, span) for trace, rows in whole.items() for span in rows]
    choose.shuffle(spans)
    put_all(store, spans)
    settle(store)
    found = store.connection.query(EXACT).dicts()
    assert [each["trace_id"] for each in found] == sorted(whole)
    arrived: dict[str, list[SpanRow]] = {}
    for trace, span in spans:
        arrived.setdefault(trace, []).append(span)
    for each in found:
        expected = info(each["trace_id"], arrived[each["trace_id"]], Previews())
        assert each | {"assessments": []} == expected, arrived[each["trace_id"]]


def test_previews_are_the_roots_else_those_of_the_first_and_last_call(store: Store) -> None:
    put(store, row("root"), trace="a", input="asked", output="answered")
    put(store, llm("call", "root", start=1), trace="a", input="inner", output="inner")
    put(store, row("root"), trace="b")
    put(store, row("tool", "root"), trace="b", input="tool", output="tool")
    put(store, llm("first", "root", start=1, end=5), trace="b", input="first", output="first")
    put(store, llm("last", "root", start=2, end=9), trace="b", input="last", output="x" * 2000)
    found = store.connection.query("SELECT input_preview, output_preview FROM traces ORDER BY trace_id").rows
    assert [tuple(previews) for previews in found] == [("asked", "answered"), ("first", "x" * 1000)]


def test_sessions_and_users_are_sums_over_their_traces(store: Store) -> None:
    put(store, row("root", session_id="s", user_id="u"), llm("call", "root", 10, cost_usd=0.5), trace="1")
    put(store, row("root", start=500, end=900, is_error=True), llm("call", "root", 5, session_id="s"), trace="2")
    put(store, llm("alone", session_id="other", user_id="u"), trace="3")
    settle(store)
    sessions = store.connection.query(
        "SELECT session_id, trace_count, span_count, error_count, failed_trace_count, input_tokens, cost_usd, "
        "toUnixTimestamp64Milli(last_time) - toUnixTimestamp64Milli(first_time), user_ids "
        "FROM sessions ORDER BY session_id"
    ).rows
    assert [tuple(each) for each in sessions] == [
        ("other", 1, 1, 0, 0, 10, None, 100, ["u"]),
        ("s", 2, 4, 1, 1, 15, 0.5, 900, ["u"]),
    ]
    users = store.connection.query(
        "SELECT user_id, session_count, trace_count, total_tokens FROM users ORDER BY user_id"
    ).rows
    assert [tuple(each) for each in users] == [("u", 2, 2, 22)]


def test_projects_are_sums_over_their_spans(store: Store) -> None:
    put(store, row("root", session_id="s", user_id="u"), llm("call", "root", 10, cost_usd=0.5), trace="1")
    put(store, row("root", start=500, end=900, is_error=True), llm("call", "root", 5, session_id="s"), trace="2")
    settle(store)
    (found,) = store.connection.query(
        "SELECT project, trace_count, span_count, error_count, session_count, user_count, input_tokens, cost_usd, "
        "toUnixTimestamp64Milli(last_time) - toUnixTimestamp64Milli(first_time) FROM projects"
    ).rows
    assert tuple(found) == ("default", 2, 4, 1, 1, 1, 15, 0.5, 900)


def test_a_trace_is_found_by_its_id_without_reading_the_others(store: Store) -> None:
    put(store, llm("a"), trace="1")
    plan = "\n".join(
        str(line)
        for (line,) in store.connection.query("EXPLAIN indexes = 1 SELECT * FROM traces WHERE trace_id = '2'").rows
    )
    assert "Granules: 0/1" in plan, plan


def test_sessions_and_users_tell_the_feedback_on_their_traces(store: Store) -> None:
    put(store, row("a", session_id="s", user_id="u"), trace="a")
    put(store, row("b", session_id="s", user_id="u"), trace="b")
    store.connection.execute(
        "INSERT INTO assessment_versions (project, trace_id, assessment_id, name, version, kind, value_number, "
        "value_bool, valid) VALUES ('default', 'a', '1', 'score', 1, 'feedback', 4, NULL, true), "
        "('default', 'b', '2', 'good', 1, 'feedback', NULL, false, true), "
        "('default', 'b', '3', 'note', 1, 'feedback', NULL, NULL, true), "
        "('default', 'b', '4', 'answer', 1, 'expectation', 9, NULL, true)",
        {"async_insert": 0},
    )
    for view in ("sessions", "users"):
        told = store.connection.query(f"SELECT trace_count, feedback_count, feedback_mean FROM {view}").rows
        assert [tuple(each) for each in told] == [(2, 3, 2.0)]
    store.connection.execute("TRUNCATE TABLE assessment_versions SYNC")
