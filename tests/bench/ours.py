"""Our own collector as a contender of the benchmark.

Owns: a `spanhouse serve` process whose threads are known by name, and the store it fills seen from outside.
Leaves to others: starting a process and reading its metrics (`tests/collector_process.py`), the accounting
(`run_cost.py`), rotel's table filled by us (`rotel_table.py`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from tests.bench.inject.sitecustomize import VARIABLE
from tests.bench.run_cost import Store
from tests.collector_process import CollectorProcess
from tests.servers.clickhouse_server import ClickHouseServer

INJECTED: Final = Path(__file__).with_name("inject")


class OurCollector(CollectorProcess):
    """A collector whose threads are known by name."""

    def __init__(
        self, data_dir: Path, *options: str, clickhouse: str | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        given = {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), **(env or {})}
        names_path = data_dir.with_name(data_dir.name + "-threads.json")
        injected = {"PYTHONPATH": os.pathsep.join((str(INJECTED), given["PYTHONPATH"])), VARIABLE: str(names_path)}
        super().__init__(data_dir, *options, clickhouse=clickhouse, env=given | injected)
        self._names_path = names_path

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        return self.process.pid

    def thread_names(self) -> Mapping[int, str]:
        """Return the names that Python gave to the native threads of the process."""
        try:
            return {int(native_id): name for native_id, name in json.loads(self._names_path.read_text()).items()}
        except FileNotFoundError:
            return {}


def server_store(server: ClickHouseServer, database: str, table: str) -> Store:
    """Return the store seen through a table of *database*; disk bytes are those of all its tables."""
    in_database = {"database": database}

    def stored_count() -> int:
        return int(server.query(f"SELECT count() FROM {table}", settings=in_database))

    def disk_bytes() -> int:
        return int(
            server.query(
                "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()",
                settings=in_database,
            )
        )

    return Store(pid=server.pid, stored_count=stored_count, disk_bytes=disk_bytes)


def embedded_store(collector: OurCollector) -> Store:
    """Return the store inside the collector's own process, seen through its metrics and its directory."""

    def stored_count() -> int:
        return int(collector.metric("spanhouse_stored_items_total", signal="traces"))

    def disk_bytes() -> int:
        # Outdated parts stay for some minutes: read what is active once the collector has ended (`active_disk_bytes`).
        return 0

    return Store(pid=collector.pid, stored_count=stored_count, disk_bytes=disk_bytes)


_ACTIVE_PROGRAM: Final = """\
import clickhouse_connect, sys
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1], database="spanhouse")
stored = client.query("SELECT count() FROM spans").result_rows[0][0]
size = client.query("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'spans'").result_rows[0][0]
print(stored, size, flush=True)
"""


def read_embedded(data_dir: Path) -> tuple[int, int]:
    """Return the spans and the active bytes of `spans` in the directory of a collector that has ended."""
    answer = subprocess.run(
        [sys.executable, "-c", _ACTIVE_PROGRAM, str(data_dir / "chdb")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    words = answer.stdout.split()
    if len(words) != 2:
        raise RuntimeError(f"the embedded database cannot be read: {answer.stderr[-500:]}")
    return int(words[0]), int(words[1])
