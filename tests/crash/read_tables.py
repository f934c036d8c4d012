"""Print how often each item stands in an embedded database, as JSON: a process of its own, for chDB takes one each.

Owns the two queries; `obligations` asks a server the same ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from spanhouse_collector.storage.engine import EmbeddedEngine

QUERIES: Final = {
    "traces": "SELECT trace_id, count() FROM spans GROUP BY trace_id",
    "logs": "SELECT trace_id, count() FROM logs WHERE project != 'spanhouse.audit' GROUP BY trace_id",
}


def main(directory: str) -> None:
    engine = EmbeddedEngine(Path(directory))
    engine.create_database()
    connection = engine.connect()
    print(json.dumps({name: connection.query(query).rows for name, query in QUERIES.items()}))
    connection.close()
    engine.close()


if __name__ == "__main__":
    main(sys.argv[1])
