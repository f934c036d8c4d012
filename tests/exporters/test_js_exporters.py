"""OpenTelemetry JS's own exporters against a real collector: what they were given is what the tables hold.

Owns that claim for gRPC, HTTP/protobuf and HTTP/JSON, with and without gzip. The program is tests/js/emit.mjs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.exporters import form
from tests.exporters.conftest import Collected

JS = Path(__file__).resolve().parents[1] / "js"
TIMEOUT_S = 60
WAYS = [
    (protocol, compression) for protocol in ("grpc", "http/protobuf", "http/json") for compression in ("none", "gzip")
]
pytestmark = [pytest.mark.server, pytest.mark.node]


@pytest.fixture(scope="module")
def node() -> str:
    """The node program; `make test` has put the packages beside it."""
    program = shutil.which("node")
    if program is None:
        pytest.fail("Node.js is missing: install it (18 or newer) and run `make test`")
    if not (JS / "node_modules" / "@opentelemetry").is_dir():
        pytest.fail("the npm packages of tests/js are missing: run `make test`, or `npm ci --prefix tests/js`")
    return program


@dataclass(frozen=True)
class Emission:
    """How a run of the program ended, and where it wrote what it exported."""

    project: str
    ended: subprocess.CompletedProcess[str]
    out: Path

    def exported(self) -> dict[str, Any]:
        assert self.ended.returncode == 0, self.ended.stderr
        exported: dict[str, Any] = json.loads(self.out.read_text("utf-8"))
        return exported


@pytest.fixture(scope="module")
def emissions(
    collected: Collected, node: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Emission]:
    """All of them before any is read: a collector to which little comes holds segments for seconds."""
    folder = tmp_path_factory.mktemp("js")
    found: dict[tuple[str, str], Emission] = {}
    for protocol, compression in WAYS:
        project = collected.new_project()
        endpoint = f"http://{collected.process.grpc}" if protocol == "grpc" else collected.process.http
        found[protocol, compression] = emit(node, protocol, compression, endpoint, project, folder / f"{project}.json")
    return found


def emit(node: str, protocol: str, compression: str, endpoint: str, project: str, out: Path) -> Emission:
    """Run the program."""
    command = [node, str(JS / "emit.mjs"), "--protocol", protocol, "--compression", compression]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    ended = subprocess.run(
        [*command, "--endpoint", endpoint, "--out", str(out)],
        env={**environment, "OTEL_EXPORTER_OTLP_HEADERS": f"x-spanhouse-project={project}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Emission(project, ended, out)


@pytest.mark.parametrize(("protocol", "compression"), WAYS)
def test_everything_exported_is_stored_field_by_field(
    collected: Collected, emissions: dict[tuple[str, str], Emission], protocol: str, compression: str
) -> None:
    project, exported = emissions[protocol, compression].project, emissions[protocol, compression].exported()
    assert (len(exported["spans"]), len(exported["logs"]), len(exported["metrics"])) == (12, 12, 10)
    points = [{**point, "exemplars": []} for metric in exported["metrics"] for point in metric["data_points"]]
    for metric in exported["metrics"]:
        metric["data_points"] = [points.pop(0) for _ in metric["data_points"]]  # JS has no exemplars
    rows = collected.rows("traces", project, len(exported["spans"]))
    form.assert_same(map(form.span, rows), exported["spans"])
    form.assert_same(map(form.log, collected.rows("logs", project, len(exported["logs"]))), exported["logs"])
    count = sum(len(metric["data_points"]) for metric in exported["metrics"])
    form.assert_same(form.metrics(collected.rows("metrics", project, count)), exported["metrics"])
