"""The files that are spread over processes in an order of their own are there, and a group is one unit of work."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.conftest import GROUPS, LONGEST_FIRST, group_of

ROOT: Final = Path(__file__).resolve().parents[1]


def test_every_file_that_is_named_is_there_and_named_once() -> None:
    assert [name for name in (*LONGEST_FIRST, *GROUPS, *GROUPS.values()) if not (ROOT / name).is_file()] == []
    assert len(set(LONGEST_FIRST)) == len(LONGEST_FIRST)


def test_files_of_a_group_go_to_one_process_and_stand_where_its_first_does() -> None:
    for file, first in GROUPS.items():
        assert group_of(f"{file}::test_it[a::b]") == group_of(f"{first}::test_it") == first
        assert file not in LONGEST_FIRST
    assert group_of("tests/test_layout.py::test_it") == "tests/test_layout.py"
