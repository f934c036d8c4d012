"""How many bytes of requests may be in memory at once.

Owns that budget. A request takes room as its bytes arrive and gives it back when it is answered. One that finds none
before it began waits a little, because some clients (OTel JS over gRPC) never send again what was refused; one that
cannot grow is refused at once, because what it holds already is what the others wait for.

For one event loop; not thread-safe.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from spanhouse_collector.errors import Overloaded
from spanhouse_collector.telemetry import Telemetry


class Room:
    """The bytes that one request holds."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.size_bytes = 0

    async def enter(self, size_bytes: int) -> None:
        """Hold `size_bytes`, after a wait if need be.

        Raises:
            Overloaded: no room within the wait; the message names the limit.

        """
        if not self._admission.has(size_bytes - self.size_bytes):
            await self._admission.wait_for(size_bytes - self.size_bytes)
        self.resize(size_bytes)

    def resize(self, size_bytes: int) -> None:
        """Hold `size_bytes` from now on.

        Raises:
            Overloaded: it is more than before, and there is no room for that now.

        """
        more = size_bytes - self.size_bytes
        if more > 0 and not self._admission.has(more):
            raise self._admission.refusal()
        self._admission.take(more)
        self.size_bytes = size_bytes


class Admission:
    """A byte budget with a bounded wait."""

    def __init__(self, telemetry: Telemetry, *, max_bytes: int, wait_s: float) -> None:
        self._telemetry = telemetry
        self._max_bytes = max_bytes
        self._wait_s = wait_s
        self._used_bytes = 0
        self._freed = asyncio.Event()

    @contextmanager
    def room(self) -> Iterator[Room]:
        """Room for one request, none of it taken yet; all is given back at the end of the block."""
        room = Room(self)
        try:
            yield room
        finally:
            room.resize(0)

    def has(self, size_bytes: int) -> bool:
        """Whether there is room for so many bytes more."""
        return self._used_bytes + size_bytes <= self._max_bytes

    def take(self, size_bytes: int) -> None:
        """Count bytes in, or out when negative. Leaves asking whether there is room to `Room`."""
        self._used_bytes += size_bytes
        self._telemetry.inflight_bytes.set(self._used_bytes)
        if size_bytes < 0:
            self._freed.set()

    async def wait_for(self, size_bytes: int) -> None:
        """Wait until there is room for so many bytes more.

        Raises:
            Overloaded: there was none in time.

        """
        try:
            async with asyncio.timeout(self._wait_s):
                while not self.has(size_bytes):
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            raise self.refusal() from None

    def refusal(self) -> Overloaded:
        """The error of a request for which there is no room."""
        return Overloaded(f"requests of {self._used_bytes} bytes are in memory, max_inflight_bytes={self._max_bytes}")
