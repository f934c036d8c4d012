"""The file operations that durability rests on, at one seam.

Owns the system calls, so that a test can put a failing disk, a full disk or one that forgets unsynced bytes in their
place. Leaves what to do about a fault to `segment` and `log`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

TEMPORARY_SUFFIX: Final = ".tmp"
IOV_MAX: Final = 1024  # Linux' limit of buffers for one writev


class Disk:
    """The real disk. Methods raise OSError and nothing else."""

    def create(self, path: Path) -> int:
        """A descriptor for appending to a new file, whose name survives a power cut."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self.sync_directory(path.parent)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        return descriptor

    def write(self, descriptor: int, buffers: Sequence[bytes]) -> int:
        """Append the buffers in order; returns the bytes written, which may be fewer than given."""
        written = 0
        for first in range(0, len(buffers), IOV_MAX):
            group = buffers[first : first + IOV_MAX]
            count = os.writev(descriptor, group)
            written += count
            if count < sum(map(len, group)):
                break
        return written

    def sync(self, descriptor: int) -> None:
        """Return once the file's bytes are on stable storage."""
        os.fdatasync(descriptor)

    def sync_file(self, path: Path) -> None:
        """Return once a file that somebody else wrote is on stable storage."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def truncate(self, file: int | Path, size_bytes: int) -> None:
        """Cut a file, given by its descriptor or its path, to its first `size_bytes`."""
        os.truncate(file, size_bytes)

    def close(self, descriptor: int) -> None:
        """Close the descriptor."""
        os.close(descriptor)

    def remove(self, path: Path) -> None:
        """Delete a file; one that is gone already is fine."""
        path.unlink(missing_ok=True)

    def move(self, source: Path, target: Path) -> None:
        """Give a file another name on the same file system; needs no room."""
        source.rename(target)

    def sync_directory(self, directory: Path) -> None:
        """Return once the directory's names are on stable storage."""
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def free_bytes(self, directory: Path) -> int:
        """Space that an unprivileged process may still use on the directory's file system."""
        stat = os.statvfs(directory)
        return stat.f_bavail * stat.f_frsize

    def write_file(self, path: Path, content: bytes) -> None:
        """Put a whole file in place at once: after a crash it is there in full, or not at all."""
        temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            temporary.unlink(missing_ok=True)  # on a full disk, half a file is in the way of everything else
            raise
        finally:
            os.close(descriptor)
        temporary.rename(path)
        self.sync_directory(path.parent)
