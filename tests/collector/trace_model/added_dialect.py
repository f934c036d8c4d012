"""Sends a fixture through the collector that this interpreter finds, and prints where it is not as expected.

Run by `test_added_dialect` with a copy of the collector that has one dialect more.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.collector.trace_model.replay import Fixture, replay
from tests.collector.trace_model.test_fixtures import unexpected, unsearchable
from tests.collector_process import CollectorProcess


def problems_of(path: Path, directory: Path) -> list[str]:
    """What is wrong with the spans of a fixture, and with the words that they are found by."""
    fixture = Fixture(path.stem, json.loads(path.read_text("utf-8")))
    with CollectorProcess(directory, "--wal-segment-age", "300ms") as process:
        replayed = replay(process, [fixture], [])
        assert process.terminate() == 0
    return [*unexpected(replayed, fixture, "together"), *unsearchable(replayed, fixture, "together")]


if __name__ == "__main__":
    json.dump(problems_of(Path(sys.argv[1]), Path(sys.argv[2])), sys.stdout)
