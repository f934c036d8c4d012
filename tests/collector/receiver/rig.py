"""An exporter over a log that does as it is told.

Owns the fake log and the wiring; every test says only when the log acknowledges and what goes wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from spanhouse_collector.errors import WalUnavailable
from spanhouse_collector.identity.key_file import KeyFile
from spanhouse_collector.otlp.body import PROTOBUF
from spanhouse_collector.otlp.signals import BY_NAME, TRACES
from spanhouse_collector.receiver.admission import Admission
from spanhouse_collector.receiver.export import Exporter, ExportRequest
from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.recent import RecentRequests
from spanhouse_collector.wal.record import Envelope

Done = Callable[[WalUnavailable | None], None]
MIB: Final = 1 << 20


class FakeLog:
    """Keeps what is appended; acknowledges at once, or when it is told to."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.faults: list[Exception] = []  # raised or reported, one per append, first first
        self.is_holding = False
        self.held: list[Done] = []

    def append(self, _envelope: Envelope, request: bytes, done: Done) -> None:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and not isinstance(fault, WalUnavailable):
            raise fault
        if fault is None:
            self.records.append(request)
        if self.is_holding:
            self.held.append(done)
        else:
            done(fault)

    def let_go(self) -> None:
        for done in self.held:
            done(None)
        self.held.clear()


class Rig:
    """An exporter and what it stands on."""

    def __init__(self, directory: Path, *, max_bytes: int = 64 * MIB, wait_s: float = 0.2) -> None:
        self.log = FakeLog()
        self.keys = KeyFile(directory / "keys.json")
        self.telemetry = Telemetry()
        self.exporter = Exporter(
            dict.fromkeys(BY_NAME, self.log),  # type: ignore[arg-type]  # a fake with the one method that is used
            RecentRequests(directory / "recent", Disk(), window_s=600),
            Admission(self.telemetry, max_bytes=max_bytes, wait_s=wait_s),
            self.telemetry,
            max_request_bytes=16 * MIB,
            admission_wait_s=wait_s,
        )

    async def export(self, body: bytes, **fields: Any) -> bytes:
        defaults: dict[str, Any] = {"signal": TRACES, "transport": "test", "media_type": PROTOBUF}
        request = ExportRequest(body=body, **{**defaults, **fields})
        with self.exporter.request(request.signal, request.transport) as room:
            await room.enter(len(body))
            return await self.exporter.export(request, room)

    def count(self, name: str, **labels: str) -> float:
        return self.telemetry.registry.get_sample_value(f"spanhouse_{name}", labels) or 0.0

    def outcomes(self, outcome: str, transport: str = "test") -> float:
        return self.count("requests_total", signal="traces", transport=transport, outcome=outcome)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def settle() -> None:
    """Let every task run that can; nothing here waits for a clock or a thread."""
    for _ in range(50):
        await asyncio.sleep(0)
