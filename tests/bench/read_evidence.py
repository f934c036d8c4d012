"""`python -m tests.bench.read_evidence DIRECTORY NAME…`: what the questions read of a database, as JSON.

Owns: asking each question once in this process, with a connection that counts the engine's rows and bytes, and asking
`EXPLAIN indexes = 1` of every statement for the granules that the indexes leave.
Leaves to others: times (`read_bars.py`). In a process of its own: chDB opens one directory at a time.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spanhouse_collector.query.aggregate import AggregateQuestion, Aggregation
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.search_lists import ListQuestion
from spanhouse_collector.query.search_traces import TraceSearch
from spanhouse_collector.query.traces import TraceReader
from spanhouse_collector.storage.engine import Connection, EmbeddedEngine, Rows
from spanhouse_collector.wal.room import DiskRoom
from tests.bench import stored_spans
from tests.bench.read_questions import BAR_5, BAR_6, BAR_7, Drawn, Question, Request

QUESTIONS: Final = {question.name: question for question in (*BAR_5, *BAR_6, *BAR_7)}
TIMEOUT_S: Final = 600
_EVENTS: Final = "SELECT event, value FROM system.events WHERE event IN ('SelectedRows', 'SelectedBytes')"
_SELECTED: Final = re.compile(r"Granules: (\d+)$")
_READS: Final = re.compile(r"ReadFromMergeTree \((?:\w+\.)?spans\)")


def of(data_dir: Path, questions: Sequence[Question], *, seed: int) -> dict[str, Any]:
    """Return what each of the questions reads, asked in a process of their own."""
    names = [question.name for question in questions]
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.read_evidence", str(data_dir), str(seed), *names],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    if answer.returncode:
        raise RuntimeError(f"what is read cannot be told: {answer.stderr[-800:]}")
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@dataclass
class _Recording:
    """A connection that remembers its statements."""

    inner: Connection
    statements: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def room(self) -> DiskRoom:
        return self.inner.room

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        self.statements.append((statement, dict(parameters or {})))
        return self.inner.query(statement, parameters)

    def execute(self, statement: str, settings: Mapping[str, Any] | None = None) -> None:
        self.inner.execute(statement, settings)

    def insert_file(self, table: str, columns: Sequence[str], path: Path, settings: Mapping[str, Any]) -> None:
        self.inner.insert_file(table, columns, path, settings)

    def insert_native(
        self, table: str, columns: Sequence[str], chunks: Sequence[bytes], settings: Mapping[str, Any]
    ) -> None:
        self.inner.insert_native(table, columns, chunks, settings)

    def close(self) -> None:
        self.inner.close()


class _RecordingEngine(EmbeddedEngine):
    last: _Recording

    def connect(self) -> Connection:
        self.last = _Recording(super().connect())
        return self.last


def _ask(connections: Connections, request: Request) -> None:
    fields: dict[str, Any]
    if request.body is not None:
        fields = {name: tuple(value) if isinstance(value, list) else value for name, value in request.body.items()}
        Aggregation(connections).answer(AggregateQuestion(**fields))
    elif request.path == "/api/v1/traces":
        fields = {**request.parameters, "limit": 50}
        TraceSearch(connections).answer(ListQuestion(**fields))
    else:
        trace_id = request.path.rpartition("/")[2]
        TraceReader(connections).read(trace_id, payload=request.parameters.get("payload") != "false")


def _selected(connection: Connection) -> dict[str, int]:
    """Return the rows and bytes that the engine has read so far."""
    return {str(event): int(value) for event, value in connection.query(_EVENTS).rows}


def _granules(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> str:
    """Return the granules of `spans` that each read of a statement selects, of all; '' if it reads none."""
    plan = [str(row[0]) for row in connection.query(f"EXPLAIN indexes = 1 {statement}", parameters).rows]
    reads: list[str] = []
    inside = False
    for line in plan:
        if "ReadFromMergeTree" in line:
            inside = bool(_READS.search(line))
            if inside:
                reads.append("0")
        elif inside and (selected := _SELECTED.search(line)):
            reads[-1] = selected[1]
    return "+".join(reads)


def _read(engine: _RecordingEngine, connections: Connections, question: Question, drawn: Drawn) -> dict[str, Any]:
    _ask(connections, question.draw(drawn))  # opens what is opened once
    recording = engine.last
    before = _selected(recording.inner)
    recording.statements.clear()
    _ask(connections, question.draw(drawn))
    after = _selected(recording.inner)
    statements = list(recording.statements)
    granules = [_granules(recording.inner, statement, parameters) for statement, parameters in statements]
    return {
        "statements": len(statements),
        "rows": after["SelectedRows"] - before["SelectedRows"],
        "bytes": after["SelectedBytes"] - before["SelectedBytes"],
        "granules": ", ".join(each for each in granules if each),
    }


def main(arguments: Sequence[str]) -> int:
    """Print what the named questions read of a data directory."""
    directory, seed, *names = arguments
    made = json.loads((Path(directory) / stored_spans.MADE_FILE).read_text("utf-8"))
    engine = _RecordingEngine(Path(directory) / "chdb")
    engine.create_database()
    connections = Connections(engine)
    try:
        with connections.borrow() as connection:
            some = connection.query("SELECT DISTINCT trace_id FROM spans WHERE cityHash64(trace_id) % 997 = 5 LIMIT 99")
        drawn = Drawn(
            rng=random.Random(int(seed)),
            span_count=made["span_count"],
            newest_unix_nano=made["newest_unix_nano"],
            trace_ids=[row[0] for row in some.rows],
        )
        found = {name: _read(engine, connections, QUESTIONS[name], drawn) for name in names}
    finally:
        connections.close()
        engine.close()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
