"""`spanhouse search`, `trace`, `stats`, `projects`, `tail`, `export` against a collector that runs."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from spanhouse_collector.cli import export_parquet
from spanhouse_collector.cli.client import Client
from spanhouse_collector.cli.console import FAILED, fail
from spanhouse_collector.cli.main import main
from tests.builders import SECOND_NS, START_UNIX_NANO, attributes, make_span, span_id, trace_id, traces
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 500}


def request() -> ExportTraceServiceRequest:
    """One trace of 90 spans, most alike and one of them failed; 60 small ones a second apart before it."""
    large = [make_span("agent", number=1, trace_id=trace_id(1))]
    for number in range(2, 91):
        made = make_span("step", number=number, trace_id=trace_id(1), parent_span_id=span_id(1))
        large.append(made)
    large[50].status.code = Status.STATUS_CODE_ERROR
    large[50].attributes.extend(attributes({"error.type": "Boom", "n": 7, "x": 1.5, "b": True, "l": ["a", "b"]}))
    large[50].events.add(name="told", time_unix_nano=START_UNIX_NANO, attributes=attributes({"k": "v"}))
    small: list[Span] = []
    for number in range(100, 160):
        start = START_UNIX_NANO - (number - 99) * SECOND_NS
        times = {"start_time_unix_nano": start, "end_time_unix_nano": start + SECOND_NS // 4}
        small.append(make_span("chat \x1b[31mred", number=number, attributes=CHAT, **times))
    return traces(*large, *small, resource={"service.name": "app", "spanhouse.project": "shop"})


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("reading") / "data")) as process:
        post(process, request())
        process.wait_stored("traces", 150)
        yield process


def post(process: CollectorProcess, body: ExportTraceServiceRequest) -> None:
    headers = {"content-type": "application/x-protobuf"}
    sent = urllib.request.Request(process.http + "/v1/traces", body.SerializeToString(), headers)
    urllib.request.urlopen(sent).close()


def run(collector: CollectorProcess, *arguments: str, code: int = 0) -> Result:
    """The command in this process: importing everything anew would take most of the time."""
    environment: dict[str, str | None] = {key: None for key in os.environ if key.startswith("SPANHOUSE_")}
    done = CliRunner(env={**environment, "SPANHOUSE_URL": collector.http}).invoke(main, arguments)
    assert done.exit_code == code, (done.stderr, done.exception)
    return done


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_search_prints_one_json_object_a_line_the_latest_first(collector: CollectorProcess) -> None:
    found = lines(run(collector, "search", "--json", "--limit", "7").stdout)
    assert [trace["trace_id"] for trace in found] == [trace_id(n).hex() for n in (1, 100, 101, 102, 103, 104, 105)]
    assert (found[0]["span_count"], found[0]["error_count"], found[0]["project"]) == (90, 1, "shop")


def test_search_in_a_pipe_is_a_table_without_colour_or_control_characters(collector: CollectorProcess) -> None:
    done = run(collector, "search", "model = 'gpt-4o'", "--limit", "3", "--count", "--project", "shop")
    assert len(done.stdout.splitlines()) == 4
    assert "\x1b" not in done.stdout
    assert trace_id(100).hex() in done.stdout
    assert "60 traces in all" in done.stderr


def test_a_filter_that_cannot_be_read_is_told_with_its_place(collector: CollectorProcess) -> None:
    done = run(collector, "search", "modle = 'x'", code=1)
    assert "modle" in done.stderr
    assert "at character 1" in done.stderr
    assert done.stdout == ""
    *_, written, caret = run(collector, "stats", "name = 'x' AND duration > 5 parsecs", code=1).stderr.splitlines()
    assert written[caret.index("^") :] == "parsecs"


def test_the_first_digits_of_a_trace_id_are_enough_when_no_other_begins_so(collector: CollectorProcess) -> None:
    first = trace_id(100).hex()
    others = [trace_id(number).hex() for number in range(1, 160)]
    short = next(first[:at] for at in range(4, 33) if sum(other.startswith(first[:at]) for other in others) == 1)
    whole = run(collector, "trace", first).stdout
    assert run(collector, "trace", short).stdout == whole
    assert run(collector, "trace", f"tr-{short.upper()}").stdout == whole
    several = run(collector, "trace", short[:-1] if len(short) > 4 else "0000", code=1).stderr
    assert "begin with" in several or "begins with" in several
    assert "no stored trace begins with ffff" in run(collector, "trace", "ffff", code=1).stderr


def test_an_address_without_its_scheme_is_told(collector: CollectorProcess) -> None:
    for address in ("localhost:4318", "127.0.0.1:4318"):
        assert (
            f"http:// is missing: --url http://{address}" in run(collector, "search", "--url", address, code=2).stderr
        )
    assert "not ftp://" in run(collector, "sql", "SELECT 1", "--url", "ftp://x", code=2).stderr


def test_a_search_that_an_environment_variable_narrowed_says_so(
    collector: CollectorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"SPANHOUSE_URL": collector.http, "SPANHOUSE_PROJECT": "nobody"}
    done = CliRunner(env=environment).invoke(main, ["search"])
    assert "no trace found in project nobody" in done.stderr


def test_what_is_no_trace_id_is_wrong_usage(collector: CollectorProcess) -> None:
    assert "32 hexadecimal digits" in run(collector, "trace", "nonsense", code=2).stderr


def test_no_collector_is_told_with_what_to_do(collector: CollectorProcess) -> None:
    done = run(collector, "search", "--url", "http://127.0.0.1:9", code=1)
    assert "spanhouse serve" in done.stderr


def test_a_large_trace_is_folded_and_its_failure_is_not(collector: CollectorProcess) -> None:
    folded = run(collector, "trace", trace_id(1).hex()).stdout
    assert "Boom" in folded
    assert "86 more step" in folded
    assert "--full" in folded
    assert len(folded.splitlines()) < 12
    full = run(collector, "trace", trace_id(1).hex(), "--full").stdout
    assert sum("step" in line for line in full.splitlines()) == 89
    assert "\x1b" not in full


def test_a_trace_shows_tokens_and_cost(collector: CollectorProcess) -> None:
    shown = run(collector, "trace", trace_id(100).hex()).stdout
    assert "gpt-4o" in shown
    assert "500 → 0" in shown
    assert "$0.00125" in shown


def test_a_trace_as_json_has_its_content_and_an_unknown_one_is_an_error(collector: CollectorProcess) -> None:
    (trace,) = lines(run(collector, "trace", trace_id(1).hex(), "--json").stdout)
    assert len(trace["spans"]) == 90  # type: ignore[arg-type]
    assert "stored" in run(collector, "trace", "ab" * 16, code=1).stderr


def test_stats_are_of_all_and_of_each_group(collector: CollectorProcess) -> None:
    total, *groups = lines(run(collector, "stats", "--json", "--project", "shop").stdout)
    assert (total["count"], total["input_tokens"]) == (150, 60 * 500)
    assert {group["model"]: group["count"] for group in groups} == {"": 90, "gpt-4o": 60}
    assert "step" in run(collector, "stats", "--by", "span.name").stdout


def test_projects_are_listed(collector: CollectorProcess) -> None:
    (project,) = lines(run(collector, "projects", "--json").stdout)
    assert (project["project"], project["trace_count"], project["span_count"]) == ("shop", 61, 150)
    assert "shop" in run(collector, "projects").stdout


def test_tail_begins_with_those_since_and_ends_after_so_many(collector: CollectorProcess) -> None:
    since = str(START_UNIX_NANO - 3 * SECOND_NS)
    found = lines(run(collector, "tail", "--json", "--since", since, "--max", "4").stdout)
    assert [trace["trace_id"] for trace in found] == [trace_id(n).hex() for n in (102, 101, 100, 1)]


def test_an_export_holds_every_trace_and_goes_on_where_it_was_cut(collector: CollectorProcess, tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    run(collector, "export", str(file))
    whole = file.read_bytes()
    assert len(lines(whole.decode())) == 61
    assert [path.name for path in tmp_path.iterdir()] == ["traces.jsonl"]
    # As an export leaves it that was killed in its second page.
    file.unlink()
    first_page = b"".join(whole.splitlines(keepends=True)[:50])
    token = json.loads(urllib.request.urlopen(f"{collector.http}/api/v1/traces?limit=50").read())["next_page_token"]
    question = {"format": "jsonl", "signal": "traces", "project": "", "filter": "", "since": "", "until": ""}
    state = {"page_token": token, "bytes": len(first_page), "items": 50, "total": 61}
    noted = {"question": question, "token": "0123abcd", "state": state}
    (tmp_path / "traces.jsonl.progress").write_text(json.dumps(noted))
    (tmp_path / "traces.jsonl.0123abcd.part").write_bytes(first_page + b'{"info": {"trace_')
    run(collector, "export", str(file))
    assert file.read_bytes() == whole
    assert [path.name for path in tmp_path.iterdir()] == ["traces.jsonl"]


def test_an_export_as_parquet_has_a_row_a_span(collector: CollectorProcess, tmp_path: Path) -> None:
    file = tmp_path / "spans.parquet"
    run(collector, "export", str(file), "--format", "parquet", "--project", "shop")
    table = pyarrow.parquet.read_table(file)
    assert table.num_rows == 150
    assert {"trace_id", "model", "attributes"} <= set(table.column_names)


def test_an_export_as_parquet_goes_on_where_it_was_interrupted(
    collector: CollectorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_parquet, "SLICE_SPANS", 40)
    arguments = ("export", str(tmp_path / "spans.parquet"), "--format", "parquet")
    fetch, asked = export_parquet._fetch, []

    def count(client: Client, part: Path, params: dict[str, object]) -> None:
        asked.append(part)
        if len(asked) == 2:
            fail(FAILED, "the answer broke off")
        fetch(client, part, params)

    monkeypatch.setattr(export_parquet, "_fetch", count)
    run(collector, *arguments, code=1)
    assert "--restart" in run(collector, *arguments, "--project", "other", code=2).stderr
    run(collector, *arguments)
    table = pyarrow.parquet.read_table(tmp_path / "spans.parquet").to_pydict()
    assert asked.count(asked[0]) == 1  # what was there is not asked for again
    assert len(asked) > 2
    assert len(set(table["span_id"])) == len(table["span_id"]) == 150
    assert table["start_time"] == sorted(table["start_time"])
    assert [path.name for path in tmp_path.iterdir()] == ["spans.parquet"]


def test_an_export_of_nothing_as_parquet_has_its_columns(collector: CollectorProcess, tmp_path: Path) -> None:
    file = tmp_path / "none.parquet"
    run(collector, "export", str(file), "--format", "parquet", "--project", "nobody")
    assert "trace_id" in pyarrow.parquet.read_table(file).column_names
