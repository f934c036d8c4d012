"""A supervised server comes back by itself when it ended by itself, and only then."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.servers.supervised import SupervisedServer

pytestmark = pytest.mark.server


def test_a_server_that_died_is_started_again_with_its_data_and_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with SupervisedServer(tmp_path / "data") as server:
        server.query("CREATE DATABASE kept")
        first = server.pid
        os.kill(first, signal.SIGKILL)
        assert "kept" in server.query("SHOW DATABASES").splitlines()  # waits for the new process
        assert server.pid != first
        assert server.restarts == 1
    assert "ended by itself: exit status -9" in capfd.readouterr().err


def test_a_server_that_a_test_killed_stays_down(tmp_path: Path) -> None:
    with SupervisedServer(tmp_path / "data") as server:
        server.kill()
        with pytest.raises(OSError, match="refused"):
            server.query("SELECT 1")
        assert not server.running
        server.start()
        assert server.query("SELECT 1") == "1"
        assert server.restarts == 0
