"""Asks a real `spanhouse serve` the questions of bars 5 to 7, at two sizes of the database.

Owns: the databases (made once for all of these bars), the processes over them, the times and CPU of whole requests.
Leaves to others: the spans (`stored_spans.py`), the questions (`read_questions.py`), what is read (`read_evidence.py`).
"""

from __future__ import annotations

import http.client
import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.bench import read_evidence, stored_spans
from tests.bench.load import Percentiles, percentiles
from tests.bench.read_questions import Drawn, Question, Request
from tests.bench.report import BenchRow, at_most
from tests.bench.session import BarResult, Session
from tests.collector_process import CollectorProcess

WARM_UP: Final = 3
TRACE_IDS: Final = 300
SEED: Final = 5
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, many times. CPU is the collector's, of a request on average."""

    times: Percentiles
    cpu_ms: float


def run(session: Session, questions: Sequence[Question]) -> BarResult:
    """Ask all of them at both sizes."""
    sizes = session.sizes.read_span_counts
    asked = {spans: _ask_all(session, spans, questions) for spans in sizes}
    evidence = {spans: read_evidence.of(_directory(session, spans), questions, seed=SEED) for spans in sizes}
    largest = max(sizes)
    rows: list[BenchRow] = []
    notes = []
    for question in questions:
        measured = asked[largest][question.name]
        rows.append(
            at_most(
                question.number,
                f"{question.name}, p95, {largest / 1e6:g} M spans",
                value=measured.times.p95_ms,
                limit=question.limit_ms,
                unit="ms",
            )
        )
        notes.append(f"{question.name}: " + " | ".join(_told(spans, asked, evidence, question) for spans in sizes))
    details = {
        str(spans): {
            question.name: {**asdict(asked[spans][question.name]), "reads": evidence[spans][question.name]}
            for question in questions
        }
        for spans in sizes
    }
    return BarResult(rows=rows, notes=notes, details={"sizes": details})


def _told(
    spans: int, asked: dict[int, dict[str, Asked]], evidence: dict[int, dict[str, Any]], question: Question
) -> str:
    measured, read = asked[spans][question.name], evidence[spans][question.name]
    return (
        f"{spans / 1e6:g} M: p50 {measured.times.p50_ms:.0f} p95 {measured.times.p95_ms:.0f} ms, "
        f"CPU {measured.cpu_ms:.0f} ms, {read['statements']} statements, {read['rows']:,} rows, "
        f"{read['bytes'] / 1e6:.1f} MB, granules {read['granules']}"
    )


def _directory(session: Session, spans: int) -> Path:
    """Return the data directory with that many spans, made when it is first asked for."""
    directory = session.stored_directory / str(spans)
    if not (directory / stored_spans.MADE_FILE).exists():
        session.tell(f"making {spans:,} spans …")
        made = stored_spans.make(directory, spans)
        session.tell(f"{made.span_count:,} spans in {made.elapsed_s:.0f} s")
    return directory


def _ask_all(session: Session, spans: int, questions: Sequence[Question]) -> dict[str, Asked]:
    directory = _directory(session, spans)
    found: dict[str, Asked] = {}
    with CollectorProcess(directory) as collector:
        drawn = _drawn(collector, directory)
        for question in questions:
            found[question.name] = _ask(collector, question, drawn, session.sizes.read_count)
            times = found[question.name].times
            session.tell(f"{spans:,} spans: {question.name}: p50 {times.p50_ms:.0f} p95 {times.p95_ms:.0f} ms")
        collector.terminate()
    return found


def _drawn(collector: CollectorProcess, directory: Path) -> Drawn:
    made = json.loads((directory / stored_spans.MADE_FILE).read_text("utf-8"))
    some = {"query": f"SELECT DISTINCT trace_id FROM spans WHERE cityHash64(trace_id) % 997 = 5 LIMIT {TRACE_IDS}"}
    with _connection(collector) as connection:
        answer = _reply(connection, Request(path="/api/v1/sql", body=some))
    return Drawn(
        rng=random.Random(SEED),
        span_count=made["span_count"],
        newest_unix_nano=made["newest_unix_nano"],
        trace_ids=[row[0] for row in answer["rows"]],
    )


def _ask(collector: CollectorProcess, question: Question, drawn: Drawn, count: int) -> Asked:
    times_ms = []
    with _connection(collector) as connection:
        for _ in range(WARM_UP):
            _reply(connection, question.draw(drawn))
        cpu_before = _cpu_s(collector.process.pid)
        for _ in range(count):
            request = question.draw(drawn)
            started = time.perf_counter()
            content = _content(connection, request)
            times_ms.append((time.perf_counter() - started) * 1e3)
            _checked(request, content)
        cpu_s = _cpu_s(collector.process.pid) - cpu_before
    return Asked(times=percentiles(times_ms), cpu_ms=cpu_s / count * 1e3)


@contextmanager
def _connection(collector: CollectorProcess) -> Iterator[http.client.HTTPConnection]:
    address = urlsplit(collector.http)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        yield connection
    finally:
        connection.close()


def _reply(connection: http.client.HTTPConnection, request: Request) -> Any:
    return _checked(request, _content(connection, request))


def _content(connection: http.client.HTTPConnection, request: Request) -> bytes:
    """Return the whole answer; to parse it is the client's time, not the collector's."""
    body = json.dumps(request.body) if request.body is not None else None
    connection.request(
        "POST" if body else "GET", request.target, body, {"content-type": "application/json"} if body else {}
    )
    response = connection.getresponse()
    content = response.read()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{request.target}: {response.status} {content[:300]!r}")
    return content


def _checked(request: Request, content: bytes) -> Any:
    answer = json.loads(content)
    if answer.get("partial"):
        raise RuntimeError(f"{request.target}: partial")
    return answer


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
