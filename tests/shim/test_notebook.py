"""Traces under the cell that made them; nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

import spanhouse
from spanhouse import Trace, notebook
from spanhouse.testing import Captured
from tests.shim import stored


class Events:
    def __init__(self) -> None:
        self.hooks: list[Callable[..., Any]] = []

    def register(self, name: str, hook: Callable[..., Any]) -> None:
        assert name == "post_run_cell"
        self.hooks.append(hook)

    def unregister(self, name: str, hook: Callable[..., Any]) -> None:
        self.hooks.remove(hook)


class Shell:
    def __init__(self) -> None:
        self.events = Events()
        self.kernel: object | None = object()


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell()
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: made  # type: ignore[attr-defined]
    shown: list[Any] = []
    display.display = shown.append  # type: ignore[attr-defined]
    made.shown = shown  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    trace = Trace.from_dict(stored.trace())
    monkeypatch.setattr("spanhouse.reading.get_trace", lambda trace_id, wait: trace)
    return made


def test_a_cell_that_made_traces_shows_them(spans: Captured, shell: Shell) -> None:
    assert spanhouse.enable_notebook_display()
    assert spanhouse.enable_notebook_display()
    try:
        (hook,) = shell.events.hooks
        with spanhouse.start_span("root"), spanhouse.start_span("child"):
            pass
        with spanhouse.start_span("second"):
            pass
        hook(None)
        assert len(shell.shown) == 2  # type: ignore[attr-defined]
        hook(None)
        assert len(shell.shown) == 2  # type: ignore[attr-defined]
    finally:
        spanhouse.disable_notebook_display()
    assert shell.events.hooks == []
    with spanhouse.start_span("unseen"):
        pass
    assert notebook._Cell.trace_ids == []


def test_a_terminal_shows_nothing(shell: Shell) -> None:
    shell.kernel = None
    assert not spanhouse.enable_notebook_display()
    assert shell.events.hooks == []


def test_a_plain_interpreter_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not spanhouse.enable_notebook_display()
    spanhouse.disable_notebook_display()
