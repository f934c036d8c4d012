"""`spanhouse import`: lines of OTLP/JSON into a running collector.

Owns reading them one by one, sending a few at a time, sending again what the collector had no room for, and telling
what was refused, with its line. Reading JSON is done here, not in the collector, which then has its time for others.
"""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, Final

import click
from google.protobuf.message import DecodeError
from google.rpc import status_pb2
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from spanhouse_collector.cli.client import DEFAULT_URL, TIMEOUT_S, option
from spanhouse_collector.cli.console import FAILED, fail
from spanhouse_collector.errors import MalformedRequest, RequestError
from spanhouse_collector.otlp import json_decode
from spanhouse_collector.otlp.json_body import document_of
from spanhouse_collector.otlp.refusals import Refusals
from spanhouse_collector.otlp.signals import Signal

SENDERS: Final = 4
WAITING_MAX: Final = 4  # requests read and not yet sent, besides
LINE_BYTES_MAX: Final = 256 << 20
TOLD_MAX: Final = 10  # lines with refusals that are told one by one
BUSY_WAIT_MAX_S: Final = 120  # how long a collector may have no room
_BUSY: Final = frozenset({429, 502, 503, 504})


@click.command("import", short_help="Send files of OTLP/JSON lines, such as exports, to a collector.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(allow_dash=True))
@option("--project", default="", metavar="P", help="Store into this project, whatever the resources say.")
@option("--url", default=DEFAULT_URL, show_default=True, help="The collector.")
def import_otlp(files: tuple[str, ...], project: str, url: str) -> None:
    """Send every line of FILE (`-` is standard input) to a collector: OTLP requests in JSON, of any signal.

    The same command again within ten minutes stores nothing twice.

    Exit codes: 0 when everything is stored, 1 when something was refused or failed, 2 for wrong usage.
    """
    sent = _Import(url.rstrip("/"), project)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        for name in files:
            try:
                with _opened(name) as lines:
                    total = os.fstat(lines.fileno()).st_size if name != "-" else None
                    task = bar.add_task(name, total=total or None)
                    for size in sent.lines(name, lines):
                        bar.update(task, advance=size)
            except OSError as error:
                fail(FAILED, f"{name} cannot be read: {error.strerror or error}", sent.summary())
        sent.close()
    click.echo(sent.summary(), err=True)
    if not sent.is_whole:
        sys.exit(FAILED)


def _opened(name: str) -> IO[bytes]:
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")


class _Import:
    """Requests on their way: at most SENDERS of them sent at once, WAITING_MAX more in memory."""

    def __init__(self, url: str, project: str) -> None:
        self._refused_places: set[str] = set()
        self._refused_items = 0
        self._requests = 0
        self._url = url
        self._headers = {"content-type": "application/x-protobuf"}
        if project:
            self._headers["x-spanhouse-project"] = project
        if key := os.environ.get("SPANHOUSE_API_KEY"):
            self._headers["authorization"] = f"Bearer {key}"
        self._senders = ThreadPoolExecutor(SENDERS)
        self._under_way: deque[tuple[str, Future[tuple[bool, int, str]]]] = deque()

    def summary(self) -> str:
        """What was done."""
        done = f"{self._requests} requests stored"
        if not self.is_whole:
            done += f"; {self._refused_items} items refused, in {len(self._refused_places)} lines"
        return done

    @property
    def is_whole(self) -> bool:
        """Whether nothing was refused."""
        return not self._refused_places

    def lines(self, name: str, lines: IO[bytes]) -> Iterator[int]:
        """Send each line; yields its size."""
        number = 0
        while line := lines.readline(LINE_BYTES_MAX):
            number += 1
            place = f"{name}:{number}"
            if len(line) == LINE_BYTES_MAX:
                fail(FAILED, f"{place}: longer than {LINE_BYTES_MAX} bytes", self.summary())
            if not line.isspace():
                self._line(place, line)
            yield len(line)

    def _line(self, place: str, line: bytes) -> None:
        refusals = Refusals()
        try:
            document = document_of(line)
            signals = json_decode.signals_of(document)
            if not signals:
                raise MalformedRequest(
                    "no OTLP request: it has neither resourceSpans nor resourceLogs nor resourceMetrics"
                )
            for signal in signals:
                payload = json_decode.encoded(signal, document, refusals)
                if refusals.examples:
                    self._refused(place, refusals.count, refusals.text(signal))
                if payload:
                    self._send(place, signal, payload)
        except RequestError as error:
            self._refused(place, 0, str(error))

    def _send(self, place: str, signal: Signal, payload: bytes) -> None:
        while len(self._under_way) >= SENDERS + WAITING_MAX:
            self._finish_one()
        self._under_way.append((place, self._senders.submit(self._post, signal, payload)))

    def close(self) -> None:
        """Wait for what is under way."""
        while self._under_way:
            self._finish_one()
        self._senders.shutdown()

    def _finish_one(self) -> None:
        place, future = self._under_way.popleft()
        try:
            is_stored, count, told = future.result()
        except (OSError, HTTPException) as error:
            self._senders.shutdown(wait=False, cancel_futures=True)
            why = getattr(error, "reason", None) or error
            fail(FAILED, f"{place}: {self._url} does not answer: {why}", self.summary())
        self._requests += is_stored
        if told:
            self._refused(place, count, told)

    def _refused(self, place: str, items: int, told: str) -> None:
        self._refused_places.add(place)
        self._refused_items += items
        if len(self._refused_places) <= TOLD_MAX:
            click.echo(f"{place}: {told}", err=True)

    def _post(self, signal: Signal, payload: bytes) -> tuple[bool, int, str]:
        """Whether the request is stored, and what of it the collector refused, in number and words."""
        deadline = time.monotonic() + BUSY_WAIT_MAX_S
        request = urllib.request.Request(self._url + signal.http_path, payload, self._headers, method="POST")
        while True:
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
                    answer: Any = signal.response_class.FromString(reply.read())
                partial = answer.partial_success
                return True, getattr(partial, signal.rejected_field), partial.error_message
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in _BUSY or time.monotonic() > deadline:
                        return False, 0, _told(error)
                    time.sleep(min(float(error.headers.get("retry-after") or 1), BUSY_WAIT_MAX_S))


def _told(error: urllib.error.HTTPError) -> str:
    body = error.read(65536)
    try:
        message: str = status_pb2.Status.FromString(body).message
    except DecodeError:
        message = body[:400].decode(errors="replace")
    hint = "; a key is read from SPANHOUSE_API_KEY" if error.code in (401, 403) else ""
    return f"the collector answered {error.code}: {message}{hint}"
