"""The one `export` behind every transport: when OK is said, what is written, and what is counted."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import pytest

from spanhouse_collector.errors import MalformedRequest, Overloaded, WalUnavailable
from spanhouse_collector.otlp.body import JSON, PROTOBUF
from spanhouse_collector.otlp.signals import TRACES
from tests.collector.receiver.rig import MIB, Rig, settle, until
from tests.collector.receiver.samples import good, with_bad


def test_ok_is_said_only_after_the_log_has_synced(rig: Rig) -> None:
    async def scenario() -> None:
        rig.log.is_holding = True
        reply = asyncio.create_task(rig.export(good(TRACES).SerializeToString()))
        await until(lambda: bool(rig.log.held))
        await settle()
        assert not reply.done()
        rig.log.let_go()
        assert await reply == b""

    asyncio.run(scenario())


def test_two_identical_requests_at_once_are_written_once_and_both_wait(rig: Rig) -> None:
    """Case 73."""

    async def scenario() -> None:
        rig.log.is_holding = True
        body = good(TRACES).SerializeToString()
        replies = [asyncio.create_task(rig.export(body)) for _ in range(3)]
        await until(lambda: bool(rig.log.held))
        await settle()
        assert not any(reply.done() for reply in replies)
        rig.log.let_go()
        assert await asyncio.gather(*replies) == [b""] * 3
        assert len(rig.log.records) == 1
        assert rig.count("duplicate_requests_total", signal="traces") == 2

    asyncio.run(scenario())


def test_a_copy_is_written_when_the_first_one_fails(rig: Rig) -> None:
    """Case 73: no OK for a request that another one failed to write."""

    async def scenario() -> None:
        rig.log.faults = [OSError("first")]
        body = good(TRACES).SerializeToString()
        first, second = await asyncio.gather(rig.export(body), rig.export(body), return_exceptions=True)
        assert isinstance(first, OSError)
        assert second == b""
        assert len(rig.log.records) == 1

    asyncio.run(scenario())


def test_a_client_that_gives_up_and_sends_again_is_stored_once(rig: Rig) -> None:
    """Cases 79 and 80: the write goes on; the retry waits for it."""

    async def scenario() -> None:
        rig.log.is_holding = True
        body = good(TRACES).SerializeToString()
        first = asyncio.create_task(rig.export(body))
        await until(lambda: bool(rig.log.held))
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert rig.outcomes("cancelled") == 1
        assert rig.count("inflight_bytes") == 0
        second = asyncio.create_task(rig.export(body))
        await settle()
        assert not second.done()
        rig.log.let_go()
        assert await second == b""
        assert len(rig.log.records) == 1

    asyncio.run(scenario())


def test_the_last_writes_are_waited_for_even_if_nobody_else_waits(rig: Rig) -> None:
    """Case 83."""

    async def scenario() -> None:
        rig.log.is_holding = True
        reply = asyncio.create_task(rig.export(good(TRACES).SerializeToString()))
        await until(lambda: bool(rig.log.held))
        reply.cancel()
        draining = asyncio.create_task(rig.exporter.drain())
        await settle()
        assert not draining.done()
        rig.log.let_go()
        await draining

    asyncio.run(scenario())


def test_a_log_without_room_is_tried_again_for_as_long_as_a_request_may_wait(rig: Rig) -> None:
    """Case 65, consequence (d): held, then refused."""

    async def scenario() -> None:
        rig.log.faults = [WalUnavailable("full"), WalUnavailable("full")]
        assert await rig.export(good(TRACES).SerializeToString()) == b""
        rig.log.faults = [WalUnavailable("full")] * 1000
        with pytest.raises(WalUnavailable):
            await rig.export(good(TRACES).SerializeToString())
        assert rig.outcomes("wal_unavailable") == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("media_type", [PROTOBUF, JSON])
@pytest.mark.parametrize("size", [10, 100_000, 700_000, 6 * MIB])
@pytest.mark.parametrize("encoding", [None, "gzip", "identity"])
def test_a_request_is_read_whatever_its_size_and_wherever_that_puts_its_decoding(
    rig: Rig, media_type: str, size: int, encoding: str | None
) -> None:
    async def scenario() -> None:
        request: Any = with_bad(TRACES, 1, 1)
        request.resource_spans[0].scope_spans[0].spans[0].name = "x" * size
        raw = request.SerializeToString()
        if media_type == JSON:
            raw = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%s","name":"%s"},{}]}]}]}' % (
                b"1" * 32,
                b"1" * 16,
                b"x" * size,
            )
        body = gzip.compress(raw) if encoding == "gzip" else raw
        reply = await rig.export(body, media_type=media_type, content_encoding=encoding)
        assert b"1 span refused" in reply
        assert len(rig.log.records) == 1
        assert rig.count("inflight_bytes") == 0

    asyncio.run(scenario())


def test_inflated_bytes_count_against_the_memory_of_all(tmp_path: Path) -> None:
    """Cases 25 and S14: small on the wire, large in memory."""
    rig = Rig(tmp_path, max_bytes=12 * MIB)

    async def scenario() -> None:
        rig.log.is_holding = True
        request: Any = good(TRACES)
        request.resource_spans[0].scope_spans[0].spans[0].name = "x" * (8 * MIB)
        first = asyncio.create_task(rig.export(gzip.compress(request.SerializeToString()), content_encoding="gzip"))
        await until(lambda: bool(rig.log.held))
        assert rig.count("inflight_bytes") > 8 * MIB
        request.resource_spans[0].scope_spans[0].spans[0].name = "y" * (8 * MIB)
        with pytest.raises(Overloaded, match="max_inflight_bytes"):
            await rig.export(gzip.compress(request.SerializeToString()), content_encoding="gzip")
        rig.log.let_go()
        await first
        assert rig.count("inflight_bytes") == 0

    asyncio.run(scenario())


def test_every_outcome_is_counted_by_its_class(rig: Rig) -> None:
    """Case 88."""

    async def scenario() -> None:
        await rig.export(b"")
        with pytest.raises(MalformedRequest):
            await rig.export(b"\xff")
        rig.log.faults = [RuntimeError("bug")]
        with pytest.raises(RuntimeError):
            await rig.export(good(TRACES).SerializeToString())
        assert [rig.outcomes(name) for name in ("ok", "malformed_request", "internal_error")] == [1, 1, 1]

    asyncio.run(scenario())
