"""CPU seconds of a collector by part: who in the process spent them.

Owns: which thread belongs to which part.
Leaves to others: reading threads (`cpu.py`), Python's names of them (`inject/sitecustomize.py`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from tests.bench.cpu import ThreadCpu

EVENT_LOOP: Final = "event loop"
WAL: Final = "wal-*"
LOADER: Final = "loader-*"
DECODE: Final = "decode*"
GRPC: Final = "gRPC threads"
MERGES: Final = "merges"
OTHER: Final = "other threads"
ENDED: Final = "ended threads"
ORDER: Final = (EVENT_LOOP, DECODE, WAL, LOADER, GRPC, OTHER, ENDED, MERGES)

_OF_PYTHON: Final = (
    (re.compile(r"MainThread"), EVENT_LOOP),
    (re.compile(r"wal-"), WAL),
    (re.compile(r"loader-"), LOADER),
    (re.compile(r"decode"), DECODE),
)
_OF_KERNEL: Final = (
    (re.compile(r"MergeMutate"), MERGES),
    (re.compile(r"event_engine|grpc_|timer_manager|lifeguard|resolver"), GRPC),
)


def part_of(kernel_name: str, python_name: str | None) -> str:
    """Return the part a thread belongs to; Python's name decides, because the engine renames threads that call it."""
    for patterns, name in ((_OF_PYTHON, python_name), (_OF_KERNEL, kernel_name)):
        for pattern, part in patterns:
            if name is not None and pattern.match(name):
                return part
    return OTHER


def spent_s(
    before: Mapping[int, ThreadCpu],
    after: Mapping[int, ThreadCpu],
    python_names: Mapping[int, str],
    *,
    process_s: float,
) -> Mapping[str, float]:
    """Return part → CPU seconds between two readings; they add up to *process_s*, what the whole process used."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for native_id, thread in after.items():
        earlier = before.get(native_id)
        spent = thread.cpu_s - (earlier.cpu_s if earlier is not None else 0.0)
        seconds[part_of(thread.name, python_names.get(native_id))] += spent
    seconds[ENDED] = max(0.0, process_s - sum(seconds.values()))
    return {part: seconds[part] for part in ORDER if seconds[part]}
