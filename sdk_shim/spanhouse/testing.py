"""For tests of instrumentation: spans in memory, fixed ids, a fixed clock.

Owns: `capture`, and the fixture `spans` for pytest (`pytest_plugins = ["spanhouse.testing"]`, or import it into a
conftest). Nothing is sent while it captures.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.id_generator import IdGenerator

from spanhouse import semconv
from spanhouse.masking import decoded
from spanhouse.provider import STATE, runtime
from spanhouse.span_types import input_key, output_key

FIRST_TIME_NS: Final = 1_767_225_600_000_000_000  # 2026-01-01T00:00:00Z
TICK_NS: Final = 1_000_000


class CountingIds(IdGenerator):
    """1, 2, 3, … for traces and for spans."""

    def __init__(self) -> None:
        self._traces = self._spans = 0

    def generate_trace_id(self) -> int:
        """The next one."""
        self._traces += 1
        return self._traces

    def generate_span_id(self) -> int:
        """The next one."""
        self._spans += 1
        return self._spans


class TickingClock:
    """A clock that goes on by *tick_ns* whenever it is read."""

    def __init__(self, start_ns: int = FIRST_TIME_NS, tick_ns: int = TICK_NS) -> None:
        self.now_ns = start_ns
        self._tick_ns = tick_ns

    def __call__(self) -> int:
        """The time, and one tick on."""
        now, self.now_ns = self.now_ns, self.now_ns + self._tick_ns
        return now


@dataclass(frozen=True)
class CapturedSpan:
    """An ended span, easy to compare."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    span_type: str
    status: str
    inputs: Any
    outputs: Any
    attributes: dict[str, Any]
    events: list[str]
    otel: ReadableSpan

    @classmethod
    def of(cls, span: ReadableSpan) -> CapturedSpan:
        """From OpenTelemetry's span."""
        attributes = {
            key: list(item) if isinstance(item, tuple) else item for key, item in (span.attributes or {}).items()
        }
        span_type = str(attributes.get(semconv.SPAN_TYPE, "UNKNOWN"))
        return cls(
            span.name,
            f"{span.context.trace_id:032x}",
            f"{span.context.span_id:016x}",
            None if span.parent is None else f"{span.parent.span_id:016x}",
            span_type,
            span.status.status_code.name,
            decoded(attributes, input_key(span_type)),
            decoded(attributes, output_key(span_type)),
            attributes,
            [event.name for event in span.events],
            span,
        )


class Captured:
    """The spans that ended, in that order."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._spans: list[CapturedSpan] = []

    def put(self, span: ReadableSpan) -> None:
        """One more."""
        captured = CapturedSpan.of(span)
        with self._lock:
            self._spans.append(captured)

    def discard(self, span: ReadableSpan) -> None:
        """One less."""
        with self._lock:
            self._spans = [known for known in self._spans if known.otel is not span]

    @property
    def spans(self) -> list[CapturedSpan]:
        """All of them, in the order of their end."""
        with self._lock:
            return list(self._spans)

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [span.name for span in self.spans]

    def find(self, name: str) -> CapturedSpan:
        """The only span of this name.

        Raises:
            LookupError: there is none, or more than one.

        """
        found = [span for span in self.spans if span.name == name]
        if len(found) != 1:
            raise LookupError(f"{len(found)} spans are named {name!r}; there are: {self.names}")
        return found[0]

    def children(self, parent: CapturedSpan) -> list[CapturedSpan]:
        """The children of a span."""
        return [span for span in self.spans if span.parent_id == parent.span_id]

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._spans.clear()


@contextmanager
def capture(*, fixed_ids: bool = False, clock: Callable[[], int] | None = None, **settings: Any) -> Iterator[Captured]:
    """Catch the spans that end in the block, instead of sending them.

    *fixed_ids* counts ids from 1; *clock* (a `TickingClock`, for one) gives the times of the shim's own spans;
    *settings* are those of `configure`, for the block.
    """
    current = runtime()
    if current is None:
        raise RuntimeError("spanhouse could not be set up; see its log")
    captured = Captured()
    tracer: Any = current.tracer
    before = (current.settings, current.clock, current.processor.sink, current.is_enabled, current.processor.is_enabled)
    ids = getattr(tracer, "id_generator", None)
    current.processor.sink, current.clock = captured, clock
    current.is_enabled = current.processor.is_enabled = True
    current.settings = current.settings.replaced(**settings)
    if fixed_ids:
        tracer.id_generator = CountingIds()
    try:
        yield captured
    finally:
        if STATE.runtime is current:
            (
                current.settings,
                current.clock,
                current.processor.sink,
                current.is_enabled,
                current.processor.is_enabled,
            ) = before
        if fixed_ids:
            tracer.id_generator = ids


if find_spec("pytest") is not None:
    import pytest

    @pytest.fixture
    def spans() -> Iterator[Captured]:
        """The spans that the test made, with ids that count from 1."""
        with capture(fixed_ids=True) as captured:
            yield captured
