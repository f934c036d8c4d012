"""`spanhouse keys` on a data directory; through a collector it is `tests/collector/api/test_key_guard.py`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spanhouse_collector.cli.main import main
from spanhouse_collector.identity.key_file import FILE_NAME, KeyFile


def keys(tmp_path: Path, command: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["keys", command, "--data-dir", str(tmp_path), *arguments])


@pytest.fixture
def operator(tmp_path: Path) -> str:
    made = keys(tmp_path, "create", "--project", "*", "--scope", "admin", "--json")
    assert made.exit_code == 0, made.output
    return str(json.loads(made.stdout)["key"])


def test_the_first_key_is_made_before_the_collector_starts(tmp_path: Path, operator: str) -> None:
    key = KeyFile(tmp_path / FILE_NAME).authenticate(operator, "admin")
    assert key is not None
    assert key.is_operator


def test_a_first_key_that_is_no_operators_is_refused_with_the_way_out(tmp_path: Path) -> None:
    refused = keys(tmp_path, "create", "--project", "shop", "--scope", "read")
    assert refused.exit_code == 1
    assert "--project '*' --scope admin" in refused.stderr


def test_json_has_id_and_key_and_text_has_the_key_alone_on_stdout(tmp_path: Path, operator: str) -> None:
    made = keys(tmp_path, "create", "--project", "shop", "--scope", "ingest", "--scope", "read", "--json")
    assert {"id", "key"} <= json.loads(made.stdout).keys()
    plain = keys(tmp_path, "create", "--project", "shop", "--scope", "ingest", "--name", "nightly", "--expires", "90d")
    assert plain.stdout.strip().startswith("spanhouse_")
    assert "shown this once" in plain.stderr
    assert operator not in plain.output


def test_a_list_shows_no_secret_and_fits_80_columns(
    tmp_path: Path, operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = keys(tmp_path, "list")
    assert "active" in shown.stdout
    assert operator.rpartition("_")[2] not in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert json.loads(keys(tmp_path, "list", "--json").stdout)["state"] == "active"


def test_rotate_and_revoke(tmp_path: Path, operator: str) -> None:
    made = json.loads(keys(tmp_path, "create", "--project", "shop", "--scope", "read", "--json").stdout)
    turned = json.loads(keys(tmp_path, "rotate", made["id"], "--overlap", "1h", "--json").stdout)
    assert turned["id"] != made["id"]
    assert "revoked" in keys(tmp_path, "revoke", turned["id"]).stdout
    assert keys(tmp_path, "revoke", "0" * 12).exit_code == 1
    assert keys(tmp_path, "rotate", made["id"], "--overlap", "soon").exit_code == 2


def test_no_key_is_said(tmp_path: Path) -> None:
    assert "no key exists" in keys(tmp_path, "list").stdout
