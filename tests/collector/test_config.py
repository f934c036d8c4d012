"""Settings: one table, all problems at once, no secret shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from spanhouse_collector import config
from spanhouse_collector.errors import StartupError

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"


def load(options: dict[str, str | None] | None = None, environ: dict[str, str] | None = None) -> config.Config:
    return config.load(options or {}, environ or {})


def problems(options: dict[str, str | None] | None = None, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(StartupError) as caught:
        load(options, environ)
    return caught.value.problems


def test_defaults_are_a_configuration() -> None:
    loaded = load()
    assert (loaded.host, loaded.grpc_port, loaded.http_port) == ("127.0.0.1", 4317, 4318)
    assert loaded.clickhouse is None
    assert loaded.max_request_bytes == 64 << 20


def test_an_option_wins_over_the_environment_and_the_environment_over_the_default() -> None:
    environ = {"SPANHOUSE_GRPC_PORT": "1", "SPANHOUSE_HTTP_PORT": "2"}
    loaded = load({"grpc_port": "3", "http_port": None}, environ)
    assert (loaded.grpc_port, loaded.http_port) == (3, 2)


def test_every_problem_is_told_at_once_and_names_where_it_was_set() -> None:
    found = problems(
        {"grpc_port": "70000", "wal_max_bytes": "lots", "host": "0.0.0.0"},
        {"SPANHOUSE_LOG_LEVEL": "loud", "SPANHOUSE_DEDUP_WINDOW": "10 parsecs"},
    )
    text = "\n".join(found)
    for name in ("--grpc-port", "--wal-max-bytes", "--host", "SPANHOUSE_LOG_LEVEL", "SPANHOUSE_DEDUP_WINDOW"):
        assert name in text
    assert len(found) == 5


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "collector.example"])
def test_listening_beyond_loopback_needs_a_key_or_insecure(host: str) -> None:
    assert "--insecure" in problems({"host": host})[0]
    assert load({"host": host, "insecure": "true"}).host == host
    assert config.load({"host": host}, {}, keys_exist=lambda _data_dir: True).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_loopback_needs_nothing(host: str) -> None:
    assert load({"host": host}).host == host


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("512MiB", 512 << 20), ("1.5GiB", 3 << 29), ("2 GB", 2_000_000_000), ("64k", 65536)],
)
def test_sizes_are_read_with_their_units(text: str, size: int) -> None:
    assert load({"min_free_disk_bytes": text}).min_free_disk_bytes == size


@pytest.mark.parametrize(("text", "seconds"), [("200ms", 0.2), ("5", 5.0), ("5s", 5.0), ("10m", 600.0), ("1h", 3600.0)])
def test_durations_are_read_with_their_units(text: str, seconds: float) -> None:
    assert load({"dedup_window": text}).dedup_window == seconds


def test_a_clickhouse_url_is_taken_apart() -> None:
    url = load({"clickhouse": "clickhouse://us%40er:p%3Aw@db.example:9000/traces"}).clickhouse
    assert url == config.ClickHouseUrl("db.example", 9000, "us@er", "p:w", "traces", secure=False)
    secure = load({"clickhouse": "clickhouses://db.example"}).clickhouse
    assert secure is not None
    assert (secure.port, secure.user, secure.database, secure.secure) == (8443, "default", "default", True)


@pytest.mark.parametrize(
    "url", ["http://db:8123", "clickhouse://", "clickhouse://db/dr;op", "clickhouse://u:hunter2@db:port/x", "nonsense"]
)
def test_a_wrong_clickhouse_url_is_refused_without_showing_its_password(url: str) -> None:
    (problem,) = problems({"clickhouse": url})
    assert "--clickhouse" in problem
    assert "hunter2" not in problem


def test_the_password_never_shows() -> None:
    loaded = load({"clickhouse": "clickhouse://user:hunter2@db/x"})
    assert "hunter2" not in repr(loaded)
    assert "hunter2" not in str(loaded.clickhouse)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"grpc_port": "5000", "http_port": "5000"}, "both 5000"),
        ({"max_request_bytes": "1GiB"}, "--max-inflight-bytes"),
        ({"wal_max_bytes": "1MiB"}, "--wal-max-bytes"),
        ({"cors_origins": "*"}, "name the origins"),
        ({"request_timeout": "0"}, "more than 0"),
        ({"data_dir": " "}, "--data-dir"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(options: dict[str, str | None], words: str) -> None:
    assert words in "\n".join(problems(options))


def test_the_table_and_the_config_have_the_same_fields() -> None:
    assert [setting.name for setting in config.SETTINGS] == list(config.Config.__dataclass_fields__)


def test_every_setting_is_documented() -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    for setting in config.SETTINGS:
        row = re.search(rf"^\| `{setting.option}` \| `{setting.env}` \| (.*) \|$", text, re.MULTILINE)
        assert row is not None, f"docs/settings.md has no row for {setting.option}"
        assert setting.help in row[1]
        assert (f"`{setting.default}`" if setting.default else "") in row[1]
