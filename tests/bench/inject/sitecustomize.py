"""Runs at the start of a benchmarked collector: writes down what Python calls each of its native threads.

Owns: writing {native thread id: name} to the file that SPANBENCH_THREAD_NAMES names, whenever it changed.
Leaves to others: putting this directory on the collector's PYTHONPATH (`ours.py`).

Python before 3.14 does not tell the kernel its threads' names, and the embedded engine renames the threads that call
it, so the names in /proc do not say which thread is whose. Without the variable this module does nothing.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

VARIABLE = "SPANBENCH_THREAD_NAMES"
INTERVAL_S = 0.25


def note_names(path: Path) -> None:
    """Keep the file up to date for as long as the process lives; threads that ended stay in it."""
    names: dict[int, str] = {}
    while True:
        live = {thread.native_id: thread.name for thread in threading.enumerate() if thread.native_id is not None}
        if not live.items() <= names.items():
            names |= live
            fresh = path.with_suffix(".tmp")
            fresh.write_text(json.dumps(names))
            fresh.rename(path)
        time.sleep(INTERVAL_S)


if VARIABLE in os.environ:
    # Only the collector itself: a process that it starts would overwrite the file.
    _path = Path(os.environ.pop(VARIABLE))
    threading.Thread(target=note_names, args=(_path,), name="bench-thread-names", daemon=True).start()
