"""OpenTelemetry JS's own exporters against a real collector: what they were given is what the tables hold.

Owns that claim for gRPC, HTTP/protobuf and HTTP/JSON, with and without gzip. The program is tests/js/emit.mjs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.exporters import form
from tests.exporters.conftest import Collected

JS = Path(__file__).resolve().parents[1] / "js"
TIMEOUT_S = 60
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


def emit(node: str, protocol: str, compression: str, endpoint: str, project: str, out: Path) -> dict[str, Any]:
    """Run the program; what it exported."""
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
    assert ended.returncode == 0, ended.stderr
    exported: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return exported


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf", "http/json"])
def test_everything_exported_is_stored_field_by_field(
    collected: Collected, node: str, tmp_path: Path, protocol: str, compression: str
) -> None:
    project = collected.new_project()
    endpoint = f"http://{collected.process.grpc}" if protocol == "grpc" else collected.process.http
    exported = emit(node, protocol, compression, endpoint, project, tmp_path / "exported.json")
    assert (len(exported["spans"]), len(exported["logs"]), len(exported["metrics"])) == (12, 12, 10)
    points = [{**point, "exemplars": []} for metric in exported["metrics"] for point in metric["data_points"]]
    for metric in exported["metrics"]:
        metric["data_points"] = [points.pop(0) for _ in metric["data_points"]]  # JS has no exemplars
    rows = collected.rows("traces", project, len(exported["spans"]))
    form.assert_same(map(form.span, rows), exported["spans"])
    form.assert_same(map(form.log, collected.rows("logs", project, len(exported["logs"]))), exported["logs"])
    count = sum(len(metric["data_points"]) for metric in exported["metrics"])
    form.assert_same(form.metrics(collected.rows("metrics", project, count)), exported["metrics"])
