"""One export request of each kind that the conformance tables run over.

Every call makes new ids or names: an identical request is stored once, and these are to be counted.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb

from spanhouse_collector.otlp.signals import LOGS, METRICS, TRACES, Signal
from tests.builders import START_UNIX_NANO, any_value, attributes, logs, make_span, metrics, traces

NOW: Final[dict[str, Any]] = {"time_unix_nano": START_UNIX_NANO}
_numbers = itertools.count(1)


def point(**fields: Any) -> pb.NumberDataPoint:
    return pb.NumberDataPoint(**{**NOW, "as_int": next(_numbers), **fields})


def gauge(*points: pb.NumberDataPoint, name: str = "g") -> pb.Metric:
    return pb.Metric(name=name, gauge=pb.Gauge(data_points=points))


def good(signal: Signal, items: int = 1, **options: Any) -> Message:
    """A request of so many ordinary items."""
    if signal is TRACES:
        return traces(*(make_span() for _ in range(items)), **options)
    if signal is LOGS:
        return logs(*(LogRecord(**NOW, body=any_value(next(_numbers))) for _ in range(items)), **options)
    assert signal is METRICS
    return metrics(gauge(*(point() for _ in range(items))), **options)


def with_bad(signal: Signal, good_items: int, bad_items: int) -> Message:
    """A request in which some items have to be refused: by id, by project, by time."""
    request: Any = good(signal, good_items) if good_items else type(good(signal))()
    if signal is TRACES:
        bad: Any = traces(*(make_span(trace_id=b"") for _ in range(bad_items)))
    elif signal is LOGS:
        bad = good(signal, bad_items, resource={"spanhouse.project": "no/project"})
    else:
        bad = metrics(gauge(*(point(time_unix_nano=0) for _ in range(bad_items)), name="bad"))
    request.MergeFrom(bad)
    return request  # type: ignore[no-any-return]  # messages of three classes, handled through Any


def _observed() -> dict[str, Any]:
    """What makes one log record different from the next."""
    return {"observed_time_unix_nano": START_UNIX_NANO + next(_numbers)}


def with_text(signal: Signal, text: str) -> Message:
    """A request in which `text` stands where a sender's text may stand."""
    if signal is TRACES:
        return traces(make_span(text, attributes={text: text}), resource={"service.name": text})
    if signal is LOGS:
        return logs(LogRecord(**NOW, **_observed(), body=any_value(text), attributes=attributes({text: text})))
    return metrics(gauge(point(attributes=attributes({text: text})), name=text))


def with_value(signal: Signal, value: Any) -> Message:
    """A request with one attribute of this value."""
    if signal is TRACES:
        return traces(make_span(attributes={"k": value}))
    if signal is LOGS:
        return logs(LogRecord(**NOW, **_observed(), body=any_value(value)))
    return metrics(gauge(point(attributes=attributes({"k": value}))))
