"""Assessments: what is written comes back, every version of it, on both engines."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from spanhouse_collector.errors import MalformedRequest, NotFound
from spanhouse_collector.query import assessments as assessments_module
from spanhouse_collector.query.assessment_record import VALUE_BYTES_MAX, AssessmentError, Source
from spanhouse_collector.query.assessments import AssessmentBook, Draft, Selection, assessments_of
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import Row, Sources, compile_filter
from spanhouse_collector.query.filter import Source as Table
from tests.builders import START_UNIX_NANO
from tests.collector.model.rows import row
from tests.collector.storage.trace_cases import put
from tests.tables import Store

HUMAN = Source("HUMAN", "ada")
ALL = Selection()
_traces = itertools.count(1)


@pytest.fixture
def trace() -> str:
    """A trace of this test's own: assessments of others stay where they are."""
    return f"a55e55{next(_traces):026x}"


@pytest.fixture
def book(store: Store) -> Iterator[AssessmentBook]:
    connections = Connections(store.engine, reads_max=4)
    ticks = itertools.count(START_UNIX_NANO)
    yield AssessmentBook(connections, clock=lambda: next(ticks))
    assert connections.close()


def draft(value: Any = True, **fields: Any) -> Draft:
    return Draft(**{"name": "correct", "kind": "feedback", "source": HUMAN, "value": value, "metadata": {}, **fields})


def found_by(store: Store, condition: str) -> set[str]:
    """Trace ids that a filter finds through the real views."""
    compiled = compile_filter(condition, unit="trace")
    sources = Sources(Table("spans"), Table("traces"), Table("trace_tags"), Table("assessments"), keys=("trace_id",))
    statement = f"SELECT DISTINCT trace_id FROM spans WHERE {compiled.where(Row.SPAN, sources)}"
    return {str(found) for (found,) in store.connection.query(statement, compiled.parameters).rows}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (4.5, "number"),
        (0, "number"),
        (2**63, "number"),
        (True, "boolean"),
        (False, "boolean"),
        ("", "text"),
        ('it\'s \\ "quoted"\n\t{x:String} %s \x00 é 🌙', "text"),
        ([1, {"a": None}], "json"),
        ({}, "json"),
    ],
)
def test_every_kind_of_value_comes_back_as_it_was_sent(book: AssessmentBook, trace: str, value: Any, kind: str) -> None:
    made = book.add(trace, draft(value))
    assert made["value"] == value
    assert type(made["value"]) is type(value)
    assert made["value_kind"] == kind
    assert book.of_trace(trace, ALL) == [made]


def test_everything_else_comes_back_too(book: AssessmentBook, trace: str) -> None:
    error = AssessmentError("TIMEOUT", "the judge's time was up", "line 1\nline 2")
    sent = draft(None, error=error, rationale="why\nnot", span_id="b7ad6b7169203331", metadata={"a": "b", "n": 1.5})
    made = book.add(trace, sent, project="p")
    assert book.of_trace(trace, ALL) == [made]
    assert made == {
        "assessment_id": made["assessment_id"],
        "trace_id": trace,
        "project": "p",
        "span_id": "b7ad6b7169203331",
        "name": "correct",
        "kind": "feedback",
        "value": None,
        "value_kind": "null",
        "rationale": "why\nnot",
        "source": {"source_type": "HUMAN", "source_id": "ada"},
        "metadata": {"a": "b", "n": "1.5"},
        "error": {
            "error_code": "TIMEOUT",
            "error_message": "the judge's time was up",
            "stack_trace": "line 1\nline 2",
        },
        "create_time_unix_nano": START_UNIX_NANO,
        "last_update_time_unix_nano": START_UNIX_NANO,
        "overrides": "",
        "valid": True,
        "version": 1,
    }


def test_a_category_is_one_because_its_author_says_so(book: AssessmentBook, trace: str) -> None:
    made = book.add(trace, draft("good", is_category=True))
    assert made["value_kind"] == "category"
    assert book.update(trace, made["assessment_id"], {"value": "bad"})["value_kind"] == "category"
    with pytest.raises(MalformedRequest, match="category"):
        book.update(trace, made["assessment_id"], {"value": 5})


def test_an_update_changes_what_it_names_and_keeps_the_versions(book: AssessmentBook, trace: str) -> None:
    first = book.add(trace, draft(1, rationale="r", metadata={"k": "v"}))
    second = book.update(trace, first["assessment_id"], {"value": 2})
    third = book.update(trace, first["assessment_id"], {"rationale": "better", "source": Source("CODE", "c")})
    assert (second["value"], second["rationale"], second["metadata"]) == (2, "r", {"k": "v"})
    assert (third["value"], third["rationale"], third["source"]["source_type"]) == (2, "better", "CODE")
    assert third["create_time_unix_nano"] == first["create_time_unix_nano"] < third["last_update_time_unix_nano"]
    assert book.of_trace(trace, ALL) == [third]
    assert book.history(trace, first["assessment_id"]) == [third, second, first]


def test_a_value_ends_an_error_and_an_error_a_value(book: AssessmentBook, trace: str) -> None:
    made = book.add(trace, draft(None, error=AssessmentError("E")))
    valued = book.update(trace, made["assessment_id"], {"value": False})
    assert (valued["value"], valued["error"]) == (False, None)
    failed = book.update(trace, made["assessment_id"], {"error": AssessmentError("F")})
    assert (failed["value"], failed["error"]["error_code"]) == (None, "F")


def test_what_overrides_another_makes_it_invalid_and_gives_it_back(
    book: AssessmentBook, store: Store, trace: str
) -> None:
    put(store, row("a"), trace=trace)
    judged = book.add(trace, draft(False, source=Source("LLM_JUDGE", "gpt")))
    human = book.add(trace, draft(True, overrides=judged["assessment_id"]))
    assert [(each["value"], each["valid"]) for each in book.of_trace(trace, ALL)] == [(False, False), (True, True)]
    assert [each["value"] for each in book.of_trace(trace, Selection(valid_only=True))] == [True]
    assert found_by(store, "feedback.correct = true") == {trace}
    assert found_by(store, "feedback.correct = false") == set()
    history = book.history(trace, human["assessment_id"])
    assert [(each["value"], each["valid"]) for each in history] == [(True, True), (False, False), (False, True)]
    with pytest.raises(MalformedRequest, match="overridden already"):
        book.add(trace, draft(True, overrides=judged["assessment_id"]))
    book.delete(trace, human["assessment_id"])
    assert [(each["value"], each["valid"]) for each in book.of_trace(trace, ALL)] == [(False, True)]
    assert found_by(store, "feedback.correct = false") == {trace}


def test_only_the_like_can_override(book: AssessmentBook, trace: str) -> None:
    made = book.add(trace, draft())
    for other in ({"name": "other"}, {"kind": "expectation"}, {"span_id": "1" * 16}):
        with pytest.raises(MalformedRequest, match="what overrides it"):
            book.add(trace, draft(overrides=made["assessment_id"], **other))
    with pytest.raises(NotFound, match="a-nothing"):
        book.add(trace, draft(overrides="a-nothing"))
    assert len(book.of_trace(trace, ALL)) == 1


def test_what_was_deleted_is_gone_with_its_history(book: AssessmentBook, store: Store, trace: str) -> None:
    made = book.add(trace, draft("secret"))
    book.delete(trace, made["assessment_id"])
    assert book.of_trace(trace, ALL) == []
    assert store.value(f"SELECT count() FROM assessments WHERE trace_id = '{trace}'") == 0
    names = trace, made["assessment_id"]
    for ask in (lambda: book.delete(*names), lambda: book.history(*names), lambda: book.update(*names, {})):
        with pytest.raises(NotFound, match=made["assessment_id"]):
            ask()


def test_the_view_has_the_last_version_whatever_is_null_in_it(book: AssessmentBook, store: Store, trace: str) -> None:
    made = book.add(trace, draft(5))
    book.update(trace, made["assessment_id"], {"value": "text"})
    columns = "value_number, value_bool, value_text, toString(value_kind), version"
    select = f"SELECT {columns} FROM assessments WHERE trace_id = '{trace}'"
    assert [tuple(found) for found in store.connection.query(select).rows] == [(None, None, "text", "text", 2)]


def test_a_new_name_is_found_and_the_old_one_is_not(book: AssessmentBook, store: Store, trace: str) -> None:
    put(store, row("a"), trace=trace)
    made = book.add(trace, draft(5, name="old"))
    renamed = book.update(trace, made["assessment_id"], {"name": "new"})
    assert found_by(store, "feedback.new = 5") == {trace}
    assert found_by(store, "feedback.old IS NOT NULL") == set()
    assert book.of_trace(trace, ALL) == [renamed]
    back = book.update(trace, made["assessment_id"], {"name": "old"})
    assert found_by(store, "feedback.old = 5") == {trace}
    assert book.history(trace, made["assessment_id"]) == [back, renamed, made]


@pytest.mark.parametrize(
    ("condition", "finds"),
    [
        ("feedback.score > 4", True),
        ("feedback.score = 5", False),
        ("feedback.verdict = 'good'", True),
        ("feedback.right = true", True),
        ("expectation.facts LIKE '%moon%'", True),
        ("feedback.facts IS NOT NULL", False),
    ],
)
def test_the_filter_finds_them(book: AssessmentBook, store: Store, trace: str, condition: str, finds: bool) -> None:
    put(store, row("a"), trace=trace)
    book.add(trace, draft(4.5, name="score"))
    book.add(trace, draft("good", name="verdict"))
    book.add(trace, draft(name="right"))
    book.add(trace, draft(["the moon"], name="facts", kind="expectation"))
    assert (trace in found_by(store, condition)) is finds


def test_they_may_come_before_the_trace_and_then_belong_to_the_named_project(
    book: AssessmentBook, store: Store, trace: str
) -> None:
    assert book.add(trace, draft())["project"] == "default"
    assert book.add(trace, draft(), project="early")["project"] == "early"
    put(store, row("a", project="early"), trace=trace)
    assert book.add(trace, draft())["project"] == "early"
    found = assessments_of(store.connection, [trace, "f" * 32])
    assert {key: len(listed) for key, listed in found.items()} == {("default", trace): 1, ("early", trace): 2}
    put(store, row("a", project="late"), trace=trace)
    with pytest.raises(MalformedRequest, match="early, late"):
        book.add(trace, draft())


def test_an_other_project_neither_sees_nor_changes_them(book: AssessmentBook, trace: str) -> None:
    made = book.add(trace, draft(), project="mine")
    assert book.of_trace(trace, ALL, project="yours") == []
    with pytest.raises(NotFound):
        book.update(trace, made["assessment_id"], {"value": False}, project="yours")
    with pytest.raises(NotFound):
        book.delete(trace, made["assessment_id"], project="yours")
    assert book.of_trace(trace, ALL, project="mine") == [made]


def test_two_updates_at_once_both_count(book: AssessmentBook, trace: str) -> None:
    made = book.add(trace, draft(0, metadata={}))
    changes: list[dict[str, Any]] = [{"value": 1}, {"rationale": "r"}, {"metadata": {"k": "v"}}, {"name": "n"}]
    threads = [threading.Thread(target=book.update, args=(trace, made["assessment_id"], each)) for each in changes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (found,) = book.of_trace(trace, ALL)
    assert (found["value"], found["rationale"], found["metadata"], found["name"]) == (1, "r", {"k": "v"}, "n")
    assert [each["version"] for each in book.history(trace, made["assessment_id"])] == [5, 4, 3, 2, 1]


def test_a_clock_that_goes_back_does_not_bring_an_old_version_back(store: Store, trace: str) -> None:
    connections = Connections(store.engine, reads_max=1)
    ticks = iter([START_UNIX_NANO, START_UNIX_NANO - 10**9])
    book = AssessmentBook(connections, clock=lambda: next(ticks))
    made = book.add(trace, draft(1))
    changed = book.update(trace, made["assessment_id"], {"value": 2})
    assert changed["last_update_time_unix_nano"] > made["last_update_time_unix_nano"]
    assert book.of_trace(trace, ALL) == [changed]
    assert connections.close()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"value": None, "kind": "expectation"}, "an expectation has a value"),
        ({"value": 1, "kind": "expectation", "error": AssessmentError("E")}, "and no error"),
        ({"error": AssessmentError()}, "an error has"),
        ({"value": math.nan}, "nothing that JSON can say"),
        ({"value": "\ud800"}, "nothing that JSON can say"),
        ({"value": 10**400}, "a number beyond"),
        ({"value": "x" * VALUE_BYTES_MAX}, f"value_bytes_max is {VALUE_BYTES_MAX}"),
        ({"metadata": {str(key): "" for key in range(51)}}, "metadata_keys_max is 50"),
        ({"metadata": {"": "x"}}, "a key has 1 to"),
        ({"metadata": {"k": "x" * 8001}}, "at most 8000"),
        ({"metadata": {"k": "\ud800"}}, "surrogate"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_name(
    book: AssessmentBook, trace: str, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(MalformedRequest, match=told):
        book.add(trace, draft(**fields))
    assert book.of_trace(trace, ALL) == []


def test_a_trace_and_an_assessment_are_full_at_some_time(
    book: AssessmentBook, trace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assessments_module, "ASSESSMENTS_MAX", 2)
    monkeypatch.setattr(assessments_module, "VERSIONS_MAX", 2)
    made = book.add(trace, draft())
    book.add(trace, draft())
    with pytest.raises(MalformedRequest, match="assessments_max is 2"):
        book.add(trace, draft())
    book.update(trace, made["assessment_id"], {"value": False})
    with pytest.raises(MalformedRequest, match="versions_max is 2"):
        book.update(trace, made["assessment_id"], {"value": True})
