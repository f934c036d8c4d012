"""The README's own words, run: its first trace arrives, and the demo shows what it stored."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.collector_process import CollectorProcess
from tests.prepared import DATABASE, prepare_server
from tests.servers.clickhouse_server import ClickHouseServer

ROOT: Final = Path(__file__).resolve().parents[1]


def python_block() -> str:
    found = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert len(found) == 1
    return str(found[0])


@pytest.mark.server
def test_the_first_trace_of_the_readme_is_stored(tmp_path: Path) -> None:
    with (
        ClickHouseServer(prepare_server(tmp_path / "server")) as server,
        CollectorProcess(tmp_path / "data", clickhouse=server.url(DATABASE)) as collector,
    ):
        environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.http}
        ran = subprocess.run(
            [sys.executable, "-c", python_block()],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
        collector.wait_stored("traces", 1)
        stored = server.query("SELECT name, input, output FROM spanhouse.spans")
        assert stored == 'answer\t{"question":"what is a span?"}\tyou asked: what is a span?'
        assert collector.terminate() == 0


def test_the_readmes_example_is_short() -> None:
    statements = [line for line in python_block().splitlines() if line and not line.startswith(("from", "import", " "))]
    assert len(statements) <= 5  # the body of a function is indented


@pytest.mark.timeout(240)
def test_the_demo_shows_traces_of_all_its_applications_read_back_from_the_database(tmp_path: Path) -> None:
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "spanhouse_collector",
            "demo",
            "--exit",
            "--data-dir",
            str(tmp_path / "data"),
            "--grpc-port",
            "0",
            "--http-port",
            "0",
        ],
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
        env={**os.environ, "COLUMNS": "120"},
    )
    assert ran.returncode == 0, ran.stderr
    assert "read back from ClickHouse" in ran.stdout
    for name in ("travel_", "handbook", "embeddi"):  # a trace of each application
        assert name in ran.stdout
    assert "ChatOpenAI" in ran.stdout
    assert re.search(r"gpt-4o\S*  164 → 10  \$0\.00051", ran.stdout)  # model, tokens and cost, as `trace` shows them
    assert "Traceback" not in ran.stderr
