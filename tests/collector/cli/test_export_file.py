"""`spanhouse export` and `sql --output` and the files that they find: nothing of the user's is lost."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from spanhouse_collector.cli import export_pages, export_parquet
from spanhouse_collector.cli.client import Client
from spanhouse_collector.cli.console import FAILED, fail
from spanhouse_collector.cli.main import main
from tests.builders import make_span, trace_id, traces
from tests.collector_process import CollectorProcess
from tests.otlp_client import export_http
from tests.prepared import prepare_embedded

NOWHERE = "http://127.0.0.1:1"
YESTERDAY = b"yesterday's export\n"


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("export") / "data")) as process:
        export_http(process.http, traces(*(make_span(number=n, trace_id=trace_id(n)) for n in range(1, 8))))
        process.wait_stored("traces", 7)
        yield process


def run(url: str, *arguments: str, code: int = 0) -> Result:
    environment: dict[str, str | None] = {key: None for key in os.environ if key.startswith("SPANHOUSE_")}
    done = CliRunner(env={**environment, "SPANHOUSE_URL": url}).invoke(main, arguments)
    assert done.exit_code == code, (done.stderr, done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


WRITERS = {
    "jsonl": ("export", "{file}"),
    "otlp": ("export", "{file}", "--format", "otlp"),
    "logs": ("export", "{file}", "--format", "otlp", "--signal", "logs"),
    "parquet": ("export", "{file}", "--format", "parquet"),
    "sql json": ("sql", "SELECT 1 AS a", "--format", "json", "--output", "{file}"),
    "sql table": ("sql", "SELECT 1 AS a", "--format", "table", "--output", "{file}"),
    "sql csv": ("sql", "SELECT 1 AS a", "--format", "csv", "--output", "{file}"),
}


def told(command: str, file: Path | str) -> list[str]:
    return [argument.format(file=file) for argument in WRITERS[command]]


@pytest.mark.parametrize("command", WRITERS)
def test_an_existing_file_is_kept_unless_it_may_be_replaced(
    collector: CollectorProcess, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "keep"
    file.write_bytes(YESTERDAY)
    file.chmod(0o640)
    assert "--force" in run(collector.http, *told(command, file), code=2).stderr
    assert file.read_bytes() == YESTERDAY
    run(NOWHERE, *told(command, file), "--force", code=1)
    assert file.read_bytes() == YESTERDAY
    run(collector.http, *told(command, file), "--force")
    assert file.read_bytes() != YESTERDAY
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert names(tmp_path) == ["keep"]


def test_a_bad_filter_or_query_leaves_the_file_as_it_was(collector: CollectorProcess, tmp_path: Path) -> None:
    file = tmp_path / "keep"
    file.write_bytes(YESTERDAY)
    for bad in (
        ("export", str(file), "--filter", "modle = 'x'"),
        ("export", str(file), "--since", "yesterday"),
        ("export", str(file), "--format", "parquet", "--since", "yesterday"),
        ("sql", "SELECT nothing", "--output", str(file)),
        ("sql", "SELECT throwIf(number = 90000) FROM numbers(100000)", "--format", "csv", "--output", str(file)),
    ):
        done = CliRunner(env={"SPANHOUSE_URL": collector.http}).invoke(main, [*bad, "--force"])
        assert done.exit_code in (1, 2), bad
        assert file.read_bytes() == YESTERDAY, bad
    assert names(tmp_path) == ["keep"]


@pytest.mark.parametrize("shape", ["jsonl", "parquet"])
@pytest.mark.parametrize("name", ["t.out", "t[1-9]*.out", "t*"])
def test_only_files_of_the_exports_own_plan_are_removed(
    collector: CollectorProcess, tmp_path: Path, shape: str, name: str
) -> None:
    others = {f"{name}.partner-notes.txt", f"{name}.part1", f"{name}.part", f"{name}.0123abcd.part", "t1.out.part0"}
    for other in others:
        (tmp_path / other).write_text("mine")
    arguments = ("export", str(tmp_path / name), "--format", shape)
    run(collector.http, *arguments)
    run(collector.http, *arguments, "--force", "--restart")
    assert set(names(tmp_path)) == {name, *others}
    assert all((tmp_path / other).read_text() == "mine" for other in others)


def test_a_file_with_the_name_of_the_note_is_neither_believed_nor_removed(
    collector: CollectorProcess, tmp_path: Path
) -> None:
    note = tmp_path / "t.progress"
    for text in ("my notes", '{"token": "mine", "question": {}, "state": {}}', "[]"):
        note.write_text(text)
        for more in ((), ("--restart",)):
            assert "t.progress" in run(collector.http, "export", str(tmp_path / "t"), *more, code=2).stderr
        assert note.read_text() == text
    assert names(tmp_path) == ["t.progress"]


def test_a_file_that_appears_during_the_export_is_not_replaced(
    collector: CollectorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "t"
    whole = export_pages.TracePages._whole

    def meanwhile(self: export_pages.TracePages, entry: dict[str, object]) -> dict[str, object]:
        file.write_bytes(YESTERDAY)
        return whole(self, entry)

    monkeypatch.setattr(export_pages.TracePages, "_whole", meanwhile)
    assert "--force" in run(collector.http, "export", str(file), code=2).stderr
    assert file.read_bytes() == YESTERDAY


@pytest.mark.parametrize("shape", ["jsonl", "parquet"])
def test_ctrl_c_leaves_the_file_as_it_was_and_the_same_command_goes_on(
    collector: CollectorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    monkeypatch.setitem(export_pages.PAGE_TRACES, "jsonl", 3)
    monkeypatch.setattr(export_parquet, "SLICE_SPANS", 2)
    file = tmp_path / "t"
    file.write_bytes(YESTERDAY)
    get, calls = Client.get, []

    def interrupted(self: Client, path: str, **parameters: object) -> dict[str, object]:
        calls.append(path)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return get(self, path, **parameters)

    def interrupted_join(parts: object, out: object) -> int:
        raise KeyboardInterrupt

    arguments = ("export", str(file), "--format", shape, "--force", "--since", "900d")
    with monkeypatch.context() as patched:
        patched.setattr(Client, "get", interrupted)
        patched.setattr(export_parquet, "_join", interrupted_join)
        run(collector.http, *arguments, code=130)
    assert file.read_bytes() == YESTERDAY
    assert (tmp_path / "t.progress").exists()
    done = run(collector.http, *arguments)
    assert done.stderr.startswith("7 ")
    if shape == "jsonl":
        found = [json.loads(line)["info"]["trace_id"] for line in file.read_text().splitlines()]
        assert sorted(found) == [trace_id(n).hex() for n in range(1, 8)]
    else:
        assert pyarrow.parquet.read_table(file).num_rows == 7
    assert names(tmp_path) == ["t"]


def test_another_export_into_an_interrupted_one_must_restart(
    collector: CollectorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("export", str(tmp_path / "t"), "--format", "parquet")

    def broken(*_arguments: object) -> None:
        fail(FAILED, "the answer broke off")

    with monkeypatch.context() as patched:
        patched.setattr(export_parquet, "_fetch", broken)
        run(collector.http, *arguments, code=1)
    assert "--restart" in run(collector.http, *arguments, "--project", "other", code=2).stderr
    run(collector.http, *arguments, "--project", "other", "--restart")
    assert names(tmp_path) == ["t"]


@pytest.mark.parametrize("command", WRITERS)
def test_a_path_that_cannot_be_written_is_told_in_a_line(
    collector: CollectorProcess, tmp_path: Path, command: str
) -> None:
    done = run(collector.http, *told(command, tmp_path / "no" / "x"), code=1)
    assert done.stderr.splitlines()[-1].endswith("cannot be written: No such file or directory")
    assert "folder" in run(collector.http, *told(command, tmp_path), code=2).stderr
    assert "cannot be written" in run(collector.http, *told(command, f"{tmp_path}/{'x' * 300}"), code=1).stderr
    assert names(tmp_path) == []


@pytest.mark.parametrize("command", WRITERS)
def test_a_device_is_written_straight_and_stays_one(collector: CollectorProcess, command: str) -> None:
    run(collector.http, *told(command, os.devnull))
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.parametrize("command", WRITERS)
def test_a_dash_is_standard_output(
    collector: CollectorProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "file"
    run(collector.http, *told(command, file))
    assert run(collector.http, *told(command, "-")).stdout_bytes == file.read_bytes()
    assert names(tmp_path) == ["file"]


def test_a_symbolic_link_stays_one(collector: CollectorProcess, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "data" / "t")
    run(collector.http, "export", str(link))
    assert link.is_symlink()
    assert len((tmp_path / "data" / "t").read_bytes().splitlines()) == 7


def test_a_reader_that_leaves_early_is_no_traceback(collector: CollectorProcess) -> None:
    command = [sys.executable, "-m", "spanhouse_collector", "export", "-", "--url", collector.http]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
