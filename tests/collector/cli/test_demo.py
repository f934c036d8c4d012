"""What the demo says to do next can be copied as it stands."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from spanhouse_collector.cli.client import DEFAULT_URL
from spanhouse_collector.cli.demo import command, next_steps
from spanhouse_collector.service import Addresses


def program(folder: Path) -> Path:
    file = folder / "bin" / "spanhouse"
    file.parent.mkdir(parents=True)
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


def test_the_command_is_named_as_this_folder_can_call_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = program(tmp_path / ".venv")
    monkeypatch.chdir(tmp_path)
    assert command([".venv/bin/spanhouse"], {"PATH": os.defpath}) == ".venv/bin/spanhouse"
    assert command([str(installed)], {"PATH": os.defpath}) == ".venv/bin/spanhouse"
    assert command([str(installed)], {"PATH": str(installed.parent)}) == "spanhouse"
    monkeypatch.chdir(tmp_path / ".venv" / "bin")
    assert command([str(installed)], {"PATH": os.defpath}) == "./spanhouse"
    assert command(["/x/spanhouse_collector/__main__.py"], {}) == f"{sys.executable} -m spanhouse_collector"


def test_the_next_steps_name_the_collector_only_where_it_is_not_the_usual_one() -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    usual = next_steps(".venv/bin/spanhouse", Addresses("127.0.0.1:4317", DEFAULT_URL), trace_id)
    other = next_steps("spanhouse", Addresses("127.0.0.1:5", "http://127.0.0.1:6"), trace_id)
    assert "  .venv/bin/spanhouse trace 0af76519" in usual
    assert "  spanhouse trace 0af76519 --url http://127.0.0.1:6" in other
    assert "  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:5" in other
    assert max(map(len, usual)) <= 80
