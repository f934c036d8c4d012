"""What lists of traces and of spans have in common.

Owns the question, its limits and its answer, and how long it may take. Leaves the statements to `search_traces` and
`search_spans`, how far back these look at a time to `search_windows`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest, StorageError
from spanhouse_collector.query.filter import CompiledFilter, compile_filter
from spanhouse_collector.query.filter.names import Unit
from spanhouse_collector.query.search_moments import moment_unix_nano
from spanhouse_collector.query.search_pages import Order, Part, Place, read_order, read_token, write_token
from spanhouse_collector.query.search_scope import Scope
from spanhouse_collector.storage.engine import Connection, Rows

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 1000
SECONDS_MAX: Final = 10.0
_SECONDS_MIN: Final = 0.1
_STOPPED: Final = frozenset({159})  # TIMEOUT_EXCEEDED
Clock = Callable[[], int]


@dataclass(frozen=True, kw_only=True)
class ListQuestion:
    """What a list is asked for, as text from outside. `order_by` none: the most recent first.

    `live`: tell a token of what arrives from now on; `newer_than` such a token: list only what arrived since.
    """

    project: str = ""
    filter: str = ""
    since: str = ""
    until: str = ""
    order_by: tuple[str, ...] = ()
    limit: int = LIMIT_DEFAULT
    page_token: str = ""
    count: bool = False
    live: bool = False
    newer_than: str = ""

    @property
    def identity(self) -> tuple[Any, ...]:
        """What a page token belongs to."""
        return (self.project, self.filter, self.since, self.until, *self.order_by, *filter(None, [self.newer_than]))


@dataclass(frozen=True)
class ListAnswer:
    """A page. `is_partial`: time ran out; what is here is right, and complete down to `complete_since_unix_nano`."""

    entries: list[dict[str, Any]]
    next_page_token: str | None = None
    is_partial: bool = False
    complete_since_unix_nano: int | None = None
    total_count: int | None = None
    newest_token: str | None = None
    highlights: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """A question that was understood."""

    question: ListQuestion
    unit: Unit
    compiled: CompiledFilter
    scope: Scope
    order: Order
    tie_breakers: int
    place: Place | None

    @property
    def is_recent_first(self) -> bool:
        """Whether it can be answered by looking back window by window."""
        return len(self.order.parts) == self.tie_breakers

    def token(self, values: tuple[Any, ...]) -> str:
        """The token of a page that ended at these values."""
        place = Place(values, self.scope.since_unix_nano, self.scope.until_unix_nano)
        return write_token((self.unit, *self.question.identity), place)

    def after(self) -> tuple[str, dict[str, Any]]:
        """SQL: rows of the pages to come."""
        return self.order.after(self.place.values) if self.place is not None else ("1", {})


def understand(question: ListQuestion, *, unit: Unit, recent_first: Sequence[Part], clock: Clock) -> Listing:
    """Read the parameters.

    Raises:
        FilterInvalid: the filter cannot be read.
        MalformedRequest: another parameter cannot.

    """
    if not 1 <= question.limit <= LIMIT_MAX:
        raise MalformedRequest(f"limit is from 1 to {LIMIT_MAX}, not {question.limit}")
    order = read_order(question.order_by, unit=unit, tie_breakers=recent_first)
    compiled = compile_filter(question.filter, unit=unit)
    place = read_token(question.page_token, (unit, *question.identity), [part.type for part in order.parts])
    now = clock()
    if place is not None:
        scope = Scope(question.project, place.since_unix_nano, place.until_unix_nano)
    else:
        scope = Scope(
            question.project,
            moment_unix_nano(question.since, "since", now),
            moment_unix_nano(question.until, "until", now),
        )
    return Listing(question, unit, compiled, scope, order, len(recent_first), place)


class Budget:
    """The time that one answer may take."""

    def __init__(self, seconds_max: float) -> None:
        self._ends = time.monotonic() + seconds_max

    @property
    def remaining_s(self) -> float:
        """What is left of it."""
        return max(0.0, self._ends - time.monotonic())

    def query(
        self,
        connection: Connection,
        statement: str,
        parameters: Mapping[str, Any],
        *,
        share: float = 1.0,
        settings: str = "",
    ) -> Rows | None:
        """The answer; None when the time, or a share of what is left of it, ran out. `settings` are further ones.

        Raises:
            StorageError: anything else.

        """
        if self.remaining_s < _SECONDS_MIN:
            return None
        limits = [f"max_execution_time = {self.remaining_s * share:.2f}", "timeout_overflow_mode = 'throw'"]
        all_settings = ", ".join([*limits, settings] if settings else limits)
        try:
            return connection.query(f"{statement} SETTINGS {all_settings}", parameters)
        except StorageError as error:
            if error.code in _STOPPED:
                return None
            raise
