"""`spanhouse serve` that kills itself at a named point: the child program of the crash tests.

Owns the points. They lie between two steps of the path to durability, where a kill at a random moment seldom falls.
They are put in from outside, through the seam that production code has for its disk: no failpoint is in the product.

    python failing_collector.py POINT NTH serve …      dies by SIGKILL the NTH time it comes by
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from spanhouse_collector.cli import serve
from spanhouse_collector.cli.main import main
from spanhouse_collector.service import Collector
from spanhouse_collector.storage.writer import SegmentInserter
from spanhouse_collector.wal.disk import Disk

POINTS: Final = (
    "segment created",  # in the middle of a rotation: the new file is there, and empty
    "half written",
    "written, not synced",
    "synced, not acknowledged",
    "inserted, not noted",  # in the database, not yet among the recent fingerprints
    "noted, not deleted",  # … and there, but the segment still stands
    "deleted, not counted",
)
LOADERS_POINTS: Final = POINTS[POINTS.index("inserted, not noted") :]


class KillingDisk(Disk):
    """The real disk, up to the point."""

    def __init__(self, point: str, nth: int) -> None:
        assert point in POINTS, point
        self._point = point
        self._left = nth
        self._paths: dict[int, Path] = {}

    def at(self, point: str) -> bool:
        """Whether this is the moment."""
        if point == self._point:
            self._left -= 1
        return self._left == 0

    def come_by(self, point: str) -> None:
        if self.at(point):
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_segment(self, descriptor: int) -> bool:
        return self._paths[descriptor].suffix == ".binpb"

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._paths[descriptor] = path
        if path.suffix == ".binpb":
            self.come_by("segment created")
        return descriptor

    def write(self, descriptor: int, buffers: Sequence[bytes]) -> int:
        if self._is_segment(descriptor) and self._point == "half written" and self._left == 1:
            whole = b"".join(buffers)
            super().write(descriptor, [whole[: len(whole) // 2]])
        if self._is_segment(descriptor):
            self.come_by("half written")
        return super().write(descriptor, buffers)

    def sync(self, descriptor: int) -> None:
        if self._is_segment(descriptor):
            self.come_by("written, not synced")
        super().sync(descriptor)
        self.come_by("synced, not acknowledged" if self._is_segment(descriptor) else "noted, not deleted")

    def remove(self, path: Path) -> None:
        super().remove(path)
        if path.suffix == ".binpb":
            self.come_by("deleted, not counted")

    def move(self, source: Path, target: Path) -> None:
        super().move(source, target)
        self.come_by("deleted, not counted")


def _install(disk: KillingDisk) -> None:
    real_insert = SegmentInserter.insert

    def insert(self: SegmentInserter, path: Path, token: str) -> None:
        real_insert(self, path, token)
        disk.come_by("inserted, not noted")

    def collector(*arguments: Any, **options: Any) -> Collector:
        return Collector(*arguments, disk=disk, **options)

    SegmentInserter.insert = insert  # type: ignore[method-assign]  # the point lies behind the database's answer
    vars(serve)["Collector"] = collector  # `serve` makes its collector by this name


if __name__ == "__main__":
    _install(KillingDisk(sys.argv[1], int(sys.argv[2])))
    main(sys.argv[3:])
