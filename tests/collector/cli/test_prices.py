"""`spanhouse prices …`: what each command asks of the collector, and how it tells the answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from spanhouse_collector.cli.prices import prices

PRICE = {
    "project": "",
    "provider": "deepseek",
    "model": "deepseek-chat",
    "valid_from": "2026-09-10T00:00:00+00:00",
    "valid_to": None,
    "day_from_s": 1800,
    "day_until_s": 59_400,
    "above_input_tokens": 200_000,
    "input_usd_per_million_tokens": 0.27,
    "output_usd_per_million_tokens": 1.1,
    "cache_read_usd_per_million_tokens": None,
    "cache_write_usd_per_million_tokens": None,
    "source": "genai-prices 0.2.3",
}
UNKNOWN = {
    "provider": "acme",
    "model": "own",
    "span_count": 3000,
    "input_tokens": 5,
    "output_tokens": 6,
    "last_time": "2026-11-01T00:00:00+00:00",
}


@dataclass
class Collector:
    """Answers as told, and remembers what it was asked."""

    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, list[str]], Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    url: str = ""

    def run(self, *arguments: str) -> Result:
        return CliRunner(env={"COLUMNS": "160"}).invoke(prices, [*arguments, "--url", self.url])


@pytest.fixture
def collector() -> Iterator[Collector]:
    state = Collector()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            parts = urlsplit(self.path)
            state.asked.append((self.command, parts.path, parse_qs(parts.query), json.loads(body) if body else None))
            state.keys.append(self.headers.get("authorization"))
            status, answer = state.answers.pop(0)
            reply = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def test_list_shows_when_a_price_holds(collector: Collector) -> None:
    collector.answers = [(200, {"prices": [PRICE]})]
    result = collector.run("list", "--provider", "deepseek")
    assert result.exit_code == 0
    assert collector.asked[0][:2] == ("GET", "/api/v1/prices")
    assert "project" not in collector.asked[0][2]
    shown = " ".join(result.output.split())
    assert "deepseek-chat" in shown
    assert "0.27" in shown
    for part in ("from 2026-09-10", "00:30–16:30", "200 000"):
        assert part in shown


def test_list_as_json_is_a_line_a_price(collector: Collector) -> None:
    collector.answers = [(200, {"prices": [PRICE, PRICE]})]
    lines = collector.run("list", "--json").output.splitlines()
    assert [json.loads(line) for line in lines] == [PRICE, PRICE]


def test_set_sends_the_prices_that_were_given_and_the_key(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPANHOUSE_API_KEY", "k1")
    collector.answers = [(200, {"set": True})]
    result = collector.run(
        "set", "gpt-4o", "--provider", "openai", "--input", "2", "--cache-write-1h", "3", "--from", "2027-01-01"
    )
    assert result.exit_code == 0, result.output
    body = {
        "model": "gpt-4o",
        "provider": "openai",
        "project": "",
        "request_usd": 0.0,
        "input_usd_per_million_tokens": 2.0,
        "cache_write_1h_usd_per_million_tokens": 3.0,
        "valid_from": "2027-01-01T00:00:00+00:00",
    }
    assert collector.asked == [("PUT", "/api/v1/prices", {}, body)]
    assert collector.keys == ["Bearer k1"]


def test_unset_names_the_model_in_the_query(collector: Collector) -> None:
    collector.answers = [(200, {"removed": 1})]
    assert collector.run("unset", "a/b c", "--project", "p").exit_code == 0
    assert collector.asked == [("DELETE", "/api/v1/prices", {"project": ["p"], "model": ["a/b c"]}, None)]


def test_unknown_shows_models_with_their_spans(collector: Collector) -> None:
    collector.answers = [(200, {"models": [UNKNOWN]}), (200, {"models": []})]
    result = collector.run("unknown", "--since", "7d")
    assert "3 000" in result.output
    assert collector.asked[0][2]["since"][0].endswith("+00:00")
    assert "every model has a price" in collector.run("unknown").output


def test_reprice_waits_until_it_is_done(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spanhouse_collector.cli.prices.POLL_INTERVAL_S", 0)
    running, done = ({"running": state, "parts_left": 1, "failure": ""} for state in (True, False))
    collector.answers = [(202, {"spans": 12}), (200, running), (200, done)]
    result = collector.run("reprice", "--project", "p")
    assert result.exit_code == 0
    assert "12 spans" in result.output
    assert [(method, path, body) for method, path, _, body in collector.asked] == [
        ("POST", "/api/v1/prices/reprice", {"project": "p"}),
        *[("GET", "/api/v1/prices/reprice", None)] * 2,
    ]


def test_reprice_that_cannot_go_on_fails_with_the_reason(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spanhouse_collector.cli.prices.POLL_INTERVAL_S", 0)
    collector.answers = [(202, {"spans": 1}), (200, {"running": True, "parts_left": 1, "failure": "disk full"})]
    result = collector.run("reprice")
    assert result.exit_code == 1
    assert "disk full" in result.output


@pytest.mark.parametrize(("status", "code"), [(400, 2), (404, 1), (503, 1)])
def test_a_refusal_is_told_in_the_collectors_words(collector: Collector, status: int, code: int) -> None:
    collector.answers = [(status, {"error": {"code": "x", "message": "no such price", "hint": "try list"}})]
    result = collector.run("unset", "gpt")
    assert result.exit_code == code
    assert "no such price" in result.output
    assert "try list" in result.output


def test_a_time_that_is_none_is_refused_before_anything_is_asked(collector: Collector) -> None:
    result = collector.run("unknown", "--since", "yesterday")
    assert result.exit_code == 2
    assert "neither an age" in result.output
    assert collector.asked == []
