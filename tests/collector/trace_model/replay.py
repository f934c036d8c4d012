"""Fixtures and recorded traffic through a real collector, read back over its API.

Owns sending every body once, each source into a project of its own, and what was read of it: traces, and rows of the
SQL view `traces`. Leaves what should have come out to the tests.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanhouse_collector.otlp.json_decode import to_protobuf
from spanhouse_collector.otlp.signals import LOGS, TRACES
from tests.collector.model.stored_spans import FIXTURES
from tests.collector_process import CollectorProcess

TYPES = {".pb": "application/x-protobuf", ".json": "application/json"}
ORDERS = ("before", "after", "together")  # when a fixture's logs come
TOTALS = ("input_tokens", "output_tokens", "total_tokens")
WAIT_S = 60.0
READERS = 3


@dataclass(frozen=True)
class Body:
    """An OTLP request as it goes over the wire."""

    project: str
    signal: str
    data: bytes
    content_type: str

    @cached_property
    def ids(self) -> list[str]:
        """The trace ids of its spans, one for each span."""
        raw = self.data if self.content_type == TYPES[".pb"] else to_protobuf(TRACES, self.data)
        groups = ExportTraceServiceRequest.FromString(raw).resource_spans
        spans = (span for group in groups for scope in group.scope_spans for span in scope.spans)
        return [span.trace_id.hex() for span in spans]


@dataclass(frozen=True)
class Fixture:
    """A dialect fixture."""

    name: str
    document: dict[str, Any]

    @property
    def orders(self) -> tuple[str, ...]:
        return ORDERS if self.document.get("logs_request") else ORDERS[-1:]

    def bodies(self, order: str) -> list[Body]:
        members = ("request", "logs_request") if order != "before" else ("logs_request", "request")
        return [
            Body(f"{self.name}-{order}", "logs" if member == "logs_request" else "traces", _json(sent), TYPES[".json"])
            for member in members
            if (sent := self.document.get(member))
        ]


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def fixtures(folder: str = "dialects") -> list[Fixture]:
    """The fixtures as they were given, or those `reviewed` besides."""
    paths = sorted((FIXTURES / folder).glob("*.json"))
    return [Fixture(path.stem, json.loads(path.read_text("utf-8"))) for path in paths]


def captures() -> list[Path]:
    """The folders of recorded traffic."""
    return sorted(path.parent for kind in ("captures", "clients") for path in (FIXTURES / kind).glob("*/truth.json"))


def capture_bodies(folder: Path) -> list[Body]:
    """Every span and log record of a recording, in order of arrival."""
    paths = sorted(path for path in folder.glob("[0-9]*") if path.stem.split("-")[1] in ("traces", "logs"))
    return [Body(folder.name, path.stem.split("-")[1], path.read_bytes(), TYPES[path.suffix]) for path in paths]


@dataclass
class Replayed:
    """What a collector made of everything, read while it ran."""

    traces: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    view: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    logs: list[dict[str, Any]] = field(default_factory=list)

    def searched(self, project: str, span: Mapping[str, Any], side: str) -> str:
        """The words of a span's input or output: its own column, and that of the log records with its ids."""
        logs = (log[side] for log in self.logs if (log["project"], log["span_id"]) == (project, span["span_id"]))
        return "\n".join([span[side], *logs])

    def of_project(self, project: str) -> list[dict[str, Any]]:
        return [trace for (name, _), trace in self.traces.items() if name == project]


def replay(process: CollectorProcess, sent: list[Fixture], folders: list[Path]) -> Replayed:
    """Send fixtures and recordings, wait until they are stored and settled, and read them."""
    ordered = [(fixture, order) for fixture in sent for order in fixture.orders]
    early = [fixture.bodies(order)[0] for fixture, order in ordered if order == "before"]
    late = [fixture.bodies(order)[-1] for fixture, order in ordered if order == "after"]
    others = [body for fixture, order in ordered for body in fixture.bodies(order)]
    others += [body for folder in folders for body in capture_bodies(folder)]
    stored = {"traces": 0, "logs": 0}
    for bodies in (early, [body for body in others if body not in early and body not in late], late):
        for body in bodies:
            stored[body.signal] += _send(process, body)
        for signal, items in stored.items():
            process.wait_stored(signal, items)
    wanted = {(body.project, trace_id) for body in others if body.signal == "traces" for trace_id in body.ids}
    return _read(process, sorted(wanted))


def _send(process: CollectorProcess, body: Body) -> int:
    """Post a request; returns how many of its items are stored."""
    headers = {"content-type": body.content_type, "x-spanhouse-project": body.project}
    request = urllib.request.Request(f"{process.http}/v1/{body.signal}", body.data, headers)
    with urllib.request.urlopen(request, timeout=WAIT_S) as reply:
        assert reply.status == 200
    if body.signal == "traces":
        return len(body.ids)
    raw = body.data if body.content_type == TYPES[".pb"] else to_protobuf(LOGS, body.data)
    groups = ExportLogsServiceRequest.FromString(raw).resource_logs
    return sum(len(scope.log_records) for group in groups for scope in group.scope_logs)


def _read(process: CollectorProcess, wanted: Iterable[tuple[str, str]]) -> Replayed:
    wanted = list(wanted)

    def one(key: tuple[str, str]) -> dict[str, Any]:
        project, trace_id = key
        found: dict[str, Any] = json.loads(process.get(f"/api/v1/traces/{trace_id}?project={project}"))
        return found

    with ThreadPoolExecutor(READERS) as readers:
        traces = dict(zip(wanted, readers.map(one, wanted), strict=True))
    deadline = time.monotonic() + WAIT_S
    while not _agree(view := _view(process), traces) and time.monotonic() < deadline:
        time.sleep(0.3)
    logs = _rows(process, "SELECT project, span_id, input, output FROM logs WHERE span_id != '' ORDER BY time")
    return Replayed(traces, view, logs)


def _view(process: CollectorProcess) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["project"], row["trace_id"]): row for row in _rows(process, "SELECT * FROM traces")}


def _rows(process: CollectorProcess, query: str) -> list[dict[str, Any]]:
    """The answer of the SQL route."""
    body, headers = _json({"query": query}), {"content-type": TYPES[".json"]}
    with urllib.request.urlopen(
        urllib.request.Request(f"{process.http}/api/v1/sql", body, headers), timeout=WAIT_S
    ) as reply:
        answer = json.loads(reply.read())
    names = [column["name"] for column in answer["columns"]]
    return [dict(zip(names, row, strict=True)) for row in answer["rows"]]


def _agree(
    view: Mapping[tuple[str, str], Mapping[str, Any]], traces: Mapping[tuple[str, str], Mapping[str, Any]]
) -> bool:
    """Whether settling has come as far as the API, which needs none."""
    return all(
        key in view and all(view[key][name] == trace["info"][name] for name in TOTALS) for key, trace in traces.items()
    )
