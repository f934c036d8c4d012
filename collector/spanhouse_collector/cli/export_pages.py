"""What an export writes, page by page, so that it can go on where it was interrupted.

Owns the three ways through what is stored: whole traces of a filter as the API has them, the same as OTLP, and slices
of time of logs and metrics. Leaves OTLP to `export_otlp`, the file to `export`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Protocol
from urllib.parse import quote

from spanhouse_collector.cli.client import Client
from spanhouse_collector.cli.console import FAILED, fail
from spanhouse_collector.cli.export_otlp import FORMS, Form, request_lines

PAGE_TRACES: Final = {"jsonl": 50, "otlp": 250}
READERS: Final = 3
SLICE_ITEMS: Final = 50_000  # from here on a slice of time ends with its minute
MINUTE_NS: Final = 60 * 1_000_000_000
MINUTES_MAX: Final = 1_000_000
UNTIL_MAX: Final = 2**63 - 1  # later times are stored as this one, so it has no end
LINES: Final = "application/x-ndjson"
_READ_BYTES: Final = 1 << 18


@dataclass(frozen=True)
class Page:
    """A part of an export. `count` is asked after `lines` were read; no `next_token` is the end."""

    lines: Iterable[bytes]
    count: Callable[[], int]
    next_token: str | None
    total: int | None = None
    is_partial: bool = False


class Pages(Protocol):
    """A way through what is stored."""

    noun: str

    def page(self, token: str | None) -> Page:
        """The page that a token names; None is the first."""


def pages_of(client: Client, shape: str, signal: str, question: Mapping[str, Any]) -> Pages:
    """The pages of a format and a signal."""
    if signal == "traces":
        asked = {name: question[name] for name in ("project", "filter", "since", "until")}
        return TracePages(client, asked, shape)
    return TimePages(client, FORMS[signal], question)


class TracePages:
    """Traces that a filter finds, the latest first."""

    noun = "traces"

    def __init__(self, client: Client, asked: Mapping[str, str], shape: str) -> None:
        self._client = client
        self._asked = asked
        self._limit = PAGE_TRACES[shape]
        self._lines = self._as_json if shape == "jsonl" else self._as_otlp

    def page(self, token: str | None) -> Page:
        """See `Pages`; the token is the API's."""
        counting = "true" if token is None else ""
        found = self._client.get("/api/v1/traces", limit=self._limit, page_token=token, count=counting, **self._asked)
        entries = found["traces"]
        return Page(
            self._lines(entries),
            lambda: len(entries),
            found["next_page_token"],
            total=found["total_count"],
            is_partial=found["partial"],
        )

    def _as_json(self, entries: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
        with ThreadPoolExecutor(READERS) as readers:
            for trace in readers.map(self._whole, entries):
                yield json.dumps(trace, ensure_ascii=False).encode() + b"\n"

    def _whole(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        path = f"/api/v1/traces/{quote(entry['trace_id'], safe='')}"
        return self._client.get(path, project=entry["project"], clock_skew="raw")

    def _as_otlp(self, entries: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
        form = FORMS["traces"]
        query = (
            f"SELECT {form.columns} FROM spans WHERE NOT is_superseded AND project = {{project:String}} "
            "AND trace_id IN {trace_ids:Array(String)}"
        )
        by_project = itemgetter("project")
        for project, group in groupby(sorted(entries, key=by_project), by_project):
            params = {"project": project, "trace_ids": [entry["trace_id"] for entry in group]}
            yield from request_lines(form, rows(self._client, query, params))


class TimePages:
    """Items of a table by time, the earliest first. A token is the time where its page begins, and the end of all."""

    def __init__(self, client: Client, form: Form, question: Mapping[str, Any]) -> None:
        self.noun = form.noun
        self._client = client
        self._form = form
        self._question = question
        self._plan: list[Slice] | None = None

    def page(self, token: str | None) -> Page:
        """See `Pages`."""
        since, until = (
            (int(part) for part in token.split("-"))
            if token
            else (
                self._question["since"],
                self._question["until"],
            )
        )
        project = self._question["project"]
        total = None
        if self._plan is None:
            params = {"project": project, "since": since, "until": until}
            self._plan = planned(self._client, self._form.table, self._form.time, params, SLICE_ITEMS)
            total = sum(items for _since, _until, items in self._plan) if token is None else None
        since, end, _expected = self._plan.pop(0)
        query = f"SELECT {self._form.columns} FROM {self._form.table} WHERE {scope(self._form.time)}"
        found = _Counted(rows(self._client, query, {"project": project, "since": since, "until": end}))
        next_token = f"{end}-{until}" if self._plan else None
        return Page(request_lines(self._form, found), lambda: found.count, next_token, total=total)


class _Counted:
    """Lines that are counted while they are read."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.count = 0
        self._lines = lines

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.count += 1
            yield line


Slice = tuple[int, int, int]  # since and until, in nanoseconds, and how many items were there


def scope(time: str) -> str:
    """The condition of a project and a slice of time."""
    return (
        "({project:String} = '' OR project = {project:String}) "
        f"AND {time} >= fromUnixTimestamp64Nano({{since:Int64}}) "
        f"AND ({{until:Int64}} = {UNTIL_MAX} OR {time} < fromUnixTimestamp64Nano({{until:Int64}}))"
    )


def planned(
    client: Client, table: str, time: str, params: Mapping[str, Any], slice_items: int, condition: str = "1"
) -> list[Slice]:
    """Slices of about so many items; one at least, so that a file without items has its columns."""
    # Not toStartOfMinute: that ends in 2106.
    query = (
        f"SELECT intDiv(toUnixTimestamp64Nano({time}), {MINUTE_NS}) AS minute, count() FROM {table} "
        f"WHERE {condition} AND {scope(time)} GROUP BY minute ORDER BY minute"
    )
    answer = client.post("/api/v1/sql", {"query": query, "params": params, "max_rows": MINUTES_MAX})
    if answer["truncated"]:
        fail(FAILED, "too long a time for one file", "narrow it with --since and --until")
    plan: list[Slice] = []
    since, count = params["since"], 0
    for minute, items in answer["rows"]:
        if count and count + items > slice_items:
            begin = int(minute) * MINUTE_NS
            plan.append((since, begin, count))
            since, count = begin, 0
        count += items
    return [*plan, (since, params["until"], count)]


def rows(client: Client, query: str, params: Mapping[str, Any]) -> Iterator[bytes]:
    """The rows of a query as lines of JSON, while they come."""
    rest = b""
    try:
        with client.open("/api/v1/sql", {"query": query, "params": params}, LINES) as reply:
            while block := reply.read(_READ_BYTES):
                *lines, rest = (rest + block).split(b"\n")
                yield from lines
    except (OSError, HTTPException) as error:
        fail(FAILED, f"the answer broke off: {error}", "the same command again goes on from here")
    if rest:
        yield rest
