"""What a search may look at: one project or all, from when to when; and the SQL that says so.

Owns where rows come from: spans that count, the view `traces` over part of the spans, tags, assessments, and the text
of log records as part of their span's. Leaves the conditions of a filter to `filter`, and windows to `search_traces`.

Time: a trace starts when one of its spans does, so the spans that start inside a window name every trace that does. The
other spans of these traces are looked for from EARLY_NS before the window, without an end. When a span was received
plays no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from spanhouse_collector.query.filter import CompiledFilter, Row, Source, Sources, where
from spanhouse_collector.query.filter.formula import Formula
from spanhouse_collector.query.filter.parameters import Parameters
from spanhouse_collector.query.filter.words import folded
from spanhouse_collector.query.trace_view import COUNTS, traces_over
from spanhouse_collector.storage.engine import Connection

# A span may seem to start before its trace: clocks differ. A search reckons with an hour.
EARLY_NS: Final = 3600 * 1_000_000_000


def moment(unix_nano: int) -> str:
    """A moment, as the time columns have it."""
    return f"fromUnixTimestamp64Nano({int(unix_nano)}, 'UTC')"


@dataclass(frozen=True)
class Scope:
    """Spans or traces of one project ('' for all) that start from `since` on and before `until`."""

    project: str = ""
    since_unix_nano: int | None = None
    until_unix_nano: int | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What the SQL of a scope binds."""
        return {"project": self.project} if self.project else {}

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name a trace in it."""
        return ("trace_id",) if self.project else ("project", "trace_id")

    @property
    def in_project(self) -> str:
        """SQL: the row is of its project."""
        return "project = {project:String}" if self.project else "1"

    @property
    def in_time(self) -> str:
        """SQL: `start_time` is in its time."""
        parts = []
        if self.since_unix_nano is not None:
            parts.append(f"start_time >= {moment(self.since_unix_nano)}")
        if self.until_unix_nano is not None:
            parts.append(f"start_time < {moment(self.until_unix_nano)}")
        return " AND ".join(parts) or "1"

    @property
    def not_long_before(self) -> str:
        """SQL: the span may belong to a trace that starts in this time."""
        if self.since_unix_nano is None or self.since_unix_nano < EARLY_NS:
            return "1"
        return f"start_time >= {moment(self.since_unix_nano - EARLY_NS)}"

    def has(self, unix_nano: int) -> bool:
        """Whether a moment is in its time."""
        return (self.since_unix_nano is None or unix_nano >= self.since_unix_nano) and (
            self.until_unix_nano is None or unix_nano < self.until_unix_nano
        )

    def within(self, since_unix_nano: int | None, until_unix_nano: int | None) -> Scope:
        """The part of it that these bounds leave."""
        since = [each for each in (self.since_unix_nano, since_unix_nano) if each is not None]
        until = [each for each in (self.until_unix_nano, until_unix_nano) if each is not None]
        return replace(self, since_unix_nano=max(since, default=None), until_unix_nano=min(until, default=None))


@dataclass(frozen=True)
class Searched:
    """A filter over a scope, ready to be asked; `spans_table` has the text of log records where they matter."""

    scope: Scope
    compiled: CompiledFilter
    spans_table: str = "spans"
    # The only traces that the filter's conditions on spans hold in, if they are few: when the latest such span started.
    matching: Mapping[str, int] | None = None
    is_looked_up: bool = False  # whether what starts in the scope is so little that its ids are looked up
    received_since_unix_nano: int | None = None  # of spans only those that arrived from then on
    is_bounded: bool = False  # whether of these only spans from not long before the scope's time are read

    @property
    def parameters(self) -> dict[str, Any]:
        """Everything its SQL binds."""
        matching = {} if self.matching is None else {"matching": self.matching_ids}
        return {**self.compiled.parameters, **self.scope.parameters, **_log_words(self.compiled)[1], **matching}

    @property
    def matching_ids(self) -> list[str]:
        """Those of the matching traces that may start in the scope."""
        since = (self.scope.since_unix_nano or 0) - EARLY_NS
        return [trace_id for trace_id, started in (self.matching or {}).items() if started >= since]

    @property
    def has_log_words(self) -> bool:
        """Whether a log record has a word or text that the filter looks for."""
        return self.spans_table != "spans"

    @property
    def _spans(self) -> str:
        return f"{self.scope.in_project} AND {COUNTS} AND {self.scope.not_long_before}"

    @property
    def _starting(self) -> str:
        """SQL over spans: their trace may start in the scope's time."""
        if self.scope.since_unix_nano is None:
            return "1"  # most traces: a list of them would help nobody
        return f"trace_id IN (SELECT trace_id FROM spans WHERE {self.scope.in_project} AND {self.scope.in_time})"

    @property
    def _may_start(self) -> str:
        """SQL over spans that satisfy what is asked of one: their trace may start in the scope's time."""
        if self.is_looked_up or self.scope.since_unix_nano is None:
            return self._starting
        # As a function's value an id is compared and not looked up: each of many would cost as much as a granule.
        return (
            f"identity(trace_id) IN (SELECT trace_id FROM spans WHERE {self.scope.in_project} AND {self.scope.in_time})"
        )

    @property
    def sources(self) -> Sources:
        """Where the filter's subqueries read."""
        return Sources(
            Source(self.spans_table, self._spans),
            Source(traces_over(f"{self._spans} AND {self._starting}"), self.scope.in_project),
            Source("trace_tags", self.scope.in_project),
            Source("assessments", self.scope.in_project),
            self.scope.keys,
        )

    def traces(self, named: str | None = None) -> str:
        """A subquery with the traces found; their columns may miss spans from long before the scope's time.

        It has all columns of `traces`, or those that the text `named` names.
        """
        if self.matching is not None:
            bounds = self.scope.not_long_before if self.is_bounded else "1"
            parts = [self.scope.in_project, bounds, "trace_id IN {matching:Array(String)}"]
        else:
            # What matches is asked of traces that start in the scope; it is not asked twice which these are.
            parts = [self._spans, self.spans_of_traces()]
        condition = f"{self.scope.in_time} AND {self._trace_condition()}"
        everything = traces_over(" AND ".join(parts), None if named is None else f"{named} {condition}")
        return f"(SELECT * FROM {everything} WHERE {condition})"

    def spans_of_traces(self) -> str:
        """SQL over spans: all those of the traces that may start in the scope and satisfy the filter's span part."""
        if self.matching is not None:
            return f"{self.scope.in_project} AND trace_id IN {{matching:Array(String)}}"
        if self.asked_of_a_span is None:
            return f"{self.scope.in_project} AND {self._starting}"
        return f"{self.scope.in_project} AND trace_id IN ({self.matching_traces()} AND {self._may_start})"

    def matching_traces(self, columns: str = "trace_id") -> str:
        """SELECT the ids of traces with a span that satisfies what is asked of one, or other columns of the span."""
        return f"SELECT {columns} FROM {self.spans_table} WHERE {self._spans} AND {self.span_part}"

    @property
    def asked_of_a_span(self) -> Formula | None:
        """What some span of each trace found satisfies: the filter's conditions on spans, else what others imply."""
        return self.compiled.span_part or self.compiled.implied_part

    @property
    def span_part(self) -> str:
        """SQL over rows of `spans_table`: the span counts and satisfies what is asked of one."""
        return f"{COUNTS} AND {where(self.asked_of_a_span, Row.SPAN, self.sources)}"

    def _trace_condition(self) -> str:
        if not self.scope.project and self.compiled.span_part is not None:
            return self.compiled.where(Row.TRACE, self.sources)  # the same id in two projects is two traces
        return where(self.compiled.trace_part, Row.TRACE, self.sources)

    def span_condition(self) -> str:
        """SQL over rows of `spans_table`: the span is found."""
        return (
            f"{self.scope.in_project} AND {COUNTS} AND {self.scope.in_time} AND {self.received} "
            f"AND {self.compiled.where(Row.SPAN, self._sources_of_spans())}"
        )

    @property
    def received(self) -> str:
        """SQL over spans: they arrived late enough."""
        since = self.received_since_unix_nano
        return "1" if since is None else f"received_at >= {moment(since)}"

    def _sources_of_spans(self) -> Sources:
        """A span's trace may have started at any time before it."""
        source = traces_over(f"{self.scope.in_project} AND {self._starting}")
        everything = f"{self.scope.in_project} AND {COUNTS}"
        return replace(
            self.sources,
            traces=Source(source, self.scope.in_project),
            spans=Source(self.spans_table, f"{everything} AND {self._starting}"),
        )


def _log_words(compiled: CompiledFilter) -> tuple[str, dict[str, Any]]:
    """SQL over `logs`: a record has a word or text that the filter looks for."""
    parameters = Parameters("l")
    conditions = []
    for column in ("input", "output"):
        for term in compiled.terms:
            words = folded(parameters.text(" ".join(term.tokens)))
            conditions.append(f"hasAllTokens({folded(column)}, {words})")
        conditions += [f"{column} ILIKE {parameters.text(pattern)}" for pattern in compiled.patterns]
    return " OR ".join(conditions), parameters.values


def searched(connection: Connection, scope: Scope, compiled: CompiledFilter) -> Searched:
    """The filter over the scope; log records are looked at only if one has what the filter looks for."""
    plain = Searched(scope, compiled)
    words, values = _log_words(compiled)
    if not words:
        return plain
    matching = f"FROM logs WHERE {scope.in_project} AND span_id != '' AND ({words})"
    if not connection.query(f"SELECT 1 {matching} LIMIT 1", {**values, **scope.parameters}).rows:
        return plain
    return replace(plain, spans_table=_with_logs(scope, matching))


def _with_logs(scope: Scope, matching: str) -> str:
    """Spans, and once more those whose log records match: with the records' text as part of theirs."""
    keys = "project, trace_id, span_id"
    told = (
        f"(SELECT {keys}, arrayStringConcat(groupArray(logs.input), '\\n') AS log_input, "
        f"arrayStringConcat(groupArray(logs.output), '\\n') AS log_output FROM logs "
        f"WHERE {scope.in_project} AND (trace_id, span_id) IN (SELECT trace_id, span_id {matching}) GROUP BY {keys})"
    )
    return (
        "(SELECT * FROM spans UNION ALL SELECT * EXCEPT (log_input, log_output) REPLACE "
        "(concat(spans.input, '\\n', log_input) AS input, concat(spans.output, '\\n', log_output) AS output) "
        f"FROM (SELECT * FROM spans WHERE trace_id IN (SELECT trace_id {matching})) AS spans "
        f"INNER JOIN {told} AS told USING ({keys}))"
    )
