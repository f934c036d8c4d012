"""Traces under the cell that made them, in IPython's own shell; nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import spanhouse
from spanhouse import Trace, notebook
from spanhouse.export_queue import ExportQueue
from spanhouse.faults import FAULTS
from spanhouse.provider import runtime
from spanhouse.testing import Captured, capture
from tests.shim import stored

TWO_TRACES = """
import spanhouse
with spanhouse.start_span("root"), spanhouse.start_span("child"):
    pass
with spanhouse.start_span("second"):
    pass
"""


@pytest.fixture(scope="module")
def the_shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        made: Any = InteractiveShell.instance()
        made.history_manager.enabled = False
        yield made
        InteractiveShell.clear_instance()


@pytest.fixture
def shell(the_shell: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    the_shell.kernel = object()  # a Jupyter kernel's shell is IPython's, with a kernel
    trace = Trace.from_dict(stored.trace())
    monkeypatch.setattr("spanhouse.reading.get_trace", lambda trace_id, wait, silent: trace)
    yield the_shell
    spanhouse.disable_notebook_display()


def shown_by(shell: Any, cell: str) -> list[dict[str, Any]]:
    """What the cell displays, by MIME type."""
    with capture_output() as captured:
        assert shell.run_cell(cell).success
    return [output.data for output in captured.outputs]


def test_a_cell_that_made_traces_shows_them(spans: Captured, shell: Any) -> None:
    assert spanhouse.enable_notebook_display()
    assert spanhouse.enable_notebook_display()
    shown = shown_by(shell, TWO_TRACES)
    assert len(shown) == 2
    assert shown[0]["text/html"].startswith("<style>")
    assert "chat gpt-5" in shown[0]["text/html"]
    assert shown_by(shell, "1 + 1") == []
    spanhouse.disable_notebook_display()
    assert shown_by(shell, TWO_TRACES) == []
    assert notebook._Cell.trace_ids == []


def test_a_trace_as_the_value_of_a_cell_renders_itself(shell: Any) -> None:
    made: Any = shell.display_formatter.format(Trace.from_dict(stored.trace()))
    assert made[0]["text/html"].startswith("<style>")
    assert "└ tool [TOOL]" in made[0]["text/plain"]


def test_an_error_of_the_display_leaves_the_cell_alone(
    spans: Captured, shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(trace_id: str, wait: float, silent: bool) -> Trace:
        raise spanhouse.CollectorUnreachable("no answer")

    monkeypatch.setattr("spanhouse.reading.get_trace", unreachable)
    assert spanhouse.enable_notebook_display()
    assert shown_by(shell, TWO_TRACES) == []
    assert "Traceback" not in capsys.readouterr().err
    assert spanhouse.health()["internal_errors"] == 1
    FAULTS.reset()


def test_a_trace_that_cannot_be_read_in_time_is_named(
    spans: Captured, shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All traces of a cell share one time limit, and one that the collector never took is passed over."""
    asked: list[tuple[str, float]] = []
    monkeypatch.setattr("spanhouse.reading.get_trace", lambda trace_id, wait, silent: asked.append((trace_id, wait)))
    current = runtime()
    assert current is not None
    queue = ExportQueue(lambda settings: InMemorySpanExporter(), current.settings)
    monkeypatch.setattr(current.processor, "queue", queue)
    assert spanhouse.enable_notebook_display()
    assert shown_by(shell, TWO_TRACES) == []
    queue._acknowledge([2])  # ids count from 1 here
    with capture(fixed_ids=True):
        shown = shown_by(shell, TWO_TRACES)
    assert shown == [{"text/plain": notebook.LATER.format(2)}]
    assert f'get_trace("{2:032x}")' in notebook.LATER.format(2)
    assert [trace_id for trace_id, _ in asked[2:]] == [f"{number:032x}" for number in (1, 2)]
    assert asked[1][1] <= asked[0][1] <= notebook.WAIT_S


def test_a_terminal_shows_nothing(shell: Any) -> None:
    shell.kernel = None
    assert not spanhouse.enable_notebook_display()
    assert shown_by(shell, TWO_TRACES) == []


def test_a_plain_interpreter_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not spanhouse.enable_notebook_display()
    spanhouse.disable_notebook_display()
