"""The summary of a trace."""

from __future__ import annotations

from typing import Any

from spanhouse_collector.model.trace_tree import build_tree
from spanhouse_collector.model.trace_tree_info import Previews, trace_info
from spanhouse_collector.model.trace_tree_row import SpanRow
from spanhouse_collector.model.usage_owner import usage_scopes
from tests.collector.model.rows import EPOCH_NS, MS, llm, row


def info(*spans: SpanRow, previews: Previews | None = None) -> dict[str, Any]:
    tree = build_tree(spans)
    return trace_info("t" * 32, tree, usage_scopes(tree.rows, tree.parents), previews or Previews())


def test_it_holds_the_fields_of_a_list_entry() -> None:
    found = info(
        row("root", name="chat", start=0, end=200, session_id="s", tags="b\x1fa", project="p"),
        llm("call", "root", 10, 5, 100, model="gpt", user_id="u", cost_usd=0.5, tags="a"),
        previews=Previews("in" * 600, "out"),
    )
    assert found == {
        "trace_id": "t" * 32,
        "project": "p",
        "name": "chat",
        "start_time_unix_nano": EPOCH_NS,
        "duration_ns": 200 * MS,
        "state": "OK",
        "service_name": "app",
        "session_id": "s",
        "user_id": "u",
        "span_count": 2,
        "error_count": 0,
        "input_tokens": 10,
        "output_tokens": 1,
        "total_tokens": 11,
        "cost_usd": 0.5,
        "models": ["gpt"],
        "input_preview": "in" * 500,
        "output_preview": "out",
        "tags": ["a", "b"],
        "assessments": [],
    }


def test_the_state_is_the_roots_and_errors_below_are_counted() -> None:
    found = info(row("root"), row("tool", "root", is_error=True))
    assert (found["state"], found["error_count"]) == ("OK", 1)
    assert info(row("root", is_error=True))["state"] == "ERROR"


def test_without_its_root_a_trace_has_failed_when_a_span_has() -> None:
    assert info(row("a", "gone"), row("b", "gone", is_error=True))["state"] == "ERROR"
    assert info(row("a", "gone"))["state"] == "OK"


def test_a_trace_runs_until_its_root_has_ended_and_lasts_as_long_as_what_is_known() -> None:
    found = info(row("root", end=None), row("child", "root", 10, 70))
    assert (found["state"], found["duration_ns"]) == ("IN_PROGRESS", 70 * MS)


def test_the_duration_is_the_roots_whatever_outlives_it() -> None:
    assert info(row("root", end=100), row("late", "root", 90, 5000))["duration_ns"] == 100 * MS
    assert info(row("a", start=0, end=100), row("b", start=300, end=400))["duration_ns"] == 400 * MS


def test_session_and_user_of_the_root_go_before_those_of_earlier_spans() -> None:
    spans = [row("early", "root", -10, session_id="other"), row("later", "root", 5, user_id="u")]
    found = info(row("root", session_id="s"), *spans)
    assert (found["session_id"], found["user_id"]) == ("s", "u")
