"""`spanhouse export --format otlp`: what comes out is what went in, and goes in again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from spanhouse_collector.cli import export_pages
from spanhouse_collector.cli.client import Client
from spanhouse_collector.cli.export_pages import UNTIL_MAX, pages_of
from spanhouse_collector.cli.main import main
from spanhouse_collector.errors import InvalidItems
from spanhouse_collector.otlp import json_decode
from spanhouse_collector.otlp.signals import BY_NAME, SIGNALS, Signal
from spanhouse_collector.otlp.validate import check
from spanhouse_collector.query.sql.limits import Limits
from tests.builders import SECOND_NS, START_UNIX_NANO, any_value, attributes, logs, make_span, metrics, traces
from tests.collector.api.sql_rig import SqlServer, serving
from tests.collector.storage.test_exact import five_metrics
from tests.collector_process import CollectorProcess
from tests.engines import embedded_directory, engine, host, open_suite, store
from tests.otlp_client import export_http
from tests.otlp_strategies import segments, tried
from tests.prepared import prepare_embedded
from tests.reconstruct import items_of_sent
from tests.tables import TABLES, Sent, Store

__all__ = ["embedded_directory", "engine", "host", "open_suite", "store"]
CASES = Path(__file__).parents[2] / "fixtures" / "cases"


@pytest.fixture
def server(store: Store) -> Iterator[SqlServer]:
    with serving(store.engine, Limits(nice=0)) as server:
        yield server


def exported(server: SqlServer, signal: Signal) -> list[bytes]:
    """The lines of an export of everything."""
    question = {"project": "", "filter": "", "since": 0, "until": UNTIL_MAX}
    pages = pages_of(Client(server.url), "otlp", signal.name, question)
    lines: list[bytes] = []
    token = None
    while True:
        page = pages.page(token)
        lines += page.lines
        token = page.next_token
        if token is None:
            return lines


def requests_of(signal: Signal, lines: Iterable[bytes]) -> list[Sent]:
    """The lines as a receiver reads them."""
    return [Sent(signal.request_class.FromString(json_decode.to_protobuf(signal, line))) for line in lines]


def stored_part(signal: Signal, sent: Iterable[Sent]) -> list[Sent]:
    """What of the requests is not refused."""
    kept = []
    for each in sent:
        try:
            checked = check(signal, each.request.SerializeToString())
        except InvalidItems:
            continue
        if checked.accepted:
            kept.append(each)
    return kept


@pytest.mark.parametrize("host", ["embedded"], indirect=True)
@pytest.mark.parametrize("name", [signal.name for signal in SIGNALS])
def test_what_comes_out_equals_what_went_in_and_goes_in_again(store: Store, server: SqlServer, name: str) -> None:
    signal = BY_NAME[name]

    # Many at a time: an insert costs the same for one request and for thirty.
    @tried(3)
    @given(st.lists(segments(name), min_size=8, max_size=8))
    def round_trip(several: list[list[Sent]]) -> None:
        sent = [each for segment in several for each in segment]
        store.truncate()
        store.insert(signal, *sent)
        once = requests_of(signal, exported(server, signal))
        assert items_of_sent(signal, once) == items_of_sent(signal, stored_part(signal, sent))
        store.truncate()
        store.insert(signal, *once)
        assert items_of_sent(signal, requests_of(signal, exported(server, signal))) == items_of_sent(signal, once)

    round_trip()


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("otlp") / "data")) as process:
        yield process


def run(collector: CollectorProcess, *arguments: str) -> str:
    environment: dict[str, str | None] = {key: None for key in os.environ if key.startswith("SPANHOUSE_")}
    done = CliRunner(env={**environment, "SPANHOUSE_URL": collector.http}).invoke(main, arguments)
    assert done.exit_code == 0, (done.stderr, done.exception)
    return done.stdout


def test_the_case_of_the_field_comes_out_as_the_same_request(collector: CollectorProcess) -> None:
    sent = json.loads((CASES / "08-otlp-export-loses-types" / "request.json").read_bytes())
    request = requests_of(BY_NAME["traces"], [json.dumps(sent).encode()])[0].request
    stored = collector.metric("spanhouse_stored_items_total", signal="traces")
    export_http(collector.http, request, project="roundtrip")
    collector.wait_stored("traces", int(stored) + 1)
    (line,) = run(collector, "export", "-", "--format", "otlp", "--project", "roundtrip").splitlines()
    assert json.loads(line) == sent


def store_two_projects(collector: CollectorProcess) -> None:
    """In each a trace of 1,500 spans that begin over 150 seconds, with a key twice."""
    stored = int(collector.metric("spanhouse_stored_items_total", signal="traces"))
    for project in ("a", "b"):
        made = [
            make_span(
                f"{project}{number}",
                attributes={"n": number},
                start_time_unix_nano=START_UNIX_NANO + number * SECOND_NS // 10,
                end_time_unix_nano=START_UNIX_NANO + number * SECOND_NS // 10,
            )
            for number in range(1_500)
        ]
        for span in made:
            span.trace_id = made[0].trace_id
            span.attributes.extend(attributes({"n": "the same key again"}))
        export_http(collector.http, traces(*made), project=project)
    collector.wait_stored("traces", stored + 3_000)


def spans_in(lines: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in lines:
        for group in json.loads(line)["resourceSpans"]:
            for scope in group["scopeSpans"]:
                found |= {span["name"]: [pair["value"] for pair in span["attributes"]] for span in scope["spans"]}
    return found


@pytest.fixture(scope="module")
def two_projects(collector: CollectorProcess) -> CollectorProcess:
    store_two_projects(collector)
    return collector


@pytest.mark.parametrize("asked", [("--filter", "name LIKE 'a%' OR name LIKE 'b%'"), ()], ids=["filter", "all"])
def test_traces_of_several_projects_requests_and_pages_stay_whole(
    two_projects: CollectorProcess, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    monkeypatch.setattr(export_pages, "SLICE_ITEMS", 500)
    found = spans_in(run(two_projects, "export", "-", "--format", "otlp", *asked).splitlines())
    assert {f"{project}{number}" for project in "ab" for number in range(1_500)} <= found.keys()
    assert found["b7"] == [{"intValue": "7"}, {"stringValue": "the same key again"}]


def test_a_time_takes_the_traces_that_began_in_it_whole(two_projects: CollectorProcess) -> None:
    def asked(since: int, until: int) -> int:
        moments = ("--since", str(START_UNIX_NANO + since), "--until", str(START_UNIX_NANO + until))
        return len(
            spans_in(run(two_projects, "export", "-", "--format", "otlp", "--project", "a", *moments).splitlines())
        )

    assert asked(0, SECOND_NS) == 1_500
    assert asked(SECOND_NS, 200 * SECOND_NS) == 0


def test_an_export_of_every_signal_is_imported_into_another_project(
    collector: CollectorProcess, tmp_path: Path
) -> None:
    sent = [
        (BY_NAME["traces"], traces(make_span("one"))),
        (BY_NAME["logs"], logs(LogRecord(time_unix_nano=START_UNIX_NANO, body=any_value(b"\0")))),
        (BY_NAME["metrics"], metrics(*five_metrics())),
    ]
    files = []
    for signal, request in sent:
        export_http(collector.http, request, project=f"from-{signal.name}")
        wait_rows(collector, signal, f"from-{signal.name}")
        files.append(str(tmp_path / signal.name))
        asked = ("--format", "otlp", "--signal", signal.name, "--project", f"from-{signal.name}")
        run(collector, "export", files[-1], *asked)
    run(collector, "import", *files, "--project", "to")
    for signal, _request in sent:
        wait_rows(collector, signal, "to")
        again = run(collector, "export", "-", "--format", "otlp", "--signal", signal.name, "--project", "to")
        assert again == Path(tmp_path / signal.name).read_text()


def test_what_an_import_refuses_is_told_with_its_line(collector: CollectorProcess, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    good = traces(make_span("good"))
    document = json_format.MessageToDict(good)
    for span in document["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        span |= {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "imported"}
    bad = json.loads(json.dumps(document))
    bad["resourceSpans"][0]["scopeSpans"][0]["spans"].append({"traceId": "short", "spanId": "cd" * 8})
    bad["resourceSpans"][0]["scopeSpans"][0]["spans"].append({"flags": -1})
    file.write_text("\n".join([json.dumps(document), "", "no json", json.dumps(bad), '{"x": 1}']))
    done = CliRunner(env={"SPANHOUSE_URL": collector.http}).invoke(main, ["import", str(file), "--project", "lines"])
    assert done.exit_code == 1
    assert f"{file}:3: the body is not JSON" in done.stderr
    assert f"{file}:4: 1 span refused: resourceSpans[0].scopeSpans[0].spans[2].flags: -1" in done.stderr
    assert f"{file}:4: 1 span refused: span" in done.stderr
    assert f"{file}:5: no OTLP request" in done.stderr
    assert done.stderr.splitlines()[-1] == "2 requests stored; 2 items refused, in 3 lines"


def test_an_import_without_a_collector_or_a_file_says_so(collector: CollectorProcess, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    assert "cannot be read" in CliRunner().invoke(main, ["import", str(file)]).stderr
    file.write_text('{"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}')
    done = CliRunner().invoke(main, ["import", str(file), "--url", "http://127.0.0.1:1"])
    assert (done.exit_code, isinstance(done.exception, SystemExit)) == (1, True)
    assert "does not answer" in done.stderr


def wait_rows(collector: CollectorProcess, signal: Signal, project: str) -> None:
    """Wait until a project has rows of a signal."""
    deadline = time.monotonic() + 60
    query = f"SELECT count() FROM {TABLES[signal.name]} WHERE project = '{project}'"
    while json.loads(run(collector, "sql", query, "--json"))["count()"] == 0:
        assert time.monotonic() < deadline, f"nothing of {project} was stored"
        time.sleep(0.05)
