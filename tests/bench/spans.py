"""Pre-serialised OTLP trace requests, each send of which is unique and costs almost nothing.

Owns: the shape of a request (traces, tree, ids, times) and patching a template into a fresh one.
Leaves to others: what a span says (`genai.py`), sending (`load.py`).

Strategy: a template is a serialised `ExportTraceServiceRequest` cut at every id and time into
constant segments. `render` draws new ids, adds the current time to the relative times (one
big-integer addition over 64-bit lanes) and joins segments and values: 0.6 µs a span, mostly memcpy.
Trace and span ids never repeat, so no duplicate detection can collapse two sends, and ids keep the
entropy, hence the disk size, of real ones.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple

from tests.bench import genai
from tests.bench.wire import FIXED64, LENGTH_DELIMITED, attribute, nested, tag, text, unsigned, varint

SPANS_PER_REQUEST: Final = 512  # the OTel SDKs' own default batch size
TEMPLATE_COUNT: Final = 160  # 81,920 different spans, 90 MB: fewer, and ZSTD finds the texts again
LOOKBACK_NS: Final = 10_000_000_000  # a request's spans start up to this long before it is sent
_TRACE_SPANS: Final = (1, 2, 3, 4, 5, 6, 10)  # spans a trace: mean 4.4, as DESIGN's 20.5 M / 4.7 M
_LANE_BYTES: Final = 8

_SCOPE: Final = nested(1, text(1, "spanhouse.bench.instrumentation") + text(2, "1.4.2"))


class RenderedRequest(NamedTuple):
    """One request ready to be sent, and what is in it."""

    payload: bytes
    trace_ids: tuple[bytes, ...]
    span_count: int


class _Slot(NamedTuple):
    """A place in the request that each send fills anew; *number* counts within its sort."""

    offset: int
    sort: str  # "trace" (16 bytes), "span" or "time" (8 bytes)
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTemplate:
    """A serialised request, cut at its ids and times."""

    segments: tuple[bytes, ...]
    pick: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]
    trace_count: int
    span_count: int
    time_lanes: int
    lane_ones: int
    lane_count: int
    size_bytes: int

    def render(self, rng: random.Random, base_unix_nano: int) -> RenderedRequest:
        """Return the request with fresh ids, its times counted from *base_unix_nano*."""
        id_bytes = rng.randbytes(16 * self.trace_count + 8 * self.span_count)
        lanes = self.time_lanes + base_unix_nano * self.lane_ones
        values = struct.unpack(
            "16s" * self.trace_count + "8s" * (self.span_count + self.lane_count),
            id_bytes + lanes.to_bytes(_LANE_BYTES * self.lane_count, "little"),
        )
        pieces = [b""] * (2 * len(self.segments) - 1)
        pieces[0::2] = self.segments
        pieces[1::2] = self.pick(values)
        return RenderedRequest(b"".join(pieces), values[: self.trace_count], self.span_count)


class _RequestWriter:
    """Collects the spans of one request and the slots in them."""

    def __init__(self, rng: random.Random, service: str) -> None:
        self._rng = rng
        self._service = service
        self.spans: list[bytes] = []
        self.slots: list[list[_Slot]] = []  # per span, offsets within that span
        self.times_ns: list[int] = []
        self.trace_count = 0

    def add_trace(self, span_count: int) -> None:
        """Append one trace: an agent root, then children under the root or under a sibling."""
        shared = genai.conversation(self._rng, self._service)
        trace, first = self.trace_count, len(self.spans)
        self.trace_count += 1
        trace_start_ns = self._rng.randrange(LOOKBACK_NS // 2)
        for position in range(span_count):
            if position == 0:
                content, parent, start_ns = genai.agent_span(self._rng, shared), None, 0
            else:
                draw = self._rng.choices((genai.chat_span, genai.tool_span, genai.retrieval_span), (5, 3, 1))[0]
                content = draw(self._rng, shared)
                parent = first if self._rng.random() < 0.75 else first + position - 1
                start_ns = self._rng.randrange(LOOKBACK_NS // 2)
            self._add_span(content, trace, parent, trace_start_ns + start_ns)

    def _add_span(self, content: genai.SpanContent, trace: int, parent: int | None, start_ns: int) -> None:
        """Encode one span, noting where its ids and times lie."""
        body = bytearray()
        slots: list[_Slot] = []
        own = len(self.spans)

        def slot(prefix: bytes, sort: str, number: int, width: int) -> None:
            body.extend(prefix)
            slots.append(_Slot(len(body), sort, number))
            body.extend(bytes(width))

        def moment(field: int, at_ns: int) -> None:
            slot(tag(field, FIXED64), "time", len(self.times_ns), 8)
            self.times_ns.append(at_ns)

        slot(tag(1, LENGTH_DELIMITED) + b"\x10", "trace", trace, 16)
        slot(tag(2, LENGTH_DELIMITED) + b"\x08", "span", own, 8)
        if parent is not None:
            slot(tag(4, LENGTH_DELIMITED) + b"\x08", "span", parent, 8)
        body += text(5, content.name) + unsigned(6, content.kind)
        moment(7, start_ns)
        moment(8, start_ns + content.duration_ns)
        for key, value in content.attributes:
            body += attribute(key, value, field_number=9)
        if content.status_code == genai.STATUS_ERROR:
            event = text(2, "exception")
            event += attribute("exception.type", "UpstreamError", field_number=3)
            event += attribute("exception.message", content.error_message, field_number=3)
            body += tag(11, LENGTH_DELIMITED) + varint(len(event) + 9)
            moment(1, start_ns + content.duration_ns)
            body += event
            body += nested(15, text(2, content.error_message) + unsigned(3, genai.STATUS_ERROR))
        elif content.status_code:
            body += nested(15, unsigned(3, content.status_code))
        body += tag(16, 5) + struct.pack("<I", 0x101)  # flags: sampled, parent known to be local
        self.spans.append(bytes(body))
        self.slots.append(slots)


def build_templates(
    *,
    template_count: int = TEMPLATE_COUNT,
    spans_per_request: int = SPANS_PER_REQUEST,
    seed: int = 1,
) -> tuple[RequestTemplate, ...]:
    """Return *template_count* different requests; the same seed gives the same bytes."""
    rng = random.Random(seed)
    return tuple(
        _build_template(rng, genai.SERVICES[number % len(genai.SERVICES)], spans_per_request)
        for number in range(template_count)
    )


def stream(
    templates: tuple[RequestTemplate, ...],
    *,
    id_seed: int,
    clock_ns: Callable[[], int],
    span_count: int,
) -> Iterator[RenderedRequest]:
    """Yield unique requests in rotation until *span_count* spans (rounded up) are out."""
    rng = random.Random(id_seed)
    sent = number = 0
    while sent < span_count:
        template = templates[number % len(templates)]
        yield template.render(rng, clock_ns() - LOOKBACK_NS)
        sent += template.span_count
        number += 1


def _build_template(rng: random.Random, service: str, span_count: int) -> RequestTemplate:
    """Draw one request and cut it at its slots."""
    writer = _RequestWriter(rng, service)
    while len(writer.spans) < span_count:
        writer.add_trace(min(rng.choice(_TRACE_SPANS), span_count - len(writer.spans)))
    framed = [(nested(2, span), len(span)) for span in writer.spans]
    scope_spans = _SCOPE + b"".join(frame for frame, _ in framed)
    resource = nested(1, _resource(service, rng))
    resource_spans = resource + nested(2, scope_spans)
    payload = nested(1, resource_spans)
    position = len(payload) - len(scope_spans) + len(_SCOPE)  # nothing follows the scope's spans
    slots: list[_Slot] = []
    for (frame, body_size), span_slots in zip(framed, writer.slots, strict=True):
        start = position + len(frame) - body_size
        slots += [_Slot(start + at, sort, number) for at, sort, number in span_slots]
        position += len(frame)
    return _cut(payload, slots, writer)


def _cut(payload: bytes, slots: list[_Slot], writer: _RequestWriter) -> RequestTemplate:
    """Return the template: segments between slots, and which value goes into which slot."""
    span_count, lane_count = len(writer.spans), len(writer.times_ns)
    first = {"trace": 0, "span": writer.trace_count, "time": writer.trace_count + span_count}
    segments: list[bytes] = []
    end = 0
    for slot in slots:
        segments.append(payload[end : slot.offset])
        end = slot.offset + (16 if slot.sort == "trace" else 8)
    segments.append(payload[end:])
    return RequestTemplate(
        segments=tuple(segments),
        pick=itemgetter(*(first[slot.sort] + slot.number for slot in slots)),
        trace_count=writer.trace_count,
        span_count=span_count,
        time_lanes=int.from_bytes(struct.pack(f"<{lane_count}Q", *writer.times_ns), "little"),
        lane_ones=int.from_bytes(struct.pack(f"<{lane_count}Q", *([1] * lane_count)), "little"),
        lane_count=lane_count,
        size_bytes=len(payload),
    )


def _resource(service: str, rng: random.Random) -> bytes:
    """Return an encoded `Resource` such as an SDK in a container sends."""
    pairs: tuple[tuple[str, str | int], ...] = (
        ("service.name", service),
        ("service.version", f"2.{rng.randrange(20)}.{rng.randrange(10)}"),
        ("service.instance.id", f"{rng.getrandbits(64):016x}"),
        ("deployment.environment.name", rng.choice(("production", "staging"))),
        ("telemetry.sdk.language", "python"),
        ("telemetry.sdk.name", "opentelemetry"),
        ("telemetry.sdk.version", "1.38.0"),
        ("process.pid", rng.randrange(100, 40_000)),
    )
    return b"".join(attribute(key, value, field_number=1) for key, value in pairs)
