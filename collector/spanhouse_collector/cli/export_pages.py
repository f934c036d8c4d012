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

import orjson

from spanhouse_collector.cli.client import Client
from spanhouse_collector.cli.console import FAILED, fail
from spanhouse_collector.cli.export_otlp import FORMS, Form, request_lines

PAGE_TRACES: Final = {"jsonl": 50, "otlp": 1000}
READERS: Final = 3
SLICE_ITEMS: Final = 20_000  # from here on a slice of time ends with its minute
MINUTE_NS: Final = 60 * 1_000_000_000
MINUTES_MAX: Final = 1_000_000
UNTIL_MAX: Final = 2**63 - 1  # later times are stored as this one, so it has no end
IDS_MAX: Final = 1_000  # of a query: a parameter may have 128 KiB
LINES: Final = "application/x-ndjson"
SPANS: Final = "NOT is_superseded"  # each span once
_TRACES: Final = "project = {project:String} AND trace_id IN {trace_ids:Array(String)}"
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
    if signal != "traces":
        return TimePages(client, FORMS[signal], question)
    if shape == "otlp" and not question["filter"]:
        return WholeTraces(client, FORMS[signal], question)
    asked = {name: question[name] for name in ("project", "filter", "since", "until")}
    return TracePages(client, asked, shape)


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
        by_project = itemgetter("project")
        for project, group in groupby(sorted(entries, key=by_project), by_project):
            yield from request_lines(form, _spans(self._client, project, [entry["trace_id"] for entry in group]))


def _spans(client: Client, project: str, trace_ids: Sequence[str]) -> Iterator[bytes]:
    """The rows of whole traces."""
    query = f"SELECT {FORMS['traces'].columns} FROM spans WHERE {SPANS} AND {_TRACES}"
    for begin in range(0, len(trace_ids), IDS_MAX):
        params = {"project": project, "trace_ids": trace_ids[begin : begin + IDS_MAX]}
        yield from rows(client, query, params)


class TimePages:
    """Items of a table by time, the earliest first. A token is the time where its page begins, and the end of all."""

    condition = "1"

    def __init__(self, client: Client, form: Form, question: Mapping[str, Any]) -> None:
        self.noun = form.noun
        self._client = client
        self._form = form
        self._question = question
        self._plan: list[Slice] | None = None

    def page(self, token: str | None) -> Page:
        """See `Pages`."""
        asked = self._question
        since, until = (int(part) for part in token.split("-")) if token else (asked["since"], asked["until"])
        total = None
        if self._plan is None:
            params = {"project": asked["project"], "since": since, "until": until}
            table, time = self._form.table, self._form.time
            self._plan = planned(self._client, table, time, params, SLICE_ITEMS, self.condition)
            total = sum(items for _since, _until, items in self._plan) if token is None else None
        since, end, _expected = self._plan.pop(0)
        found = _Counted(self._rows({"project": asked["project"], "since": since, "until": end}))
        next_token = f"{end}-{until}" if self._plan else None
        return Page(request_lines(self._form, found), lambda: found.count, next_token, total=total)

    def _rows(self, params: Mapping[str, Any]) -> Iterable[bytes]:
        query = f"SELECT {self._form.columns} FROM {self._form.table} WHERE {scope(self._form.time)}"
        return rows(self._client, query, params)


class WholeTraces(TimePages):
    """Traces by the time when they began, the earliest first, with all their spans whenever these began.

    Many times faster than the list of `TracePages`, which knows what filters ask for.
    """

    condition = SPANS

    def _rows(self, params: Mapping[str, Any]) -> Iterator[bytes]:
        seen = f"SELECT project, trace_id FROM spans WHERE {SPANS} AND {scope('start_time')} GROUP BY project, trace_id"
        trace_ids: dict[str, list[str]] = {}
        for line in rows(self._client, seen, params):
            row = orjson.loads(line)
            trace_ids.setdefault(row["project"], []).append(row["trace_id"])
        for project, ids in trace_ids.items():
            for begin in range(0, len(ids), IDS_MAX):
                begun = self._begun(project, ids[begin : begin + IDS_MAX], params["since"])
                yield from _spans(self._client, project, begun)

    def _begun(self, project: str, trace_ids: Sequence[str], since: int) -> list[str]:
        """Those of the traces that have no span before this time: the others are in an earlier page."""
        query = (
            f"SELECT trace_id FROM spans WHERE {SPANS} AND {_TRACES} GROUP BY trace_id "
            "HAVING min(start_time) >= fromUnixTimestamp64Nano({since:Int64})"
        )
        params = {"project": project, "trace_ids": trace_ids, "since": since}
        return [orjson.loads(line)["trace_id"] for line in rows(self._client, query, params)]


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
