"""One look at a request before it becomes durable: is it OTLP, and which of its items may be stored.

Owns the decision per request and the words for what is refused. The usual request costs one parse in C, one question in
C (`descriptors.flat`) and the id check, the only Python loop over spans; its bytes go on untouched. Requests that hold
structured values, broken UTF-8 or items to refuse take the slow path and are re-serialised.

Leaves media types to `body`, the reply to `response`, links, parents and times to the ingest view.

Source: OTLP specification, "Partial Success"; comments of trace.proto, logs.proto and metrics.proto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from google.protobuf.message import DecodeError, Message

from spanhouse_collector.errors import InvalidItems, MalformedRequest
from spanhouse_collector.otlp import project
from spanhouse_collector.otlp.counts import check_counts
from spanhouse_collector.otlp.descriptors import VARIANTS
from spanhouse_collector.otlp.points import point_fault, points_of
from spanhouse_collector.otlp.refusals import EXAMPLES_MAX, Refusals
from spanhouse_collector.otlp.repair import replace_invalid_utf8
from spanhouse_collector.otlp.signals import LOGS, METRICS, SIGNALS, TRACES, Signal
from spanhouse_collector.otlp.structured import rewrite_structured

NO_TRACE_ID: Final = bytes(16)
NO_SPAN_ID: Final = bytes(8)
LARGE_BYTES: Final = 4 << 20  # beyond this a request is checked alone, and not tried as another signal's
_DELETE_SINGLY_MAX: Final = 16


@dataclass(frozen=True)
class Checked:
    """What of a request is stored: `payload` is an export request of the signal, `accepted` its number of items."""

    payload: bytes
    accepted: int
    rejected: int = 0
    message: str = ""


def check(signal: Signal, raw: bytes, refusals: Refusals | None = None) -> Checked:
    """Decide what of an export request is stored; `refusals` has what was refused before, when it was read as JSON.

    Raises:
        MalformedRequest: not an export request of this signal.
        InvalidItems: it has items, and all of them are refused.
        RequestTooLarge: it holds more messages than `counts` allows.

    """
    check_counts(signal, raw)
    request, mended = _read(signal, raw)
    refusals = refusals or Refusals()
    refused_before = refusals.count
    accepted = _CHECKS[signal.name](request, refusals)
    if refusals.examples and not accepted:
        raise InvalidItems(refusals.text(signal), hint=_wrong_signal_hint(signal, raw))
    message = refusals.text(signal)
    if mended.strings:
        strings = "1 string was" if mended.strings == 1 else f"{mended.strings} strings were"
        note = f"{strings} not UTF-8; bad bytes were replaced by U+FFFD"
        message = f"{message}; {note}" if message else note
    payload = request.SerializeToString() if refusals.count > refused_before or mended.changed else raw
    return Checked(payload=payload, accepted=accepted, rejected=refusals.count, message=message)


@dataclass(frozen=True)
class _Mended:
    changed: bool = False
    strings: int = 0


def _read(signal: Signal, raw: bytes) -> tuple[Message, _Mended]:
    variants = VARIANTS[signal.name]
    try:
        request = variants.flat.FromString(raw)
    except DecodeError:
        request = None
    if request is not None and request.IsInitialized():
        return request, _Mended()
    return _read_irregular(signal, raw)


def _read_irregular(signal: Signal, raw: bytes) -> tuple[Message, _Mended]:
    """The slow path: structured values become text, broken strings are mended."""
    full = VARIANTS[signal.name].full
    strings = 0
    try:
        request = full.FromString(raw)
    except DecodeError as error:
        repaired = replace_invalid_utf8(signal, raw)
        if repaired is None or not repaired[1]:
            raise _malformed(signal, raw, error) from error
        mended_raw, strings = repaired
        try:
            request = full.FromString(mended_raw)
        except DecodeError as second:
            raise _malformed(signal, raw, second) from second
    rewrite_structured(request)
    return request, _Mended(changed=True, strings=strings)


def _malformed(signal: Signal, raw: bytes, error: DecodeError) -> MalformedRequest:
    told = f"the body ({len(raw)} bytes) is not an OTLP {signal.request_class.DESCRIPTOR.name}"
    reason = str(error).rpartition(": ")[2][:120]
    if "Depth" in reason:
        return MalformedRequest(f"{told}: it nests too deeply", hint="values may nest at most 31 kvlists or 47 arrays")
    return MalformedRequest(f"{told}: {reason}", hint=_wrong_signal_hint(signal, raw))


def _wrong_signal_hint(signal: Signal, raw: bytes) -> str:
    """A guess at a body sent to the wrong path: another signal's message reads it and finds items there."""
    if len(raw) > LARGE_BYTES:
        return ""
    for other in SIGNALS:
        if other is signal:
            continue
        try:
            request = VARIANTS[other.name].full.FromString(raw)
            if _CHECKS[other.name](request, Refusals()):
                return f"this looks like OTLP {other.name}: post it to {other.http_path}"
        except (DecodeError, ValueError):
            continue
    return ""


def _resources(request: Any, groups: str, refusals: Refusals, items: Callable[[Any], int]) -> Iterator[Any]:
    """The Resource groups of a request whose project name is possible; the others are removed and counted."""
    resource_groups = getattr(request, groups)
    refused: list[int] = []
    for index, group in enumerate(resource_groups):
        fault = project.invalid_resource_project(group.resource)
        if fault is None:
            continue
        refused.append(index)
        if count := items(group):
            refusals.add(partial(_project_fault, *fault), count)
    _remove(resource_groups, refused)
    yield from resource_groups


def _project_fault(attribute: str, value: str) -> str:
    return f"resource attribute {attribute}={value[:140]!r} is not a project name ({project.PATTERN})"


def _remove(repeated: Any, indexes: Sequence[int]) -> None:
    """Take the messages at `indexes`, ascending, out of a repeated field; linear however many there are."""
    if len(indexes) <= _DELETE_SINGLY_MAX:
        for index in reversed(indexes):
            del repeated[index]
        return
    gone = set(indexes)
    kept = [message for index, message in enumerate(repeated) if index not in gone]
    del repeated[:]
    repeated.extend(kept)


def _check_spans(request: Any, refusals: Refusals) -> int:
    def spans_in(group: Any) -> int:
        return sum(len(scope.spans) for scope in group.scope_spans)

    accepted = 0
    for group in _resources(request, "resource_spans", refusals, spans_in):
        for scope in group.scope_spans:
            refused = []
            # The id check: bytes of a span are looked at here and nowhere else in Python.
            for index, span in enumerate(scope.spans):
                trace_id = span.trace_id
                span_id = span.span_id
                if len(trace_id) != 16 or len(span_id) != 8 or trace_id == NO_TRACE_ID or span_id == NO_SPAN_ID:
                    refused.append(index)
            if refused:
                for index in refused[:EXAMPLES_MAX]:
                    refusals.add(partial(_id_fault, scope.spans[index]))
                refusals.count += max(0, len(refused) - EXAMPLES_MAX)
                _remove(scope.spans, refused)
            accepted += len(scope.spans)
    return accepted


def _id_fault(span: Any) -> str:
    trace_id, span_id = span.trace_id, span.span_id
    if len(trace_id) != 16 or trace_id == NO_TRACE_ID:
        return f"span {span.name[:60]!r}: trace_id {_shown(trace_id)} must be 16 bytes (32 hex digits), not all zero"
    return f"span {span.name[:60]!r}: span_id {_shown(span_id)} must be 8 bytes (16 hex digits), not all zero"


def _shown(value: bytes) -> str:
    """An id in the words of its sender: text that came through JSON as text, anything else as hex."""
    if not value:
        return "is empty: it"
    text = value[:40].decode("ascii", "replace")
    return repr(text.rstrip()) if text.isprintable() and len(value) > 16 else f"{value[:20].hex()} ({len(value)} bytes)"


def _check_logs(request: Any, refusals: Refusals) -> int:
    def records_in(group: Any) -> int:
        return sum(len(scope.log_records) for scope in group.scope_logs)

    return sum(records_in(group) for group in _resources(request, "resource_logs", refusals, records_in))


def _check_points(request: Any, refusals: Refusals) -> int:
    def points_in(group: Any) -> int:
        return sum(len(points_of(metric)) for scope in group.scope_metrics for metric in scope.metrics)

    accepted = 0
    for group in _resources(request, "resource_metrics", refusals, points_in):
        for scope in group.scope_metrics:
            for metric in scope.metrics:
                points = points_of(metric)
                faults = {
                    index: fault
                    for index, point in enumerate(points)
                    if (fault := point_fault(metric, point)) is not None
                }
                for fault in faults.values():
                    refusals.add(partial(_point_fault, metric, fault))
                if faults:
                    _remove(points, list(faults))
                accepted += len(points)
    return accepted


def _point_fault(metric: Any, fault: str) -> str:
    return f"metric {metric.name[:60]!r}: {fault}"


_CHECKS: Final[dict[str, Callable[[Any, Refusals], int]]] = {
    TRACES.name: _check_spans,
    LOGS.name: _check_logs,
    METRICS.name: _check_points,
}
