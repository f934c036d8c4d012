"""The UI in a real Chromium, against a real collector with a day of an application and one hostile trace.

Owns the store, the proxy with a path prefix and the run of `browser.mjs`, in which each check is a click-through; each
is a test here.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
import threading
import time
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from spanhouse_collector.api.pages import ASSETS
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded
from tests.ui import chromium, store

pytestmark = pytest.mark.node

SCRIPT: Final = Path(__file__).with_name("browser.mjs")
PROJECT: Final = "shop"
TRACES: Final = 60
LARGE_SPANS: Final = 6000
PREFIX: Final = "/tools/spanhouse"
VISIBLE_S: Final = 30
RUN_S: Final = 900  # a minute and a half on a machine that does nothing else
_NAMES: Final = re.compile(r'^  async "(.+)"\(\)', re.MULTILINE)
_ROUTES: Final = 22


def names() -> list[str]:
    """The checks of the script; those of routes go by their number."""
    return [*_NAMES.findall(SCRIPT.read_text("utf-8")), *(f"route {number}" for number in range(_ROUTES))]


class _Proxy(BaseHTTPRequestHandler):
    """A reverse proxy that knows the collector under PREFIX, as nginx would."""

    target = ""

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        with closing(http.client.HTTPConnection(self.target, timeout=60)) as connection:
            connection.request(self.command, self.path.removeprefix(PREFIX), body, kept)
            answer = connection.getresponse()
            data = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        with suppress(ConnectionError):  # a page that was left does not wait for its answers
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    browser, node = chromium.installed(), shutil.which("node")
    assert browser, "no Chromium: `make ui-check` installs one"
    assert (ASSETS / "index.html").is_file(), "the UI is not built: `make ui`"
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("ui") / "data")) as collector:
        end = time.time_ns()
        store.fill(collector.http, end, TRACES)
        store.send(collector.http, "large", store.large_trace(end - 7200 * 10**9, LARGE_SPANS), PROJECT)
        facts = facts_of(collector)
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), _Proxy)
        _Proxy.target = collector.http.removeprefix("http://")
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        facts["prefixed"] = f"http://127.0.0.1:{proxy.server_port}{PREFIX}"
        ran = subprocess.run(
            [str(node), str(SCRIPT), collector.http, browser, json.dumps(facts)],
            capture_output=True,
            text=True,
            timeout=RUN_S,
            check=False,
        )
        proxy.shutdown()
        proxy.server_close()
    lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    assert lines, ran.stderr
    found = {line["name"]: line for line in lines}
    routes = [line for line in lines if line["name"].startswith("/")]
    return found | {f"route {number}": line for number, line in enumerate(routes)}


def facts_of(collector: CollectorProcess) -> dict[str, Any]:
    """Which traces the script looks at, once all is visible."""
    deadline = time.monotonic() + VISIBLE_S
    while True:
        listed = json.loads(collector.get(f"/api/v1/traces?project={PROJECT}&limit=500&since=2d"))["traces"]
        whole = [each for each in listed if each["name"] == "invoke_agent support"]
        has_large = any(each["trace_id"] == store.LARGE_TRACE and each["span_count"] == LARGE_SPANS for each in listed)
        if len(whole) >= TRACES and has_large and len(listed) == len(whole) + 3:
            break
        assert time.monotonic() < deadline, f"{len(listed)} traces are visible"
    good = [each for each in whole if each["state"] == "OK" and each["user_id"] and each["span_count"] == 5]
    failed = next(each for each in whole if each["state"] == "ERROR")
    trace = good[0]
    day = json.loads(collector.get(f"/api/v1/traces?project={PROJECT}&limit=1&since=24h&count=true"))["total_count"]
    return {
        "project": PROJECT,
        "count": day,
        "trace": trace["trace_id"],
        "other": good[1]["trace_id"],
        "failed": failed["trace_id"],
        "session": trace["session_id"],
        "user": trace["user_id"],
        "broken": store.BROKEN_TRACE,
        "hostile": store.HOSTILE_TRACE,
        "large": store.LARGE_TRACE,
        "largeSpans": LARGE_SPANS,
    }


@pytest.mark.timeout(RUN_S + 120)
@pytest.mark.parametrize("name", names())
def test_in_a_browser(results: dict[str, dict[str, Any]], name: str) -> None:
    assert name in results, "the check did not run"
    assert results[name]["ok"], f"{results[name]['name']}\n{results[name]['error']}"
