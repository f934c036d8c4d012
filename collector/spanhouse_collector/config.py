"""What an operator can set: one table that the command line, the environment, the docs and the tests read.

Owns names, defaults, meanings and validation of every setting of `spanhouse serve`. Environment variables are
`SPANHOUSE_<OPTION>`. All problems are found before the first is told. Code receives the frozen `Config`; nothing else
reads the environment.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from spanhouse_collector.errors import StartupError

_UNITS: Final = {
    "": 1,
    "B": 1,
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
    "TIB": 1 << 40,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "K": 1 << 10,
    "M": 1 << 20,
    "G": 1 << 30,
    "T": 1 << 40,
}
_LOG_LEVELS: Final = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class ClickHouseUrl:
    """Where a ClickHouse server is: `clickhouse://user:password@host:8123/database`, `clickhouses://` for TLS."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    secure: bool

    def __str__(self) -> str:
        scheme = "clickhouses" if self.secure else "clickhouse"
        return f"{scheme}://{self.user}:***@{self.host}:{self.port}/{self.database}"


def _size(text: str) -> int:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)", text.strip())
    if match is None or match[2].upper() not in _UNITS:
        raise ValueError("is not a size such as 512MiB or 1073741824")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def _size_or_none(text: str) -> int | None:
    return _size(text) if text.strip() else None


def _seconds(text: str) -> float:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h)?", text.strip())
    if match is None:
        raise ValueError("is not a duration such as 200ms, 5s or 10m")
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[match[2] or "s"]


def _port(text: str) -> int:
    if not text.strip().isdecimal() or int(text) > 65535:
        raise ValueError("is not a port (0 to 65535; 0 picks a free one)")
    return int(text)


def _flag(text: str) -> bool:
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
        "": False,
    }
    if text.strip().lower() not in known:
        raise ValueError("is neither true nor false")
    return known[text.strip().lower()]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _public_url(text: str) -> str:
    url = urlsplit(text.strip())
    if text.strip() and (url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment):
        raise ValueError("does not look like https://traces.example.org or https://example.org/traces")
    return text.strip().rstrip("/")


def _time_zone(text: str) -> str:
    try:
        return ZoneInfo(text.strip()).key if text.strip() else ""
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is no time zone such as Europe/Athens") from error


def _origins(text: str) -> tuple[str, ...]:
    origins = _names(text)
    for origin in origins:
        if origin != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]*-]+", origin):
            raise ValueError("is not a list of origins such as https://notebooks.example.org")
    return origins


def _level(text: str) -> str:
    if text.lower() not in _LOG_LEVELS:
        raise ValueError(f"is not one of {', '.join(_LOG_LEVELS)}")
    return text.lower()


def _path(text: str) -> Path:
    if not text.strip():
        raise ValueError("is empty")
    return Path(text).expanduser().absolute()


def _clickhouse(text: str) -> ClickHouseUrl | None:
    if not text:
        return None
    url = urlsplit(text)
    if url.scheme not in ("clickhouse", "clickhouses"):
        raise ValueError("does not look like clickhouse://user:password@host:8123/database (clickhouses:// for TLS)")
    if not url.hostname:
        raise ValueError("names no host")
    database = unquote(url.path.lstrip("/")) or "default"
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", database):
        raise ValueError("names a database that is not letters, digits and underscores")
    secure = url.scheme == "clickhouses"
    try:
        port = url.port or (8443 if secure else 8123)
    except ValueError:
        raise ValueError("has a port that is not a number") from None
    return ClickHouseUrl(
        host=url.hostname,
        port=port,
        user=unquote(url.username or "default"),
        password=unquote(url.password or ""),
        database=database,
        secure=secure,
    )


@dataclass(frozen=True)
class Setting:
    """One option of `spanhouse serve`. `secret` values are never shown."""

    name: str
    default: str
    parse: Callable[[str], Any]
    help: str
    metavar: str = "TEXT"
    secret: bool = False
    is_flag: bool = False

    @property
    def option(self) -> str:
        """The command-line spelling."""
        return "--" + self.name.replace("_", "-")

    @property
    def env(self) -> str:
        """The environment variable."""
        return "SPANHOUSE_" + self.name.upper()


SETTINGS: Final = (
    Setting(
        "data_dir",
        "~/.local/share/spanhouse",
        _path,
        "Where the write-ahead log, the quarantine and the embedded database live.",
        "DIR",
    ),
    Setting("host", "127.0.0.1", str, "Address to listen on. Beyond loopback it needs keys, or --insecure.", "ADDRESS"),
    Setting("grpc_port", "4317", _port, "Port of OTLP/gRPC; 0 picks a free one.", "PORT"),
    Setting("http_port", "4318", _port, "Port of OTLP/HTTP, the API and SQL; 0 picks a free one.", "PORT"),
    Setting(
        "clickhouse",
        "",
        _clickhouse,
        "A ClickHouse server (26.2 or newer) to store into, instead of the embedded engine: "
        "clickhouse://user:password@host:8123/database, clickhouses:// for TLS.",
        "URL",
        secret=True,
    ),
    Setting("insecure", "false", _flag, "Allow a listening address beyond loopback without any key.", is_flag=True),
    Setting(
        "allowed_hosts",
        "",
        _names,
        "Host names, comma-separated, that HTTP requests may name besides localhost and the listening address "
        "('*' for any). A guard against DNS rebinding.",
        "NAMES",
    ),
    Setting(
        "cors_origins",
        "",
        _names,
        "Web origins, comma-separated, that may post OTLP from a browser; none by default.",
        "ORIGINS",
    ),
    Setting(
        "public_url",
        "",
        _public_url,
        "Where people reach the web pages, if not at the listening address: behind a proxy, with its path.",
        "URL",
    ),
    Setting(
        "time_zone",
        "",
        _time_zone,
        "The time zone of the web pages, an IANA name such as Europe/Athens; without one, the browser's.",
        "NAME",
    ),
    Setting(
        "embed_origins",
        "",
        _origins,
        "Web origins, comma-separated, whose pages (notebooks) may show /embed/ in a frame; none by default.",
        "ORIGINS",
    ),
    Setting("max_request_bytes", "64MiB", _size, "Largest OTLP request, before and after decompression.", "SIZE"),
    Setting(
        "max_inflight_bytes",
        "256MiB",
        _size,
        "Requests held in memory at once; more than that waits, then is told to come back.",
        "SIZE",
    ),
    Setting("admission_wait", "3s", _seconds, "How long a request waits for room before it is refused.", "DURATION"),
    Setting("request_timeout", "30s", _seconds, "How long a client may take to send one request.", "DURATION"),
    Setting(
        "wal_max_bytes",
        "8GiB",
        _size,
        "Largest write-ahead log; beyond it requests are refused until it drains.",
        "SIZE",
    ),
    Setting(
        "wal_segment_bytes", "32MiB", _size, "Size at which a segment is closed and handed to the database.", "SIZE"
    ),
    Setting(
        "wal_segment_age",
        "400ms",
        _seconds,
        "Age at which a segment is closed: the delay before data is visible.",
        "DURATION",
    ),
    Setting("min_free_disk_bytes", "256MiB", _size, "Free space of the disk below which requests are refused.", "SIZE"),
    Setting(
        "min_free_load_bytes",
        "",
        _size_or_none,
        "Free space of the disk below which the embedded database is not written: no loading, settling, mapping again "
        "or merging. Half of min_free_disk_bytes when it is not given, so that the log may drain first.",
        "SIZE",
    ),
    Setting(
        "wal_retain_bytes",
        "256MiB",
        _size,
        "Segments kept for ten minutes after the embedded database stored them, at most so many bytes: the copy from "
        "which rows are restored that a full disk made it lose.",
        "SIZE",
    ),
    Setting("dedup_window", "10m", _seconds, "For how long an identical request is stored only once.", "DURATION"),
    Setting(
        "drain_timeout", "20s", _seconds, "How long SIGTERM lets requests and the log drain before exit.", "DURATION"
    ),
    Setting("log_level", "info", _level, f"Least severe message to log: {', '.join(_LOG_LEVELS)}.", "LEVEL"),
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one `serve`, parsed and checked; the fields are SETTINGS, durations in seconds."""

    data_dir: Path
    host: str
    grpc_port: int
    http_port: int
    clickhouse: ClickHouseUrl | None
    insecure: bool
    allowed_hosts: tuple[str, ...]
    cors_origins: tuple[str, ...]
    public_url: str
    time_zone: str
    embed_origins: tuple[str, ...]
    max_request_bytes: int
    max_inflight_bytes: int
    admission_wait: float
    request_timeout: float
    wal_max_bytes: int
    wal_segment_bytes: int
    wal_segment_age: float
    min_free_disk_bytes: int
    min_free_load_bytes: int
    wal_retain_bytes: int
    dedup_window: float
    drain_timeout: float
    log_level: str

    @property
    def database(self) -> str:
        """The database that holds the tables."""
        return self.clickhouse.database if self.clickhouse else "spanhouse"


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load(
    options: Mapping[str, str | None],
    environ: Mapping[str, str],
    *,
    keys_exist: Callable[[Path], bool] = lambda _data_dir: False,
) -> Config:
    """The configuration from options, then environment, then defaults. `keys_exist` looks into a data directory.

    Raises:
        StartupError: one line for each thing that is wrong.

    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for setting in SETTINGS:
        given = options.get(setting.name)
        source = setting.option
        if given is None and setting.env in environ:
            given, source = environ[setting.env], setting.env
        text = setting.default if given is None else given
        try:
            values[setting.name] = setting.parse(text)
        except ValueError as error:
            shown = "" if setting.secret else f" {text!r}"
            problems.append(f"{source}{shown} {error}")
    if values.get("min_free_load_bytes", 0) is None:
        values["min_free_load_bytes"] = values.get("min_free_disk_bytes", 0) // 2
    problems += _conflicts(values, keys_exist=keys_exist)
    if problems:
        raise StartupError(problems)
    return Config(**values)


def _conflicts(values: Mapping[str, Any], *, keys_exist: Callable[[Path], bool]) -> list[str]:
    """Settings that are fine alone and wrong together; those that did not parse are passed over."""
    found: list[str] = []
    host = values.get("host", "127.0.0.1")
    data_dir = values.get("data_dir")
    if not is_loopback(host) and not values.get("insecure") and not (data_dir and keys_exist(data_dir)):
        found.append(
            f"--host {host} is reachable from other machines and no key exists: create one with "
            f"`spanhouse keys create --project '*' --scope admin --data-dir {data_dir}`, "
            "listen on 127.0.0.1, or say --insecure if the network is trusted"
        )
    if values.get("grpc_port") and values.get("grpc_port") == values.get("http_port"):
        found.append(f"--grpc-port and --http-port are both {values['grpc_port']}")
    if "*" in values.get("cors_origins", ()):
        found.append("--cors-origins '*' would let any web page write: name the origins")
    for small, large in (
        ("max_request_bytes", "max_inflight_bytes"),
        ("wal_segment_bytes", "wal_max_bytes"),
        ("max_request_bytes", "wal_max_bytes"),
        ("min_free_load_bytes", "min_free_disk_bytes"),
    ):
        if small in values and large in values and values[small] > values[large]:
            found.append(
                f"--{small.replace('_', '-')} ({values[small]} bytes) must not exceed "
                f"--{large.replace('_', '-')} ({values[large]} bytes)"
            )
    found += [
        f"--{name.replace('_', '-')} must be more than 0"
        for name in ("max_request_bytes", "wal_segment_bytes", "request_timeout", "wal_segment_age")
        if values.get(name) == 0
    ]
    return found
