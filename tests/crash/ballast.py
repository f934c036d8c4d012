"""Another process that fills a disk, holds it full, and lets go: what the full-disk tests put beside a collector.

Owns filling to the last byte, or to a few. Program: `python -m tests.crash.ballast FILE LEFT_BYTES HOLD_S` fills, says
so, holds, deletes the file and ends.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
BLOCK: Final = bytes(1 << 20)


def fill(ballast: Path, left_bytes: int = 0) -> None:
    """Write until the disk takes no more, and give `left_bytes` of that back."""
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    size = 0
    try:
        while True:
            size += os.write(descriptor, BLOCK)
    except OSError as error:
        assert error.errno == errno.ENOSPC  # noqa: PT017 - it must come: the loop ends in no other way
        os.truncate(descriptor, max(0, size - left_bytes))
    finally:
        os.close(descriptor)


def fill_up_to(ballast: Path, left_bytes: int) -> None:
    """Take all but `left_bytes` of what is free, and never more than that."""
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        disk = os.fstatvfs(descriptor)
        size = os.fstat(descriptor).st_size + disk.f_bavail * disk.f_frsize - left_bytes
        os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)


class Ballast:
    """The process. `start` returns once the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[str] | None = None

    def start(self, left_bytes: int, hold_s: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.ballast", str(self._path), str(left_bytes), str(hold_s)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "full\n"

    def wait(self) -> None:
        """Until the disk has room again."""
        if self._process is not None:
            process, self._process = self._process, None
            assert process.wait(60) == 0
            assert process.stdout is not None
            process.stdout.close()


def main(path: Path, left_bytes: int, hold_s: float) -> None:
    fill(path, left_bytes)
    print("full", flush=True)
    time.sleep(hold_s)
    path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
