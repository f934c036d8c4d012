"""The edges around `export`, in this process: bugs of ours, cancelled calls, aliases of paths."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import grpc
import grpc.aio
import pytest

from spanhouse_collector.otlp import validate
from spanhouse_collector.otlp.body import JSON, PROTOBUF
from spanhouse_collector.otlp.signals import SIGNALS, TRACES
from spanhouse_collector.receiver import grpc_server
from spanhouse_collector.receiver.http_otlp import ALIASES, OtlpHttp, is_for_otlp
from tests.collector.receiver.rig import MIB, Rig, until
from tests.collector.receiver.samples import good, with_bad
from tests.collector.receiver.wire import grpc_refusal, parse_status


class Asgi:
    """One request through the ASGI application, without a socket."""

    def __init__(self, rig: Rig) -> None:
        self.app = OtlpHttp(rig.exporter, rig.keys, max_request_bytes=MIB, request_timeout_s=5, cors_origins=())
        self.sent: list[dict[str, Any]] = []

    async def post(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        self.sent.clear()
        names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": path, "headers": names}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            self.sent.append(message)

        await self.app(scope, receive, send)
        return self.sent[0]["status"], b"".join(message.get("body", b"") for message in self.sent)


@pytest.mark.parametrize("media_type", [PROTOBUF, JSON])
@pytest.mark.parametrize("place", ["log", "check"])
def test_a_bug_of_ours_is_500_and_none_of_its_text_is_told(
    rig: Rig, media_type: str, place: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Cases 26 and 68."""
    bug = RuntimeError("secret of the house")

    async def scenario() -> None:
        rig.log.faults = [bug]
        if place == "check":
            monkeypatch.setattr(validate, "check", Mock(side_effect=bug))
        body = good(TRACES).SerializeToString()
        if media_type == JSON:
            body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"%016x"}]}]}]}' % (1, 1)
        status, reply = await Asgi(rig).post("/v1/traces", body, content_type=media_type)
        assert status == 500
        told = parse_status(reply, media_type)
        assert (told.code, told.message, len(told.details)) == (13, "internal error", 0)
        assert "secret of the house" in caplog.text  # the operator is told

    asyncio.run(scenario())


@contextlib.asynccontextmanager
async def serving(rig: Rig) -> AsyncIterator[grpc.aio.Channel]:
    server = grpc_server.GrpcServer(
        rig.exporter, rig.keys, host="127.0.0.1", port=0, max_request_bytes=MIB, request_timeout_s=5
    )
    address = await server.start()
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield channel
    finally:
        await server.stop(0)


def test_a_bug_of_ours_is_internal_and_none_of_its_text_is_told(rig: Rig) -> None:
    """Case 68: grpcio by itself answers UNKNOWN with the exception's text."""

    async def scenario() -> None:
        rig.log.faults = [RuntimeError("secret of the house")]
        async with serving(rig) as channel:
            with pytest.raises(grpc.aio.AioRpcError) as refusal:
                await channel.unary_unary(f"/{TRACES.grpc_service}/Export")(good(TRACES).SerializeToString())
            reply = grpc_refusal(refusal.value)
            assert (reply.code, reply.message, reply.retry_after_s) == (13, "internal error", None)

    asyncio.run(scenario())


def test_a_cancelled_call_gives_its_place_and_its_room_back(rig: Rig) -> None:
    """Case 80: more cancelled calls than places, each while the log keeps it waiting."""

    async def scenario() -> None:
        rig.log.is_holding = True
        async with serving(rig) as channel:
            export = channel.unary_unary(f"/{TRACES.grpc_service}/Export")
            for _ in range(grpc_server.RECEIVING_MAX + 4):
                call = export(good(TRACES).SerializeToString())
                await until(lambda: bool(rig.log.held))
                call.cancel()
                rig.log.let_go()
            rig.log.is_holding = False
            assert await export(good(TRACES).SerializeToString(), timeout=10) == b""
            await until(lambda: rig.outcomes("cancelled", "grpc") > 0 and rig.count("inflight_bytes") == 0)

    asyncio.run(scenario())


ALIAS_PATHS = [(prefix + signal.http_path, signal) for prefix in ALIASES for signal in SIGNALS]


@pytest.mark.parametrize(("path", "signal"), ALIAS_PATHS, ids=[path for path, _ in ALIAS_PATHS])
def test_aliases_behave_as_the_path_they_stand_for(rig: Rig, path: str, signal: Any) -> None:
    """Case 9: Langfuse's and Opik's endpoints."""

    async def scenario() -> None:
        assert is_for_otlp(get(path), ())
        body = with_bad(signal, 1, 1).SerializeToString()
        status, reply = await Asgi(rig).post(path, body, content_type=PROTOBUF)
        assert status == 200
        assert signal.response_class.FromString(reply).partial_success.error_message
        assert (await Asgi(rig).post(path, b"\xff", content_type=PROTOBUF))[0] == 400

    asyncio.run(scenario())


def get(path: str) -> dict[str, Any]:
    return {"method": "GET", "path": path, "headers": []}


@pytest.mark.parametrize("path", ["/v1", "/", "/healthz", "/api/v1/traces", "/otel", "//v1/traces", "/x/v1/traces"])
def test_other_paths_are_not_otlps(path: str) -> None:
    assert not is_for_otlp(get(path), ())


def test_one_bad_field_of_json_costs_its_span_and_is_counted(rig: Rig) -> None:
    body = (
        Path(__file__).parents[2] / "fixtures/cases/09-one-bad-json-field-refuses-the-batch/request.json"
    ).read_bytes()

    async def scenario() -> None:
        status, reply = await Asgi(rig).post("/v1/traces", body, content_type=JSON)
        told = json.loads(reply)["partialSuccess"]
        assert (status, told["rejectedSpans"]) == (200, "1")
        assert "spans[0].droppedAttributesCount: -1 is outside" in told["errorMessage"]

    asyncio.run(scenario())
    assert rig.telemetry.refused_items.labels("traces", "http")._value.get() == 1


def test_a_request_of_too_many_messages_is_413_with_the_limit_and_is_counted(rig: Rig) -> None:
    bombs = {PROTOBUF: 500_000 * b"\x0a\x00", JSON: b'{"resourceSpans":[%s]}' % b",".join([b"{}"] * 20_001)}

    async def scenario() -> None:
        for media_type, body in bombs.items():
            headers = {"content_type": media_type, "content_encoding": "gzip"}
            status, reply = await Asgi(rig).post("/v1/traces", gzip.compress(body), **headers)
            assert status == 413
            assert "more than 20000 resources" in parse_status(reply, media_type).message

    asyncio.run(scenario())
    assert rig.count("too_large_requests_total", signal="traces", limit="resources") == len(bombs)
