"""One process owns a data directory.

Owns the lock: `LOCK` is held with flock for the life of the process and released by the kernel however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from spanhouse_collector.errors import DataDirectoryBusy, StartupError


class DataDirectory:
    """The exclusive right to a data directory, from construction to `release`.

    Raises:
        DataDirectoryBusy: another process has it; the message names that process.
        StartupError: it cannot be made or written.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(path / "LOCK", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StartupError([f"--data-dir {path}: {error.strerror}"]) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise DataDirectoryBusy(
                f"data directory {path} is in use by process {holder}",
                hint="stop that process, or give this one its own --data-dir",
            ) from error
        except OSError as error:  # a file system without locks
            os.close(self._descriptor)
            raise StartupError([f"--data-dir {path} cannot be locked: {error.strerror}"]) from error
        with contextlib.suppress(OSError):  # a full disk: the lock holds all the same, its holder stays unnamed
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def directory(self, name: str) -> Path:
        """A private subdirectory, made when missing.

        Raises:
            StartupError: it cannot be made.

        """
        path = self.path / name
        try:
            path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StartupError([f"--data-dir {self.path}: {name}: {error.strerror}"]) from error
        return path

    def release(self) -> None:
        """Give the right up."""
        os.close(self._descriptor)
