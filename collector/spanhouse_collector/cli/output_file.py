"""Where a command writes its answer: a file, standard output, or a device.

Owns that nothing of the user's is lost by it. A file is written under a name of its own beside the one that was named,
synced, and renamed when it is whole; one that exists is replaced only with `--force`. Standard output (`-`) and what is
no regular file (`/dev/null`, a pipe) are written straight. Leaves what is written to the commands.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NoReturn, TypeVar

import click

from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail

STDOUT: Final = "-"
TOKEN_BYTES: Final = 4
Command = TypeVar("Command", bound=Callable[..., None])


@dataclass(frozen=True)
class Target:
    """What was named. `path` has symbolic links followed; None is standard output."""

    name: str
    path: Path | None
    is_stream: bool
    force: bool

    @property
    def file(self) -> Path:
        """The path of a target that is no stream."""
        if self.path is None:
            raise ValueError("standard output has no path")
        return self.path


def force_option(command: Command) -> Command:
    """`--force`."""
    return click.option("--force", is_flag=True, help="Replace the file if it exists, once the new one is whole.")(
        command
    )


def target(name: str, *, force: bool) -> Target:
    """What `name` stands for; leaves when it is a folder, or exists and may not be replaced."""
    if name == STDOUT:
        return Target(name, None, is_stream=True, force=force)
    try:
        path = Path(os.path.realpath(name))
        mode = path.stat().st_mode if path.exists() else None
    except (OSError, ValueError) as error:
        refuse_write(name, error)
    if mode is not None and stat.S_ISDIR(mode):
        fail(WRONG_USAGE, f"{name} is a folder", "name a file in it")
    if mode is not None and not stat.S_ISREG(mode):
        return Target(name, path, is_stream=True, force=force)
    found = Target(name, path, is_stream=False, force=force)
    if mode is not None and not force:
        _refuse_existing(found)
    return found


def refuse_write(name: str, error: Exception) -> NoReturn:
    """Leave with why `name` cannot be written; a reader of a pipe that has gone is click's affair."""
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        raise error
    why = getattr(error, "strerror", None) or str(error)
    fail(FAILED, f"{name} cannot be written: {why}")


def new_token() -> str:
    """What makes the names beside a target unique."""
    return secrets.token_hex(TOKEN_BYTES)


def beside(where: Target, token: str, ending: str) -> Path:
    """`NAME.TOKEN.ENDING` beside the target."""
    return where.file.with_name(f"{where.file.name}.{token}.{ending}")


@contextmanager
def told(where: Target) -> Iterator[None]:
    """Tell what the system says against writing there, instead of raising it."""
    try:
        yield
    except OSError as error:
        refuse_write(where.name, error)


@contextmanager
def opened_stream(where: Target) -> Iterator[IO[bytes]]:
    """A target that is written straight."""
    if where.path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with where.path.open("wb", buffering=0) as out:
        yield out


@contextmanager
def written(where: Target) -> Iterator[IO[bytes]]:
    """The target for one writing: whole at the end of the block, as it was before when the block fails."""
    with told(where):
        if where.is_stream:
            with opened_stream(where) as out:
                yield out
            return
        part = beside(where, new_token(), "part")
        try:
            with part.open("xb") as out:
                yield out
            publish(part, where)
        finally:
            part.unlink(missing_ok=True)


def publish(part: Path, where: Target) -> None:
    """Give a file that is whole its name, durably; leaves when another has taken the name meanwhile."""
    if where.file.exists():
        if not where.force:
            _refuse_existing(where)
        shutil.copymode(where.file, part)
    with part.open("rb+") as out:
        os.fsync(out.fileno())
    if where.force:
        part.replace(where.file)
    else:
        _rename_to_new(part, where)
    folder = os.open(where.file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _rename_to_new(part: Path, where: Target) -> None:
    """Rename without replacing: a hard link is the only form of it that no other process can come before."""
    try:
        os.link(part, where.file)
    except FileExistsError:
        _refuse_existing(where)
    except OSError:  # a file system without hard links
        part.rename(where.file)
    else:
        part.unlink()


def _refuse_existing(where: Target) -> NoReturn:
    fail(WRONG_USAGE, f"{where.name} exists and is left as it is", "--force replaces it; or name another file")
