"""What holds on one span, what on its trace, and what the author of a search is told besides the SQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spanhouse_collector.errors import FilterInvalid
from spanhouse_collector.query.filter import Row, Source, Sources, Table, check_regexes, compile_filter, where
from spanhouse_collector.query.filter.compile import CompiledFilter
from tests.builders import SECOND_NS, START_UNIX_NANO
from tests.collector.query.filter.answers import SOURCES, Answers
from tests.collector.query.filter.dataset import dataset_of, plain_span

SPANS = [
    plain_span(1, name="chat", model="gpt-4o", is_error=False, input="a refund for Zoë"),
    plain_span(2, 1, name="search", tool_name="web", is_error=True, output="the policy"),
    plain_span(3, name="chat", model="gpt-4o", is_error=True),
    plain_span(4, name="search", tool_name="web"),
    plain_span(5, 4, name="rerank", total_tokens=7, attributes={"total_tokens": "7.5"}),
    plain_span(6, name="chat", model="claude", project="p2", trace_id=f"{1:032x}"),
]
DATA = dataset_of(SPANS, {1: {"total_tokens": 50}, 3: {"total_tokens": 5}, 4: {"total_tokens": None}})
DATA.traces.append({**DATA.traces[0], "project": "p2", "total_tokens": 0})

# Traces by number; trace 1 of p2 has the same id as trace 1 of p1.
ON_TRACES = {
    "model = 'gpt-4o' AND is_error": {3},
    "model = 'gpt-4o' AND EXISTS (is_error)": {1, 3},
    "EXISTS (model = 'gpt-4o') AND EXISTS (tool_name = 'web')": {1},
    "model = 'gpt-4o' AND NOT EXISTS (tool_name = 'web')": {3},
    "name = 'chat' AND (is_error OR trace.total_tokens > 10) AND model = 'gpt-4o'": {1, 3},
    "(tool_name = 'web' OR trace.total_tokens = 5) AND is_error": {1, 3},
    "(tool_name = 'web' OR trace.total_tokens = 5) AND model IS NOT NULL": {3},
    "trace.total_tokens = 50 OR name = 'rerank'": {1, 4},
    "NOT (name = 'chat' OR name = 'search')": {4},
    "NOT name = 'chat'": {1, 4},
    "NOT EXISTS (name = 'chat')": {4},
    "trace.total_tokens IS NULL": {4},
    "NOT trace.total_tokens > 10": {1, 3},
    "project = 'p2'": {1},
    "project = 'p2' AND model = 'gpt-4o'": set(),
    "text : 'refund policy'": set(),
    "trace.text : 'refund' AND trace.text : 'policy'": {1},
    "NOT trace.text : 'refund'": {1, 3, 4},
    "NOT text : 'refund'": {1},
}
ON_SPANS = {
    "model = 'gpt-4o'": {1, 3},
    "trace.total_tokens = 50": {1, 2},
    "trace.total_tokens = 50 AND is_error": {2},
    "EXISTS (tool_name = 'web')": {1, 2, 4, 5},
    "NOT EXISTS (tool_name = 'web')": {3, 6},
    "is_error OR EXISTS (name = 'rerank')": {2, 3, 4, 5},
    "model != 'gpt-4o'": {6},
    "model IS NULL": {2, 4, 5},
    "model = ''": {2, 4, 5},
    "NOT model IN ('gpt-4o', '')": {6},
    "attributes.total_tokens > 7": {5},
    "total_tokens > 7": set(),
    "total_tokens > 6.5": {5},
    "text : 'ZOË'": {1},
    "text : '\"for zoë\"'": {1},
    "text : '\"zoë for\"'": set(),
    "status = 'x'": set(),
}


@pytest.mark.parametrize("text", ON_TRACES)
def test_a_trace_is_found_when_one_of_its_spans_satisfies_the_filter(small: Answers, text: str) -> None:
    assert small.trace_numbers(text) == ON_TRACES[text]


@pytest.mark.parametrize("text", ON_SPANS)
def test_a_span_is_found_by_itself_and_its_trace(small: Answers, text: str) -> None:
    assert small.span_numbers(text) == ON_SPANS[text]


def test_the_same_trace_id_in_two_projects_is_two_traces(small: Answers) -> None:
    assert small.traces("trace.total_tokens = 0 AND name = 'chat'") == {("p2", f"{1:032x}")}


def test_restrictions_reach_every_subquery() -> None:
    restricted = "project = {project:String} AND start_time > now()"
    spans, traces, tags, assessments = (
        Source(f"my_{table}", restricted) for table in ("spans", "traces", "tags", "assessments")
    )
    sources = Sources(spans, traces, tags, assessments)
    text = "name = 'x' AND trace.total_tokens > 1 AND tags.k = 'v' AND feedback.q > 1 AND NOT EXISTS (is_error)"
    for row in Row:
        statement = compile_filter(text, unit="trace").where(row, sources)
        assert statement.count("SELECT") == statement.count(restricted) == 4
        assert all(f"FROM my_{table} " in statement for table in ("spans", "tags", "assessments"))


def test_one_project_needs_no_project_in_the_keys(small: Answers) -> None:
    sources = replace(SOURCES, spans=Source("spans", "project = 'p1'"), keys=("trace_id",))
    compiled = compile_filter("name = 'chat'", unit="trace")
    statement = f"SELECT trace_id FROM traces WHERE project = 'p1' AND {compiled.where(Row.TRACE, sources)}"
    assert "project, trace_id" not in statement
    found = {row[0] for row in small.connection.query(statement, compiled.parameters).rows}
    assert found == {f"{1:032x}", f"{3:032x}"}


def test_the_parts_joined_by_and_are_told_apart() -> None:
    compiled = compile_filter(
        "model = 'x' AND trace.cost_usd > 1 AND (is_error AND trace.span_count > 3) AND project = 'p'", unit="trace"
    )
    assert where(compiled.span_part, Row.SPAN, SOURCES) == "(model = {f0:String} AND is_error)"
    assert where(compiled.trace_part, Row.TRACE, SOURCES) == (
        "(cost_usd > {f1:UInt64} AND span_count > {f2:UInt64} AND project = {f3:String})"
    )
    assert compiled.tables == {Table.SPANS, Table.TRACES, Table.EITHER}
    assert compiled.trace_columns == {"cost_usd", "span_count"}


def test_an_empty_filter_has_no_parts() -> None:
    compiled = compile_filter("", unit="span")
    assert compiled == CompiledFilter("", "span")
    assert (compiled.span_part, compiled.trace_part, compiled.where(Row.SPAN, SOURCES)) == (None, None, "1")


def test_conditions_on_the_trace_that_stand_together_are_one_subquery() -> None:
    compiled = compile_filter("trace.cost_usd > 1 AND is_error AND trace.span_count > 3", unit="span")
    assert compiled.where(Row.SPAN, SOURCES).count("SELECT") == 1


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("timestamp_ms >= 1000 AND timestamp_ms < 2000", 1_000_000_000, 2_000_000_000),
        ("trace.start_time BETWEEN '1970-01-01T00:00:01Z' AND '1970-01-01T00:00:03Z'", 1_000_000_000, 3_000_000_000),
        ("timestamp_ms = 5 AND is_error", 5_000_000, 5_000_000),
        ("timestamp_ms > 1 AND (timestamp_ms > 3 AND is_error)", 3_000_000, None),
        ("NOT timestamp_ms > 7", None, 7_000_000),
        ("timestamp_ms > 5 OR is_error", None, None),
        ("timestamp_ms != 5", None, None),
        ("timestamp_ms NOT BETWEEN 5 AND 6", None, None),
        ("timestamp_ms IN (5, 3)", 3_000_000, 5_000_000),
        ("start_time > '2026-01-01'", None, None),
    ],
)
def test_bounds_on_the_start_of_the_trace_are_told(text: str, low: int | None, high: int | None) -> None:
    bounds = compile_filter(text, unit="trace").trace_start
    assert (bounds.min_unix_nano, bounds.max_unix_nano) == (low, high)


def test_what_to_highlight_is_told_and_what_must_not_be_there_is_not() -> None:
    compiled = compile_filter(
        "text : 'one \"two three\" gpt-4o' AND output LIKE '%four%' AND NOT text : 'five' AND name LIKE '%six%'",
        unit="trace",
    )
    assert [term.tokens for term in compiled.terms] == [("one",), ("two", "three"), ("gpt", "4o")]
    assert compiled.patterns == ("%four%",)


@pytest.mark.parametrize("pattern", ["(?=a)", "[", "a{2000}", "(a)\\1", "*"])
def test_a_regular_expression_that_re2_does_not_know_is_pointed_at(small: Answers, pattern: str) -> None:
    compiled = compile_filter(f"is_error AND name MATCHES '{pattern}'", unit="trace")
    with pytest.raises(FilterInvalid, match="does not compile, at character 27") as caught:
        check_regexes(compiled, small.connection)
    assert caught.value.position == 26


def test_good_regular_expressions_pass(small: Answers) -> None:
    check_regexes(compile_filter("name MATCHES '^(a|b)+$' OR NOT name MATCHES 'c'", unit="trace"), small.connection)


@pytest.mark.parametrize(
    ("written", "unix_nano"),
    [
        ("2026-11-18", 1_794_960_000 * SECOND_NS),
        ("2026-11-18T11:06:40.123456789Z", START_UNIX_NANO),
        ("2026-11-18 11:06:40,123456789", START_UNIX_NANO),
        ("2026-11-18T12:06:40.123456789+01:00", START_UNIX_NANO),
        ("2026-11-18T06:06:40.123456789 -0500", START_UNIX_NANO),
        ("2026-11-18t11:06z", 1_795_000_000 * SECOND_NS - 40 * SECOND_NS),
        ("1969-12-31T23:59:59.5Z", -SECOND_NS // 2),
    ],
)
def test_times_are_exact_to_the_nanosecond(written: str, unix_nano: int) -> None:
    assert list(compile_filter(f"start_time = '{written}'", unit="span").parameters.values()) == [unix_nano]


@pytest.mark.parametrize(
    ("written", "nanoseconds"),
    [
        ("1.5s", 1_500_000_000),
        ("200ms", 200_000_000),
        ("2m", 120 * SECOND_NS),
        ("1h", 3600 * SECOND_NS),
        ("7us", 7_000),
    ],
)
def test_durations_are_exact_to_the_nanosecond(written: str, nanoseconds: int) -> None:
    for name in ("duration", "duration_ms", "duration_ns", "ttft", "trace.duration", "execution_time_ms"):
        assert list(compile_filter(f"{name} > {written}", unit="span").parameters.values()) == [nanoseconds]


def test_a_bare_number_counts_the_unit_of_the_name() -> None:
    for name, nanoseconds in (("duration_ms", 2_500_000), ("trace.duration_ms", 2_500_000)):
        assert list(compile_filter(f"{name} > 2.5", unit="span").parameters.values()) == [nanoseconds]
