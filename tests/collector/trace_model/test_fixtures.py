"""Every dialect's fixture through the real receiver: what comes out is what it expects, whenever its logs come."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collector.model.test_content_fixtures import differences, normalised
from tests.collector.trace_model.replay import Fixture, Replayed, fixtures

COLUMNS = {"kind": "span_type", "provider_inferred": "provider", "cost_total": "cost_usd"}
ANY_OF = ("kind", "operation", "usage_scope")  # where a list stands for any of these
OPTIONAL = ("cost_total_joined",)
FIXTURES = fixtures()


class Shown:
    """A span of the API, which has the fields of content among its own."""

    def __init__(self, span: dict[str, Any]) -> None:
        self._span = span

    def to_json(self) -> dict[str, Any]:
        return self._span


def found_in(span: dict[str, Any]) -> dict[str, Any]:
    """A span's columns and content under the names of the fixtures' README."""
    shown: Any = Shown(span)
    found = normalised(shown)
    columns = {name: span[name] for name in (*span["usage_raw"], *COLUMNS.values(), "tags") if name in span}
    return {
        **found,
        **columns,
        **{name: span[column] for name, column in COLUMNS.items()},
        "ttft_s": None if span["ttft_ns"] is None else span["ttft_ns"] / 1e9,
        "agent_name": span["agent_name"] or found["agent_name"],
    }


def problems_of(expected: dict[str, Any], span: dict[str, Any]) -> list[str]:
    """Where a span is not what was expected."""
    found = found_in(span)
    lines = []
    for name, wanted in expected.items():
        value = found.get(name)
        if name in OPTIONAL:
            continue
        if name == "input_text_contains":
            lines += [] if wanted in (found["input_text"] or "") else [f"{name}: {found['input_text']!r}"]
        elif wanted is None:
            lines += [f"{name}: expected nothing, found {value!r}"] if value not in (None, "", [], {}) else []
        elif name in ANY_OF and isinstance(wanted, list):
            lines += [] if value in wanted else [f"{name}: expected one of {wanted!r}, found {value!r}"]
        elif name == "tags":
            lines += [] if set(wanted) == set(value or ()) else [f"{name}: expected {wanted!r}, found {value!r}"]
        elif isinstance(wanted, float):
            lines += [] if value == pytest.approx(wanted) else [f"{name}: expected {wanted!r}, found {value!r}"]
        else:
            lines += differences(wanted, value, name)
    return lines


def cases(sent: list[Fixture]) -> list[Any]:
    """Every fixture in every order of its logs."""
    return [pytest.param(fixture, order, id=f"{fixture.name}-{order}") for fixture in sent for order in fixture.orders]


def unexpected(replayed: Replayed, fixture: Fixture, order: str) -> list[str]:
    """Where a fixture's spans are not what it expects."""
    spans = [span for trace in replayed.of_project(f"{fixture.name}-{order}") for span in trace["spans"]]
    problems = []
    for name, expected in fixture.document["expected"].items():
        named = [span for span in spans if span["name"] == name]
        if expected.get("dropped"):
            problems += [f"{name} is there" for _ in named]
        elif len(named) != 1:
            problems.append(f"{name} is there {len(named)} times")
        else:
            problems += [f"{name} {line}" for line in problems_of(expected, named[0])]
    return problems


def unsearchable(replayed: Replayed, fixture: Fixture, order: str) -> list[str]:
    """Lines of a fixture's texts that the columns for searching do not hold."""
    project = f"{fixture.name}-{order}"
    problems = []
    for span in (span for trace in replayed.of_project(project) for span in trace["spans"]):
        expected = fixture.document["expected"].get(span["name"], {})
        for name, side in (
            ("input_text", "input"),
            ("system_text", "input"),
            ("query", "input"),
            ("output_text", "output"),
        ):
            words = (expected.get(name) or "").split("\n")
            text = replayed.searched(project, span, side)
            problems += [f"{span['name']} {name}: {line!r} not in {text!r}" for line in words if line not in text]
    return problems


def miscounted(replayed: Replayed, fixture: Fixture, order: str) -> list[str]:
    """What of a trace's sums the API or the SQL view has otherwise."""
    problems = []
    for trace in replayed.of_project(f"{fixture.name}-{order}"):
        info = trace["info"]
        row = replayed.view[info["project"], info["trace_id"]]
        for name, wanted in fixture.document["expected_trace"].items():
            if name in OPTIONAL:
                continue
            column = COLUMNS.get(name, name)
            found = (info[column] or None, row[column] or None)
            if found != (pytest.approx(wanted) if isinstance(wanted, float) else wanted,) * 2:
                problems.append(f"{name}: expected {wanted!r}, found {found!r}")
    return problems


@pytest.mark.parametrize(("fixture", "order"), cases(FIXTURES))
def test_a_fixture_comes_out_as_it_expects(replayed: Replayed, fixture: Fixture, order: str) -> None:
    assert unexpected(replayed, fixture, order) == []


@pytest.mark.parametrize(("fixture", "order"), cases(FIXTURES))
def test_the_words_of_a_fixture_are_found_by_searching(replayed: Replayed, fixture: Fixture, order: str) -> None:
    assert unsearchable(replayed, fixture, order) == []


def summed(sent: list[Fixture]) -> list[Any]:
    """The cases that expect sums of their traces."""
    return [case for case in cases(sent) if case.values[0].document.get("expected_trace")]


@pytest.mark.parametrize(("fixture", "order"), summed(FIXTURES))
def test_a_trace_counts_every_token_once(replayed: Replayed, fixture: Fixture, order: str) -> None:
    assert miscounted(replayed, fixture, order) == []


def test_a_fixture_comes_out_the_same_whenever_its_logs_come(replayed: Replayed) -> None:
    for fixture in FIXTURES:
        traces = [replayed.of_project(f"{fixture.name}-{order}") for order in fixture.orders]
        shown = [
            [span | {"project": "", "received_at": ""} for trace in each for span in trace["spans"]] for each in traces
        ]
        assert all(each == shown[0] for each in shown), fixture.name


def test_the_view_agrees_with_the_api(replayed: Replayed) -> None:
    names = ("name", "state", "span_count", "error_count", "session_id", "user_id", "service_name", "models")
    for key, trace in replayed.traces.items():
        assert {name: replayed.view[key][name] for name in names} == {name: trace["info"][name] for name in names}, key
