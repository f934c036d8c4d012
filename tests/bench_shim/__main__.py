"""`python -m tests.bench_shim`: bar 8, printed as tables.

Owns the environments (one a contender, made once in a temporary folder: their dependencies do not fit together),
starting `measure.py` with each, import times, and the tables with the bar's verdict.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

MEASURE: Final = Path(__file__).with_name("measure.py")
PEERS: Final = {"mlflow": "mlflow-tracing", "langfuse": "langfuse", "logfire": "logfire"}
LABELS: Final = {
    "0": "no input",
    "1000": "1 KB",
    "10000": "10 KB",
    "1000000": "1 MB",
    "10000000": "10 MB",
    "messages": "20 messages",
    "tree": "100 spans",
}
RATIO_MAX: Final = 1.5
ABSOLUTE_MAX_US: Final = {"10000": 30.0, "1000000": 1_000.0, "10000000": 10_000.0}
IMPORT_RATIO_MAX: Final = 1.2
BASE_IMPORT: Final = "opentelemetry.sdk.trace"


def venvs() -> Path:
    """Where the peers' environments are kept."""
    return Path(os.environ.get("SPANHOUSE_BENCH_VENVS") or Path(tempfile.gettempdir()) / "spanhouse-bench-venvs")


def python_of(peer: str) -> str | None:
    """The peer's Python, its environment made if need be; None when it cannot be installed."""
    folder = venvs() / peer
    python = folder / "bin" / "python"
    if python.exists():
        return str(python)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", PEERS[peer], "orjson"]
    installed = subprocess.run(command, check=False, capture_output=True, text=True)
    if installed.returncode != 0:
        print(f"{peer}: cannot be installed here: {installed.stderr.strip()[-200:]}")
        python.unlink()
        return None
    return str(python)


def measured(name: str, python: str, scale: float) -> dict[str, dict[str, float]] | None:
    """What `measure.py` says of one contender; None when it could not run."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "SPANHOUSE_"))}
    ran = subprocess.run(
        [python, str(MEASURE), name, str(scale)], env=clean, capture_output=True, text=True, timeout=900, check=False
    )
    if ran.returncode != 0:
        print(f"{name}: did not run: {ran.stderr.strip()[-300:]}")
        return None
    found: dict[str, dict[str, float]] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


def import_ms(statement: str, compiled: str) -> float:
    """CPU milliseconds of a fresh interpreter for *statement*, without those of an empty one.

    Modules are compiled beforehand, as pip does when it installs; the compiled files stay out of the checkout.
    """
    program = f"import time; started = time.process_time_ns(); {statement}; print(time.process_time_ns() - started)"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = compiled
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return int(ran.stdout) / 1e6


def import_times(rounds: int) -> tuple[float, float]:
    """The best of the shim and of the SDK, by turns."""
    with tempfile.TemporaryDirectory() as compiled:
        statements = ("import spanhouse", f"import {BASE_IMPORT}")
        pairs = [[import_ms(statement, compiled) for statement in statements] for _ in range(rounds + 1)][1:]
    return min(ours for ours, _ in pairs), min(base for _, base in pairs)


def shown(microseconds: float) -> str:
    """A duration with a fitting unit."""
    return f"{microseconds:,.1f} µs" if microseconds < 1_000 else f"{microseconds / 1_000:,.2f} ms"


def print_tables(results: dict[str, dict[str, dict[str, float]]]) -> None:
    """One line a case: what a call costs, and how many times the bare SDK beside it."""
    names = list(results)
    print("\nCPU time of the calling thread, median (× the bare SDK + orjson in the same process)\n")
    print("| input | bare SDK | " + " | ".join(names) + " |")
    print("|---|--:|" + "--:|" * len(names))
    for case, label in LABELS.items():
        base = statistics.median(results[name][case]["bare_us"] for name in names)
        cells = [f"{shown(results[name][case]['us'])} (× {results[name][case]['ratio']:.2f})" for name in names]
        print(f"| {label} | {shown(base)} | " + " | ".join(cells) + " |")


def print_bar(ours: dict[str, dict[str, float]], imports: tuple[float, float]) -> bool:
    """Bar 8, line by line; whether all of it is met."""
    print("\n| bar 8 | measured | bar | |\n|---|--:|--:|---|")
    lines: list[tuple[str, str, str, bool]] = []
    for case, label in LABELS.items():
        ratio = ours[case]["ratio"]
        lines.append((f"{label}, against the bare SDK", f"× {ratio:.2f}", f"× {RATIO_MAX}", ratio <= RATIO_MAX))
    for case, limit in ABSOLUTE_MAX_US.items():
        best = ours[case]["best_us"]
        lines.append((f"{LABELS[case]}, best batch", shown(best), shown(limit), best <= limit))
    ratio = imports[0] / imports[1]
    told = f"× {ratio:.2f} ({imports[0]:.0f} against {imports[1]:.0f} ms)"
    lines.append((f"import, against {BASE_IMPORT}", told, f"× {IMPORT_RATIO_MAX}", ratio <= IMPORT_RATIO_MAX))
    for what, figure, limit_text, is_met in lines:
        print(f"| {what} | {figure} | ≤ {limit_text} | {'met' if is_met else 'MISSED'} |")
    return all(line[3] for line in lines)


def main() -> int:
    """Run, print, and answer 0 even when a bar is missed: figures of a shared machine are no verdict."""
    parser = argparse.ArgumentParser(description="Bar 8: what the shim costs its caller.")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rounds; 0.1 for a quick look")
    parser.add_argument("--peers", default=",".join(PEERS), help="which peers, comma-separated; empty for none")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    pythons: dict[str, str | None] = {"spanhouse": sys.executable}
    pythons.update({peer: python_of(peer) for peer in options.peers.split(",") if peer})
    results: dict[str, Any] = {}
    for name, python in pythons.items():
        found = measured(name, python, options.scale) if python else None
        if found is not None:
            results[name] = found
    print_tables(results)
    print_bar(results["spanhouse"], import_times(max(3, int(15 * options.scale))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
