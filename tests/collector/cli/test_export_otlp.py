"""`spanhouse export --format otlp`: what comes out is what went in, and goes in again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given

from spanhouse_collector.cli.client import Client
from spanhouse_collector.cli.export_otlp import FORMS, request_lines
from spanhouse_collector.cli.export_pages import UNTIL_MAX, TimePages, rows
from spanhouse_collector.cli.main import main
from spanhouse_collector.errors import InvalidItems
from spanhouse_collector.otlp import json_decode
from spanhouse_collector.otlp.signals import BY_NAME, SIGNALS, Signal
from spanhouse_collector.otlp.validate import check
from spanhouse_collector.query.sql.limits import Limits
from tests.builders import attributes, make_span, traces
from tests.collector.api.sql_rig import SqlServer, serving
from tests.collector_process import CollectorProcess
from tests.engines import embedded_directory, engine, host, open_suite, store
from tests.otlp_client import export_http
from tests.otlp_strategies import segments, tried
from tests.prepared import prepare_embedded
from tests.reconstruct import items_of_sent
from tests.tables import Sent, Store

__all__ = ["embedded_directory", "engine", "host", "open_suite", "store"]
CASES = Path(__file__).parents[2] / "fixtures" / "cases"


@pytest.fixture
def server(store: Store) -> Iterator[SqlServer]:
    with serving(store.engine, Limits(nice=0)) as server:
        yield server


def exported(server: SqlServer, signal: Signal) -> list[bytes]:
    """The lines of an export of everything."""
    form = FORMS[signal.name]
    client = Client(server.url)
    if signal.name == "traces":
        return list(request_lines(form, rows(client, f"SELECT {form.columns} FROM spans", {})))
    pages = TimePages(client, form, {"project": "", "since": 0, "until": UNTIL_MAX})
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


@pytest.mark.parametrize("name", [signal.name for signal in SIGNALS])
def test_what_comes_out_equals_what_went_in_and_goes_in_again(store: Store, server: SqlServer, name: str) -> None:
    signal = BY_NAME[name]

    @tried(25)
    @given(segments(name))
    def round_trip(sent: list[Sent]) -> None:
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


def test_traces_of_several_projects_and_requests_stay_whole(collector: CollectorProcess) -> None:
    stored = int(collector.metric("spanhouse_stored_items_total", signal="traces"))
    for project in ("a", "b"):
        made = [make_span(f"{project}{number}", attributes={"n": number}) for number in range(1_500)]
        for span in made:
            span.trace_id = made[0].trace_id
            span.attributes.extend(attributes({"n": "the same key again"}))
        export_http(collector.http, traces(*made), project=project)
    collector.wait_stored("traces", stored + 3_000)
    found: dict[str, Any] = {}
    for line in run(
        collector, "export", "-", "--format", "otlp", "--filter", "name LIKE 'a%' OR name LIKE 'b%'"
    ).splitlines():
        (group,) = json.loads(line)["resourceSpans"]
        (scope,) = group["scopeSpans"]
        found |= {span["name"]: [pair["value"] for pair in span["attributes"]] for span in scope["spans"]}
    assert len(found) == 3_000
    assert found["b7"] == [{"intValue": "7"}, {"stringValue": "the same key again"}]
