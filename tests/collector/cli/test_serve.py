"""`spanhouse serve` as an operator meets it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from spanhouse_collector import config
from spanhouse_collector.cli import main
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded


def run(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SPANHOUSE_")}
    return subprocess.run(
        [sys.executable, "-m", "spanhouse_collector", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**environment, **(env or {})},
        check=False,
    )


def test_ready_line_names_where_it_listens_and_sigterm_exits_with_zero(tmp_path: Path) -> None:
    with CollectorProcess(prepare_embedded(tmp_path / "data")) as collector:
        assert collector.grpc.startswith("127.0.0.1:")
        assert collector.http.startswith("http://127.0.0.1:")
        assert json.loads(collector.get("/healthz")) == {"status": "ok"}
        assert json.loads(collector.get("/readyz")) == {"status": "ready", "reasons": [], "warnings": []}
        assert collector.terminate() == 0


def test_a_first_start_makes_a_data_directory_that_is_private(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data") as collector:
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0
        for name in ("wal", "quarantine", "recent", "chdb"):
            assert (tmp_path / "data" / name).stat().st_mode & 0o077 == 0
        assert collector.terminate() == 0


def test_ctrl_c_exits_with_zero(tmp_path: Path) -> None:
    with CollectorProcess(prepare_embedded(tmp_path / "data")) as collector:
        collector.process.send_signal(signal.SIGINT)
        assert collector.process.wait(60) == 0


def test_a_wrong_configuration_exits_with_2_and_every_problem(tmp_path: Path) -> None:
    done = run("serve", "--data-dir", str(tmp_path), "--grpc-port", "x", "--host", "0.0.0.0", "--log-level", "loud")
    assert done.returncode == 2
    for name in ("--grpc-port", "--host", "--log-level"):
        assert name in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("option", ["--grpc-port", "--http-port"])
def test_a_port_in_use_exits_with_1_and_says_so(tmp_path: Path, option: str) -> None:
    other = {"--grpc-port": "--http-port", "--http-port": "--grpc-port"}[option]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("serve", "--data-dir", str(prepare_embedded(tmp_path / "data")), option, port, other, "0")
    assert done.returncode == 1
    assert port in done.stderr
    assert "Traceback" not in done.stderr
    assert "sys.excepthook" not in done.stderr  # a gRPC server that was forgotten until the end of the process


def test_a_data_directory_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("serve", "--data-dir", str(tmp_path / "file" / "data"), "--grpc-port", "0", "--http-port", "0")
    assert done.returncode == 1
    assert "--data-dir" in done.stderr
    assert "Traceback" not in done.stderr


def test_environment_variables_configure_it(tmp_path: Path) -> None:
    with CollectorProcess(
        prepare_embedded(tmp_path / "data"), env={"SPANHOUSE_LOG_LEVEL": "debug", "SPANHOUSE_WAL_MAX_BYTES": "1GiB"}
    ) as running:
        assert running.terminate() == 0
        assert "DEBUG" in running.stderr


def test_help_names_every_setting_with_its_default_and_variable() -> None:
    text = CliRunner().invoke(main, ["serve", "--help"], terminal_width=110).output
    flat = " ".join(text.split())
    for setting in config.SETTINGS:
        assert setting.option in text
        assert setting.env in flat


def test_quarantine_without_a_collector_says_how_to_start_one() -> None:
    done = run("quarantine", "list", "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "spanhouse serve" in done.stderr


def test_quarantine_of_a_fresh_collector_is_empty(tmp_path: Path) -> None:
    with CollectorProcess(prepare_embedded(tmp_path / "data")) as collector:
        listed = run("quarantine", "list", "--url", collector.http)
        assert (listed.returncode, listed.stdout) == (0, "nothing is in quarantine\n")
        replayed = run("quarantine", "replay", "traces-000000000001-0badcafe-0", "--url", collector.http)
        assert replayed.returncode == 1
        assert "traces-000000000001-0badcafe-0" in replayed.stderr
        neither = run("quarantine", "replay", "--url", collector.http)
        assert neither.returncode == 2
