"""CPU time and memory of a process by its pid, read from /proc (Linux).

Owns: user + system seconds with all threads and children, seconds by thread, peak and sampled
resident memory.
Leaves to others: which process to read and when (`compare_rotel.py` and the other measures).

Resolution is one clock tick (usually 10 ms): measure runs of seconds.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuUse:
    """CPU seconds spent so far; subtract two readings for a span of time."""

    user_s: float
    system_s: float

    @property
    def total_s(self) -> float:
        """User and system time together."""
        return self.user_s + self.system_s

    def __add__(self, other: CpuUse) -> CpuUse:
        return CpuUse(user_s=self.user_s + other.user_s, system_s=self.system_s + other.system_s)

    def __sub__(self, other: CpuUse) -> CpuUse:
        return CpuUse(user_s=self.user_s - other.user_s, system_s=self.system_s - other.system_s)


def read_cpu(pid: int) -> CpuUse:
    """Return the CPU time of *pid*: live and ended threads, reaped and live descendants."""
    used = _own_cpu(pid)
    for child in child_pids(pid):
        try:
            used += read_cpu(child)
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile: its parent's next reading holds it
    return used


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadCpu:
    """What the kernel calls a thread, and its CPU seconds so far."""

    name: str
    cpu_s: float


def read_machine_s() -> float:
    """Return the CPU seconds that all processes of the machine have used, the kernel's own included."""
    fields = (_PROC / "stat").read_text().partition("\n")[0].split()
    user, nice, system, _idle, _io_wait, interrupt, soft_interrupt, *_ = map(int, fields[1:])
    return (user + nice + system + interrupt + soft_interrupt) / _TICKS_PER_S


def read_threads(pid: int) -> Mapping[int, ThreadCpu]:
    """Return the live threads of *pid* by their native ids."""
    found: dict[int, ThreadCpu] = {}
    for task in (_PROC / str(pid) / "task").iterdir():
        try:
            name, fields = _stat_fields(task / "stat")
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread that ended between the listing and the reading
        found[int(task.name)] = ThreadCpu(name=name, cpu_s=(int(fields[11]) + int(fields[12])) / _TICKS_PER_S)
    return found


def child_pids(pid: int) -> tuple[int, ...]:
    """Return the pids of the live children started by any thread of *pid*."""
    found: list[int] = []
    for task in (_PROC / str(pid) / "task").iterdir():
        try:
            found += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return tuple(found)


def read_rss_bytes(pid: int) -> int:
    """Return the resident memory of *pid* now."""
    return _status_bytes(pid, "VmRSS:")


def read_rss_peak_bytes(pid: int) -> int:
    """Return the most memory *pid* has had resident (VmHWM) since its start or the last reset."""
    return _status_bytes(pid, "VmHWM:")


def reset_rss_peak(pid: int) -> None:
    """Let VmHWM of *pid* count from now."""
    (_PROC / str(pid) / "clear_refs").write_text("5")


def wait_until_quiet(pid: int, *, window_s: float = 1.0, cpu_share_max: float = 0.03, timeout_s: float = 60.0) -> bool:
    """Return True once *pid* used at most *cpu_share_max* of a core over *window_s*.

    Returns False when *timeout_s* has passed first.
    """
    deadline_s = time.monotonic() + timeout_s
    before = read_cpu(pid).total_s
    while time.monotonic() < deadline_s:
        time.sleep(window_s)
        after = read_cpu(pid).total_s
        if after - before <= cpu_share_max * window_s:
            return True
        before = after
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class RssSamples:
    """Resident memory over a stretch of time, one value per interval."""

    interval_s: float
    rss_bytes: tuple[int, ...]

    @property
    def max_bytes(self) -> int:
        """The largest sample, 0 when there is none."""
        return max(self.rss_bytes, default=0)

    def slope_bytes_per_s(self) -> float:
        """Return the least-squares growth; near 0 means flat (DESIGN section 6, bar 9)."""
        count = len(self.rss_bytes)
        if count < 2:
            return 0.0
        mean_x, mean_y = (count - 1) / 2, sum(self.rss_bytes) / count
        rise = sum((x - mean_x) * (y - mean_y) for x, y in enumerate(self.rss_bytes))
        return rise / sum((x - mean_x) ** 2 for x in range(count)) / self.interval_s


class RssRecording:
    """Samples taken so far by `record_rss`; read `samples()` after the block."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._rss_bytes: list[int] = []

    def add(self, rss_bytes: int) -> None:
        """Append one sample."""
        self._rss_bytes.append(rss_bytes)

    def samples(self) -> RssSamples:
        """Return what was recorded."""
        return RssSamples(interval_s=self._interval_s, rss_bytes=tuple(self._rss_bytes))


@contextmanager
def record_rss(pid: int, *, interval_s: float = 0.5) -> Iterator[RssRecording]:
    """Sample the resident memory of *pid* in a thread while the block runs."""
    recording = RssRecording(interval_s)
    stop = threading.Event()

    def sample() -> None:
        while not stop.is_set():
            try:
                recording.add(read_rss_bytes(pid))
            except (FileNotFoundError, ProcessLookupError):
                return  # the process ended; what was recorded stands
            stop.wait(interval_s)

    thread = threading.Thread(target=sample, name="rss-samples", daemon=True)
    thread.start()
    try:
        yield recording
    finally:
        stop.set()
        thread.join()


def _own_cpu(pid: int) -> CpuUse:
    """Return the time of *pid* and of the children it has already waited for."""
    _, fields = _stat_fields(_PROC / str(pid) / "stat")
    user, system, child_user, child_system = (int(value) for value in fields[11:15])
    return CpuUse(user_s=(user + child_user) / _TICKS_PER_S, system_s=(system + child_system) / _TICKS_PER_S)


def _stat_fields(path: Path) -> tuple[str, list[str]]:
    """Return the name and the fields after it; the name may itself hold spaces and brackets."""
    head, _, tail = path.read_text().rpartition(")")
    return head.partition("(")[2], tail.split()


def _status_bytes(pid: int, label: str) -> int:
    """Return a kB line of /proc/pid/status in bytes."""
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        if line.startswith(label):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(f"{label} is not in the status of pid {pid}: the process has ended")
