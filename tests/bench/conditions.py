"""The circumstances of a benchmark run, printed under its tables.

Owns: what is worth knowing about machine, versions and peers to read the figures.
"""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("spanhouse", "chdb-core", "grpcio", "protobuf", "rotel")


def describe() -> list[str]:
    """Return lines on the machine and the versions."""
    one, five, fifteen = os.getloadavg()
    cores = len(os.sched_getaffinity(0))
    return [
        f"{cores} cores ({_processor()}), {_memory_gb():.0f} GB, Linux {platform.release()}, "
        f"Python {platform.python_version()}; load average {one:.1f} {five:.1f} {fifteen:.1f}"
        + ("; OTHERS ARE WORKING HERE: trust ratios, not times" if five > cores * 0.6 else ""),
        ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
        f"rotel {_version('rotel')} is the newest wheel on PyPI; the project has had releases since that have none",
        "CPU of the load client is not counted; it shares the cores",
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
