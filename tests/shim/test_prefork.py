"""gunicorn's own prefork: the application is loaded before the fork, and every worker exports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.shim.fake_collector import FakeCollector

WORKERS: Final = 2
APPLICATION: Final = """
import multiprocessing
import os
import spanhouse

everybody = multiprocessing.get_context("fork").Barrier(2)
with spanhouse.start_span("load"):
    pass
spanhouse.flush()
with spanhouse.start_span("queued at the fork"):
    pass


@spanhouse.trace
def answer():
    everybody.wait(60)
    return os.getpid()


def application(environ, start_response):
    body = str(answer()).encode()
    start_response("200 OK", [("content-length", str(len(body)))])
    return [body]
"""


@pytest.mark.timeout(120)
def test_workers_of_a_preloaded_gunicorn_export_and_end_at_once(collector: FakeCollector, tmp_path: Path) -> None:
    """MLflow loses the traces of such workers."""
    (tmp_path / "shop.py").write_text(APPLICATION)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SPANHOUSE_", "OTEL_"))}
    master = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--preload", f"--workers={WORKERS}", "--bind=127.0.0.1:0",
         "--graceful-timeout=20", "shop:application"],
        cwd=tmp_path,
        env={**inherited, "SPANHOUSE_ENDPOINT": collector.url},
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    watchdog = threading.Timer(90, master.kill)
    watchdog.start()
    said: list[str] = []
    try:
        assert master.stderr is not None
        for line in master.stderr:
            said.append(line)
            if sum("Booting worker" in known for known in said) == WORKERS:
                break
        address = next(line for line in said if "Listening at: " in line).partition("Listening at: ")[2].split()[0]
        with ThreadPoolExecutor(WORKERS) as pool:  # a worker answers one at a time, and waits for the other's request
            workers = set(pool.map(_get, [address] * WORKERS))
        master.send_signal(signal.SIGTERM)
        rest = master.stderr.read()
        assert master.wait(30) == 0, rest
    finally:
        watchdog.cancel()
        if master.poll() is None:
            master.kill()
            master.wait()
        if master.stderr is not None:
            master.stderr.close()
    assert len(workers) == WORKERS
    assert "Traceback" not in rest
    assert "WORKER TIMEOUT" not in rest
    names = [span.name for span in collector.wait_spans(WORKERS + 2)]
    assert sorted(names) == ["answer", "answer", "load", "queued at the fork"]
    assert len({span.trace_id for span in collector.spans}) == WORKERS + 2


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=80) as reply:
        return str(reply.read().decode())
