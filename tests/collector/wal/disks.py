"""Disks that fail on purpose.

Owns `FaultyDisk` (a script of faults, and syncs that wait until they are let go) and `ForgetfulDisk` (knows what a
power cut would leave). Both do the real operations on real files underneath.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from spanhouse_collector.wal.disk import Disk

WAIT_S: Final = 20.0


class FaultyDisk(Disk):
    """Each operation first does what its script says; a script is used up from its front."""

    def __init__(self) -> None:
        self.scripts: dict[str, list[Callable[[], object]]] = {}
        self.calls: list[str] = []
        self.write_limit: int | None = None  # bytes the next write takes
        self.free: int | None = None

    def fail(self, operation: str, error: int, times: int = 1) -> None:
        """The next `times` calls of the operation raise this errno."""

        def raise_it() -> None:
            raise OSError(error, os.strerror(error))

        self.scripts.setdefault(operation, []).extend([raise_it] * times)

    def hold(self, operation: str) -> tuple[threading.Event, threading.Event]:
        """The next call waits: returns (it has begun, let it go)."""
        begun, go = threading.Event(), threading.Event()

        def wait() -> None:
            begun.set()
            assert go.wait(WAIT_S), f"nobody let {operation} go"

        self.scripts.setdefault(operation, []).append(wait)
        return begun, go

    def _run(self, operation: str) -> None:
        self.calls.append(operation)
        script = self.scripts.get(operation)
        if script:
            script.pop(0)()

    def create(self, path: Path) -> int:
        self._run("create")
        return super().create(path)

    def write(self, descriptor: int, buffers: Sequence[bytes]) -> int:
        self._run("write")
        if self.write_limit is not None:
            limit, self.write_limit = self.write_limit, None
            return super().write(descriptor, [b"".join(buffers)[:limit]])
        return super().write(descriptor, buffers)

    def sync(self, descriptor: int) -> None:
        self._run("sync")
        super().sync(descriptor)

    def sync_file(self, path: Path) -> None:
        self._run("sync_file")
        super().sync_file(path)

    def truncate(self, file: int | Path, size_bytes: int) -> None:
        self._run("truncate")
        super().truncate(file, size_bytes)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        self._run("close")

    def remove(self, path: Path) -> None:
        self._run("remove")
        super().remove(path)

    def sync_directory(self, directory: Path) -> None:
        self._run("sync_directory")
        super().sync_directory(directory)

    def write_file(self, path: Path, content: bytes) -> None:
        self._run("write_file")
        super().write_file(path, content)

    def free_bytes(self, directory: Path) -> int:
        self._run("free_bytes")
        return super().free_bytes(directory) if self.free is None else self.free


class ForgetfulDisk(FaultyDisk):
    """Remembers which bytes were synced, so that `after_power_cut` can say what a disk would still have."""

    def __init__(self) -> None:
        super().__init__()
        self._paths: dict[int, Path] = {}
        self._synced: dict[Path, bytes] = {}  # content at the last sync
        self._removed: dict[Path, bytes] = {}  # names whose removal was never synced

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._paths[descriptor] = path
        self._synced[path] = b""
        return descriptor

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        path = self._paths[descriptor]
        self._synced[path] = path.read_bytes()

    def sync_file(self, path: Path) -> None:
        super().sync_file(path)
        self._synced[path] = path.read_bytes()

    def write_file(self, path: Path, content: bytes) -> None:
        super().write_file(path, content)
        self._synced[path] = content

    def remove(self, path: Path) -> None:
        if path in self._synced:
            self._removed[path] = self._synced.pop(path)
        super().remove(path)

    def after_kill(self, here: Path, there: Path) -> ForgetfulDisk:
        """A copy of the directory as a killed process leaves it: all that was written, synced or not."""
        after = ForgetfulDisk()
        for path in _files(here):
            copy = _put(there / path.relative_to(here), path.read_bytes())
            # Not synced yet is not lost yet: what is on the platter stays what it was.
            after._synced[copy] = self._synced.get(path, b"")
        return after

    def after_power_cut(self, here: Path, there: Path, chance: random.Random) -> ForgetfulDisk:
        """A copy of the directory as a power cut leaves it: what was synced, and of the rest anything or nothing."""
        after = ForgetfulDisk()
        names = {path: path.read_bytes() for path in _files(here)}
        names |= {path: content for path, content in self._removed.items() if chance.random() < 0.5}
        for path, written in names.items():
            synced = self._synced.get(path, self._removed.get(path))
            if synced is None:
                continue  # written past this disk: leftovers nobody relies on
            content = written if chance.random() < 0.3 else synced
            if written.startswith(synced) and len(written) > len(synced):
                rest = written[len(synced) :]
                kept = chance.randrange(len(rest) + 1)
                holes = b"\0" * (len(rest) - kept) if chance.random() < 0.3 else b""
                content = synced + rest[:kept] + holes
            after._synced[_put(there / path.relative_to(here), content)] = content
        return after


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
