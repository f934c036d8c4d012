"""`/api/v1/remap` and `spanhouse remap` of a real collector: spans are mapped again, the answer tells how many.

Owns the contract of the routes and of the command. What mapping again does to rows is in `storage/test_remap`.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from spanhouse_collector.cli.remap import remap
from tests.builders import make_span, traces
from tests.collector_process import CollectorProcess
from tests.crash.obligations import until
from tests.prepared import prepare_embedded

SPANS = 3
WAIT_S = 60.0


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("remap") / "data")) as process:
        request = traces(*(make_span(attributes={"gen_ai.request.model": "gpt-4o"}) for _ in range(SPANS)))
        headers = {"content-type": "application/x-protobuf"}
        sent = urllib.request.Request(f"{process.http}/v1/traces", request.SerializeToString(), headers)
        with urllib.request.urlopen(sent, timeout=30):
            pass
        query = {"query": "SELECT count() FROM spans"}
        until(lambda: ask(process, "sql", query)[1]["rows"] == [[SPANS]], "the spans are stored", WAIT_S)
        yield process


def ask(collector: CollectorProcess, path: str, body: Any = None) -> tuple[int, Any]:
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{collector.http}/api/v1/{path}", raw, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def run(collector: CollectorProcess, *arguments: str) -> Result:
    return CliRunner().invoke(remap, [*arguments, "--url", collector.http])


def test_all_spans_are_mapped_again_in_the_background(collector: CollectorProcess) -> None:
    status, answer = ask(collector, "remap", {"all": True})
    assert (status, answer["started"], answer["failure"]) == (202, True, "")
    until(lambda: not ask(collector, "remap")[1]["running"], "mapping again is done", WAIT_S)
    assert ask(collector, "remap") == (
        200,
        {"running": False, "span_count": SPANS, "done_count": SPANS, "failure": ""},
    )


@pytest.mark.parametrize("body", [{"project": "no such/name"}, {"since": "yesterday"}, {"every": True}])
def test_what_cannot_be_meant_is_refused_by_name(collector: CollectorProcess, body: dict[str, Any]) -> None:
    status, answer = ask(collector, "remap", body)
    assert status == 400
    assert next(iter(body)) in answer["error"]["message"]


def test_the_command_waits_and_tells_how_many(collector: CollectorProcess) -> None:
    done = run(collector, "--all")
    assert (done.exit_code, done.stdout) == (0, f"mapped {SPANS} spans again\n")
    current = run(collector, "--json", "--since", "7d", "--project", "shop")
    assert current.exit_code == 0
    assert json.loads(current.stdout) == {"running": False, "span_count": 0, "done_count": 0, "failure": ""}


def test_a_collector_that_is_not_there_is_told() -> None:
    done = CliRunner().invoke(remap, ["--url", "http://127.0.0.1:1"])
    assert done.exit_code == 1
    assert "no collector answers at http://127.0.0.1:1" in done.stderr
