"""`spanhouse serve` as an operator meets it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest
from click.testing import CliRunner

from spanhouse_collector import config
from spanhouse_collector.cli import main
from tests.builders import make_span, traces
from tests.collector_process import CollectorProcess
from tests.otlp_client import export_grpc
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
    assert f"127.0.0.1:{port}: it is in use; choose another with {option}" in done.stderr
    assert "Traceback" not in done.stderr
    assert "sys.excepthook" not in done.stderr  # a gRPC server that was forgotten until the end of the process


def test_both_ports_are_looked_at_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [str(taken.getsockname()[1]) for taken in (one, two)]
        done = run("serve", "--data-dir", str(tmp_path / "data"), "--grpc-port", ports[0], "--http-port", ports[1])
    assert done.returncode == 1
    assert all(word in done.stderr for word in (*ports, "--grpc-port", "--http-port"))
    assert not (tmp_path / "data").exists()


def test_a_port_that_a_collector_has_is_told_as_that(tmp_path: Path) -> None:
    with CollectorProcess(prepare_embedded(tmp_path / "data")) as collector:
        port = collector.http.rpartition(":")[2]
        done = run("serve", "--data-dir", str(tmp_path / "other"), "--grpc-port", "0", "--http-port", port)
    assert "a collector already listens there" in done.stderr


def test_a_start_without_its_server_takes_requests_into_the_log_and_says_who_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"clickhouse://user:a-password@127.0.0.1:{port}/spanhouse"
    with CollectorProcess(tmp_path / "data", clickhouse=url) as collector:
        export_grpc(collector.grpc, traces(make_span()))
        assert json.loads(collector.get("/readyz"))["status"] == "ready"
        assert collector.metric("spanhouse_wal_bytes", signal="traces") > 0
        assert f"no ClickHouse answers at 127.0.0.1:{port} (connection refused)" in collector.stderr
        with pytest.raises(urllib.error.HTTPError, match="503"):
            collector.get("/api/v1/traces")
        assert collector.terminate() == 0
        assert "the log is not empty" in collector.stderr
        assert "a-password" not in collector.stderr
        assert "HTTPConnection" not in collector.stderr
    assert list((tmp_path / "data" / "wal").glob("traces-*"))


def test_a_start_says_what_it_waits_for_and_when_it_is_ready(tmp_path: Path) -> None:
    with CollectorProcess(tmp_path / "data") as collector:
        assert collector.terminate() == 0
        told = ("making the database", "loading the prices of models", "the database is prepared", "ready: OTLP/gRPC")
        places = [collector.stderr.index(words) for words in told]
    assert places == sorted(places)


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


def test_quarantine_of_a_directory_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    done = run("quarantine", "list", "--data-dir", str(tmp_path / "typing-error"))
    assert (done.returncode, str(tmp_path) in done.stderr) == (2, True)


def test_quarantine_of_a_fresh_collector_is_empty(tmp_path: Path) -> None:
    with CollectorProcess(prepare_embedded(tmp_path / "data")) as collector:
        listed = run("quarantine", "list", "--url", collector.http)
        assert (listed.returncode, listed.stdout) == (0, "nothing is in quarantine\n")
        replayed = run("quarantine", "replay", "traces-000000000001-0badcafe-0", "--url", collector.http)
        assert replayed.returncode == 1
        assert "traces-000000000001-0badcafe-0" in replayed.stderr
        neither = run("quarantine", "replay", "--url", collector.http)
        assert neither.returncode == 2
