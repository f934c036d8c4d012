"""What happens to an export request, whatever brought it.

Owns the order: room in memory, decode, check, write to the log, answer. OK is returned only after the log has
synced, and only one of two identical requests is written. Leaves transports, headers and statuses to `grpc_server`
and `http_otlp`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from spanhouse_collector.errors import RequestTooLarge, SpanhouseError, WalUnavailable, code_of
from spanhouse_collector.otlp import body as otlp_body
from spanhouse_collector.otlp import json_decode, response, validate
from spanhouse_collector.otlp.refusals import Refusals
from spanhouse_collector.otlp.signals import Signal
from spanhouse_collector.receiver.admission import Admission, Room
from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.log import WriteAheadLog
from spanhouse_collector.wal.recent import RecentRequests
from spanhouse_collector.wal.record import Envelope, fingerprint

# Decoding more than this is done beside the event loop, so that one large request does not delay the others' answers.
INLINE_MAX_BYTES: Final = 512 << 10
INLINE_JSON_MAX_BYTES: Final = 64 << 10
DECODERS: Final = 2  # threads; what they can hold beyond max_inflight_bytes is theirs times the size limit
EXPECTED_RATIO: Final = 8
RETRY_PAUSE_S: Final = 0.05

T = TypeVar("T")


@dataclass(frozen=True)
class ExportRequest:
    """A request as a transport hands it over: `body` is still encoded as its headers say."""

    signal: Signal
    transport: str
    body: bytes
    media_type: str
    content_encoding: str | None = None
    project: str = ""


class Exporter:
    """The one `export` behind every transport."""

    def __init__(
        self,
        logs: Mapping[str, WriteAheadLog],
        recent: RecentRequests,
        admission: Admission,
        telemetry: Telemetry,
        *,
        max_request_bytes: int,
        admission_wait_s: float,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._logs = logs
        self._recent = recent
        self._admission = admission
        self._telemetry = telemetry
        self._max_request_bytes = max_request_bytes
        self._admission_wait_s = admission_wait_s
        self._clock = clock
        self._workers = ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")
        self._one_large = asyncio.Lock()
        self._under_way: dict[bytes, asyncio.Future[None]] = {}
        self._writing: set[asyncio.Future[None]] = set()

    @contextmanager
    def request(self, signal: Signal, transport: str) -> Iterator[Room]:
        """The life of one request, from its first byte to its reply: the room it takes, and how it ended, counted."""
        outcome = "internal_error"
        try:
            with self._admission.room() as room:
                yield room
            outcome = "ok"
        except SpanhouseError as error:
            outcome = code_of(error)
            if isinstance(error, RequestTooLarge):
                self._telemetry.too_large_requests.labels(signal.name, error.limit).inc()
            raise
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        finally:
            self._telemetry.requests.labels(signal.name, transport, outcome).inc()

    async def export(self, request: ExportRequest, room: Room) -> bytes:
        """Make the request durable and return the export response in the request's media type.

        `room` holds the body already.

        Raises:
            RequestError: it will never be accepted.
            Overloaded: it may be, later.

        """
        started = time.monotonic()
        raw, checked = await self._decode(request, room)
        labels = (request.signal.name, request.transport)
        self._telemetry.request_bytes.labels(*labels).inc(len(raw))
        if checked.accepted:
            # A client that gives up does not stop the write: its retry must find the request under way or durable.
            writing = asyncio.ensure_future(self._make_durable(request, raw, checked))
            self._writing.add(writing)
            writing.add_done_callback(self._written)
            await asyncio.shield(writing)
            self._telemetry.accepted_items.labels(*labels).inc(checked.accepted)
        if checked.rejected:
            self._telemetry.refused_items.labels(*labels).inc(checked.rejected)
        self._telemetry.ack_seconds.labels(*labels).observe(time.monotonic() - started)
        return response.success(request.signal, checked.rejected, checked.message, request.media_type)

    def _written(self, writing: asyncio.Future[None]) -> None:
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()  # looked at here, so that one nobody waits for any more is not reported as lost

    @property
    def admission_wait_s(self) -> float:
        """How long a request may wait for room of any kind."""
        return self._admission_wait_s

    async def drain(self) -> None:
        """Wait for the writes that are under way; no request may follow."""
        self._workers.shutdown(wait=False)
        if self._writing:
            await asyncio.wait(self._writing)

    async def _decode(self, request: ExportRequest, room: Room) -> tuple[bytes, validate.Checked]:
        """The request as protobuf, and what of it is stored; beside the event loop unless it is small and plain."""
        raw = request.body
        if (request.content_encoding or "identity").strip().lower() != "identity":
            # Room is taken for a common ratio, and made good as soon as the real one is known.
            await room.enter(min(self._max_request_bytes, EXPECTED_RATIO * len(raw)))
            raw = await self._beside(self._inflate, request)
            room.resize(len(raw))
        inline_max_bytes = INLINE_JSON_MAX_BYTES if request.media_type == otlp_body.JSON else INLINE_MAX_BYTES
        if len(raw) <= inline_max_bytes:
            return self._check(request, raw)
        if len(raw) <= validate.LARGE_BYTES:
            return await self._beside(self._check, request, raw)
        async with self._one_large:  # parsed, a request can take thirty times its bytes
            return await self._beside(self._check, request, raw)

    async def _beside(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._workers, function, *arguments)

    def _inflate(self, request: ExportRequest) -> bytes:
        return otlp_body.inflate(request.body, request.content_encoding, limit_bytes=self._max_request_bytes)

    def _check(self, request: ExportRequest, raw: bytes) -> tuple[bytes, validate.Checked]:
        refusals = Refusals()
        if request.media_type == otlp_body.JSON:
            raw = json_decode.to_protobuf(request.signal, raw, refusals)
        return raw, validate.check(request.signal, raw, refusals)

    async def _make_durable(self, request: ExportRequest, raw: bytes, checked: validate.Checked) -> None:
        """Write the request, unless an identical one is durable or on its way there."""
        digest = fingerprint(request.signal.name, request.project, raw, seed=self._recent.seed)
        now = self._clock()
        self._recent.expire()
        while digest in self._under_way:
            # If that write fails, this request is written in its place.
            await asyncio.wait([self._under_way[digest]])
        if digest in self._recent:
            self._telemetry.duplicate_requests.labels(request.signal.name).inc()
            return
        envelope = Envelope(
            project=request.project, received_unix_nano=now, fingerprint=digest, item_count=checked.accepted
        )
        self._under_way[digest] = asyncio.get_running_loop().create_future()
        try:
            await self.append(request.signal, envelope, checked.payload)
        finally:
            self._under_way.pop(digest).set_result(None)

    async def append(self, signal: Signal, envelope: Envelope, payload: bytes) -> None:
        """Write a record; returns once it is durable.

        Raises:
            WalUnavailable: the log has had no room for as long as a request may wait.

        """
        deadline = time.monotonic() + self._admission_wait_s
        while True:
            try:
                await self._append_once(signal, envelope, payload)
            except WalUnavailable:
                if time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(RETRY_PAUSE_S)
            else:
                return

    async def append_own(self, signal: Signal, project: str, payload: bytes) -> None:
        """Write a request of one item that the collector itself made; returns once it is durable.

        Raises:
            WalUnavailable: the log has no room.

        """
        digest = fingerprint(signal.name, project, payload, seed=self._recent.seed)
        await self.append(signal, Envelope(project, self._clock(), digest, 1), payload)

    async def _append_once(self, signal: Signal, envelope: Envelope, payload: bytes) -> None:
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[None] = loop.create_future()

        def finish(error: WalUnavailable | None) -> None:
            if error is None:
                # Remembered even when the client has gone away: its record is in the log all the same.
                self._recent.remember(envelope.fingerprint)
            if durable.cancelled():
                return
            if error is None:
                durable.set_result(None)
            else:
                durable.set_exception(error)

        def done(error: WalUnavailable | None) -> None:
            loop.call_soon_threadsafe(finish, error)

        self._logs[signal.name].append(envelope, payload, done)
        await durable
