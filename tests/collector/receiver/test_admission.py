"""The byte budget: who waits, who is refused, and that everything is given back."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from spanhouse_collector.errors import MalformedRequest, Overloaded
from spanhouse_collector.receiver.admission import Admission
from spanhouse_collector.telemetry import Telemetry
from tests.collector.receiver.rig import settle


def test_a_request_waits_for_room_and_gets_it() -> None:
    """Case 25."""
    admission = Admission(Telemetry(), max_bytes=10, wait_s=5)

    async def scenario() -> None:
        with admission.room() as first:
            await first.enter(8)
            with admission.room() as second:
                waiting = asyncio.create_task(second.enter(8))
                await settle()
                assert not waiting.done()
                first.resize(2)
                await waiting
                with pytest.raises(Overloaded):
                    first.resize(3)
                assert first.size_bytes == 2

    asyncio.run(scenario())


def test_room_that_was_waited_for_in_vain_names_the_limit() -> None:
    admission = Admission(Telemetry(), max_bytes=10, wait_s=0.02)

    async def scenario() -> None:
        with admission.room() as first, admission.room() as second:
            await first.enter(8)
            with pytest.raises(Overloaded, match="max_inflight_bytes=10") as refusal:
                await second.enter(8)
            assert refusal.value.retry_after_s in (1, 2, 3)
            await second.enter(2)

    asyncio.run(scenario())


def test_room_is_given_back_when_a_request_fails_in_any_way() -> None:
    telemetry = Telemetry()
    admission = Admission(telemetry, max_bytes=10, wait_s=0)

    async def scenario(error: BaseException) -> None:
        with contextlib.suppress(type(error)), admission.room() as room:
            await room.enter(10)
            raise error

    for error in (MalformedRequest("x"), RuntimeError(), asyncio.CancelledError()):
        asyncio.run(scenario(error))
        assert telemetry.registry.get_sample_value("spanhouse_inflight_bytes") == 0
