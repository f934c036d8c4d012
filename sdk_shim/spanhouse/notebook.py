"""Traces under the cell that made them.

Owns: hooking into IPython when a kernel is there, collecting the traces that end while a cell runs, showing them when
it is done. Outside a notebook nothing happens; with a terminal's IPython neither.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from typing import Any, Final

from spanhouse.faults import FAULTS
from spanhouse.provider import flush, runtime

TRACES_SHOWN_MAX: Final = 10
WAIT_S: Final = 5.0  # for all traces of a cell together
LATER: Final = 'The trace is stored and can be read in a moment: spanhouse.get_trace("{:032x}")'


class _Cell:
    """What ended while the current cell ran."""

    is_on = False
    shell: Any = None
    trace_ids: list[int] = []  # noqa: RUF012 - one cell runs at a time


def enable_notebook_display() -> bool:
    """Show traces under their cells; whether there is a notebook at all."""
    shell = _kernel_shell()
    current = runtime()
    if shell is None or current is None:
        return False
    if not _Cell.is_on:
        shell.events.register("post_run_cell", _show)
        current.processor.on_root_end = _remember
        _Cell.is_on, _Cell.shell = True, shell
    return True


def disable_notebook_display() -> None:
    """Show nothing by itself any more; a `Trace` as a cell's value still shows."""
    if not _Cell.is_on:
        return
    _Cell.is_on = False
    _Cell.trace_ids.clear()
    try:
        _Cell.shell.events.unregister("post_run_cell", _show)
    except ValueError:
        FAULTS.count("notebook_hook_was_gone")
    current = runtime()
    if current is not None:
        current.processor.on_root_end = None


def _kernel_shell() -> Any:
    """The shell of a Jupyter kernel; None in a plain interpreter and in a terminal's IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell if getattr(shell, "kernel", None) is not None else None


def _remember(trace_id: int) -> None:
    if len(_Cell.trace_ids) <= TRACES_SHOWN_MAX:
        _Cell.trace_ids.append(trace_id)


def _show(*_: Any) -> None:
    ended, _Cell.trace_ids = _Cell.trace_ids[:TRACES_SHOWN_MAX], []
    if not ended:
        return
    try:
        from spanhouse.reading import get_trace

        display: Any = import_module("IPython.display").display
        deadline = time.monotonic() + WAIT_S
        flush(int(WAIT_S * 1000))
        for trace_id in ended:
            trace = get_trace(f"{trace_id:032x}", max(0.0, deadline - time.monotonic()), silent=True)
            if trace is not None:
                display(trace)
            elif _is_taken(trace_id):
                display({"text/plain": LATER.format(trace_id)}, raw=True)
    except Exception as error:  # noqa: BLE001 - the cell's own result must stand
        FAULTS.swallowed("the notebook's display", error)


def _is_taken(trace_id: int) -> bool:
    """Whether the collector has the trace, though it cannot be read yet."""
    current = runtime()
    queue = current.processor.queue if current is not None else None
    return queue is not None and queue.acknowledged(trace_id) > 0
