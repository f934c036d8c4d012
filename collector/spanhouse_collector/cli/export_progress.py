"""`FILE.progress`: what an export was asked, how far it is, and which files beside FILE are its own.

Owns reading and writing that note. The files of an export carry its token in their names; only those are ever removed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spanhouse_collector.cli.console import WRONG_USAGE, fail
from spanhouse_collector.cli.output_file import Target, beside, new_token

_TOKEN: Final = re.compile(r"[0-9a-f]{8}")


@dataclass
class Progress:
    """An export under way. `state` is what its format needs to go on; empty while nothing is done."""

    where: Target
    question: Mapping[str, Any]
    token: str = field(default_factory=new_token)
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def note_file(self) -> Path:
        """`FILE.progress`."""
        return self.where.file.with_name(f"{self.where.file.name}.progress")

    def part(self, ending: str = "part") -> Path:
        """A file of this export's own."""
        return beside(self.where, self.token, ending)

    def note(self, **state: Any) -> None:
        """Write down how far it is, durably."""
        self.state = state
        new = self.part("progress")
        with new.open("w", encoding="utf-8") as out:
            json.dump({"question": self.question, "token": self.token, "state": state}, out)
            out.flush()
            os.fsync(out.fileno())
        new.replace(self.note_file)

    def forget(self) -> None:
        """Remove the note."""
        self.note_file.unlink(missing_ok=True)


def begun(where: Target, question: Mapping[str, Any]) -> Progress:
    """The export into this target that was interrupted, or a new one; leaves when that was another export."""
    found = noted(where)
    if found is None:
        return Progress(where, question)
    if found.question != question:
        fail(WRONG_USAGE, f"{where.name} belongs to another export that was interrupted", "--restart begins anew")
    return found


def noted(where: Target) -> Progress | None:
    """What FILE.progress says; None without one; leaves when it is something else of that name."""
    note_file = Progress(where, {}).note_file
    try:
        known = json.loads(note_file.read_bytes())
        token = known["token"]
        if not _TOKEN.fullmatch(token):
            raise ValueError("no token of an export")
        return Progress(where, known["question"], token, dict(known["state"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        fail(WRONG_USAGE, f"{note_file} is no note of this export: {error}", "move it away, or name another file")
