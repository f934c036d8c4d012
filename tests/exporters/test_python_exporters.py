"""OpenTelemetry Python's own exporters against a real collector: what they were given is what the tables hold.

Owns that claim for gRPC and HTTP, with and without gzip, for all three signals, field by field.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collector_process import CollectorProcess
from tests.exporters import form, python_program
from tests.exporters.conftest import Collected
from tests.exporters.python_program import Exported
from tests.prepared import prepare_embedded
from tests.tables import Row

ROOT = Path(__file__).resolve().parents[2]
SIGNALS = ("traces", "logs", "metrics")
WAYS = [(protocol, compression) for protocol in ("grpc", "http/protobuf") for compression in ("none", "gzip")]


def points(exported: Exported) -> int:
    return sum(len(metric["data_points"]) for metric in exported.metrics)


def assert_stored(exported: Exported, rows: dict[str, list[Row]]) -> None:
    assert set(exported.verdicts) == {"SUCCESS"}
    assert len(exported.spans) == 7
    assert len(exported.logs) == 10
    form.assert_same(map(form.span, rows["traces"]), exported.spans)
    form.assert_same(map(form.log, rows["logs"]), exported.logs)
    form.assert_same(form.metrics(rows["metrics"]), exported.metrics)


@pytest.fixture(scope="module")
def runs(collected: Collected) -> dict[tuple[str, str], tuple[str, Exported]]:
    """Project and export of every way. All before any is read: a collector to which little comes holds segments."""
    found: dict[tuple[str, str], tuple[str, Exported]] = {}
    for protocol, compression in WAYS:
        project = collected.new_project()
        endpoint = collected.process.grpc if protocol == "grpc" else collected.process.http
        exported = python_program.run(protocol, compression, endpoint, {"x-spanhouse-project": project})
        found[protocol, compression] = project, exported
    return found


@pytest.mark.server
@pytest.mark.parametrize(("protocol", "compression"), WAYS)
def test_everything_exported_is_stored_field_by_field(
    collected: Collected, runs: dict[tuple[str, str], tuple[str, Exported]], protocol: str, compression: str
) -> None:
    project, exported = runs[protocol, compression]
    counts = {"traces": len(exported.spans), "logs": len(exported.logs), "metrics": points(exported)}
    assert_stored(exported, {name: collected.rows(name, project, counts[name]) for name in SIGNALS})


def test_the_embedded_engine_stores_the_same(tmp_path: Path) -> None:
    """Read back by another process after the collector has ended: one process at a time has the directory."""
    with CollectorProcess(prepare_embedded(tmp_path / "data")) as collector:
        exported = python_program.run("grpc", "gzip", collector.grpc, {})
        assert collector.terminate() == 0
    reader = [sys.executable, "-m", "tests.exporters.read_embedded", str(tmp_path / "data" / "chdb")]
    answer = subprocess.run(reader, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=60)
    assert_stored(exported, pickle.loads(answer.stdout))
