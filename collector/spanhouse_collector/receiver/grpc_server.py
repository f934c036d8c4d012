"""OTLP/gRPC.

Owns the listener, its limits, and what gRPC adds to `export`: status codes and trailers. Handlers take raw bytes: with
grpcio's generated code a malformed message becomes INTERNAL, here it is INVALID_ARGUMENT. They are registered as
client-streaming, which is the same on the wire: a unary call is read from the socket only after it was given one of
RECEIVING_MAX places, so unread requests wait in the client and not in our memory.

Source: OTLP specification, "OTLP/gRPC"; gRPC's keepalive and compression documents; decision 007.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from spanhouse_collector.errors import Overloaded, RequestError, RequestTimeout, SpanhouseError, StartupError
from spanhouse_collector.identity.credentials import key_in_headers
from spanhouse_collector.identity.key_file import KeyFile, bound_project
from spanhouse_collector.identity.keys import INGEST
from spanhouse_collector.otlp import project, response
from spanhouse_collector.otlp.body import PROTOBUF
from spanhouse_collector.otlp.signals import SIGNALS, Signal
from spanhouse_collector.receiver.admission import Room
from spanhouse_collector.receiver.export import Exporter, ExportRequest

logger = logging.getLogger(__name__)

TRANSPORT: Final = "grpc"
RECEIVING_MAX: Final = 16  # requests being received at once; times the size limit, what they can hold
# Far above what exporters use. Near the limit grpcio refuses streams (REFUSED_STREAM, which clients see as UNAVAILABLE
# without a delay), because it counts those that ended and are not freed yet: measured with 256, from 250 calls at once.
CONCURRENT_STREAMS_MAX: Final = 1024
STATUS_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),  # else a second collector binds the same port without a word
    ("grpc.max_concurrent_streams", CONCURRENT_STREAMS_MAX),
    # The Go collector pings every 10 s, give or take; grpc's defaults would close its connection for that.
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_ping_strikes", 3),
)


class GrpcServer:
    """The gRPC listener of a collector."""

    def __init__(
        self,
        exporter: Exporter,
        keys: KeyFile,
        *,
        host: str,
        port: int,
        max_request_bytes: int,
        request_timeout_s: float,
    ) -> None:
        self._exporter = exporter
        self._keys = keys
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._host = host
        self._timeout_s = request_timeout_s
        self._receiving = asyncio.Semaphore(RECEIVING_MAX)
        self._exports: set[asyncio.Task[Any]] = set()
        self._server = grpc.aio.server(options=(*_OPTIONS, ("grpc.max_receive_message_length", max_request_bytes)))
        for signal in SIGNALS:
            handler = grpc.stream_unary_rpc_method_handler(self._handler(signal))
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(signal.grpc_service, {"Export": handler}),)
            )
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)

    async def start(self) -> str:
        """Listen and answer health checks; returns host:port.

        Raises:
            StartupError: the address cannot be bound.

        """
        try:
            port = self._server.add_insecure_port(self._address)
        except RuntimeError as error:
            raise StartupError([f"gRPC cannot listen on {self._address}: the address is in use or not ours"]) from error
        await self._server.start()
        for name in ("", *(signal.grpc_service for signal in SIGNALS)):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return f"[{self._host}]:{port}" if ":" in self._host else f"{self._host}:{port}"

    async def stop(self, grace_s: float) -> None:
        """Say NOT_SERVING, take no new calls, let exports under way finish within the grace; once, started or not."""
        await self._health.enter_graceful_shutdown()
        stopping = asyncio.ensure_future(self._server.stop(grace_s))
        # By itself grpcio would wait out the grace for every open health watch.
        await asyncio.sleep(0)
        if self._exports:
            await asyncio.wait(self._exports, timeout=grace_s)
        await self._server.stop(None)
        await stopping
        del self._server  # its destructor needs the loop, and complains on stderr at the end of the process

    def _handler(self, signal: Signal) -> Callable[[AsyncIterator[bytes], Any], Awaitable[bytes]]:
        async def export(messages: AsyncIterator[bytes], context: Any) -> bytes:
            task: asyncio.Task[Any] | None = asyncio.current_task()
            assert task is not None
            self._exports.add(task)
            task.add_done_callback(self._exports.discard)
            try:
                with self._exporter.request(signal, TRANSPORT) as room:
                    metadata = dict(context.invocation_metadata() or ())
                    key = self._keys.authenticate(key_in_headers(metadata), INGEST)
                    name = bound_project(key) or project.for_export(metadata.get(project.HEADER))
                    body = await self._receive(messages, room)
                    return await self._exporter.export(
                        ExportRequest(signal=signal, transport=TRANSPORT, body=body, media_type=PROTOBUF, project=name),
                        room,
                    )
            except SpanhouseError as error:
                reason = error
            except Exception:  # the edge: nothing may leave as UNKNOWN with its text
                logger.exception("a %s request failed in a way nobody thought of", signal.name)
                reason = None
            await _abort(context, reason)
            raise AssertionError("abort does not return")

        return export

    async def _receive(self, messages: AsyncIterator[bytes], room: Room) -> bytes:
        """The call's message, in a place and with room in memory."""
        try:
            async with asyncio.timeout(self._exporter.admission_wait_s):
                await self._receiving.acquire()
        except TimeoutError:
            raise Overloaded(f"{RECEIVING_MAX} requests are being received") from None
        try:
            async with asyncio.timeout(self._timeout_s):
                message = await anext(aiter(messages), None)
            if message is None:
                raise RequestError("the call carries no message")
            await room.enter(len(message))
            return message
        except TimeoutError:
            raise RequestTimeout(f"the request did not arrive within request_timeout={self._timeout_s:g} s") from None
        finally:
            self._receiving.release()


async def _abort(context: Any, error: SpanhouseError | None) -> None:
    """End the call with the error's code, its Status, and both forms in which clients look for a retry delay."""
    status = response.status(error)
    trailers: list[tuple[str, bytes]] = [("grpc-status-details-bin", status.SerializeToString())]
    if isinstance(error, Overloaded):
        trailers.append(("google.rpc.retryinfo-bin", response.retry_info(error).SerializeToString()))
    await context.abort(STATUS_CODES[status.code], status.message, trailing_metadata=tuple(trailers))
