"""One process owns a data directory; the second is told who has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spanhouse_collector.errors import DataDirectoryBusy, StartupError
from spanhouse_collector.wal.owner import DataDirectory

HOLDER = """\
import sys
from pathlib import Path
from spanhouse_collector.wal.owner import DataDirectory
DataDirectory(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_the_pid_of_the_first_until_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataDirectoryBusy, match=f"in use by process {holder.pid}"):
            DataDirectory(tmp_path)
        holder.kill()
        holder.wait()
        DataDirectory(tmp_path).release()


def test_a_released_directory_can_be_taken_again_by_the_same_process(tmp_path: Path) -> None:
    first = DataDirectory(tmp_path)
    with pytest.raises(DataDirectoryBusy, match=str(os.getpid())):
        DataDirectory(tmp_path)
    first.release()
    DataDirectory(tmp_path).release()


def test_directories_are_private(tmp_path: Path) -> None:
    owner = DataDirectory(tmp_path / "deep" / "data")
    path = owner.directory("wal")
    assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "deep" / "data").stat().st_mode & 0o077 == 0
    owner.release()


@pytest.mark.parametrize("name", ["", "wal"])
def test_a_file_in_its_place_is_a_clear_error(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    if name:
        data.mkdir()
    (data / name if name else data).write_text("a file")
    with pytest.raises(StartupError, match="File exists"):
        DataDirectory(data).directory("wal")
