"""Every row of an embedded database that no collector has open, pickled to standard output.

A program of its own (`python -m tests.exporters.read_embedded DIRECTORY`): a process hosts one directory at a time.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from spanhouse_collector.storage.engine import EmbeddedEngine
from tests.tables import TABLES, read_rows

if __name__ == "__main__":
    engine = EmbeddedEngine(Path(sys.argv[1]))
    connection = engine.connect()
    rows = {name: read_rows(connection, table) for name, table in TABLES.items()}
    connection.close()
    engine.close()
    sys.stdout.buffer.write(pickle.dumps(rows))
