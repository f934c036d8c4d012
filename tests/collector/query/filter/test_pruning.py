"""The SQL is written so that indexes exclude granules: the engine says how many it would read."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from spanhouse_collector.query.filter import Row, compile_filter
from spanhouse_collector.storage.engine import Connection
from tests.collector.query.filter.answers import SOURCES
from tests.collector.query.filter.dataset import create, dataset_of, plain_span
from tests.engines import Host, drop_database

ROWS = 4_000
# The span 1234 has it; few others do.
PRUNING = (
    "attributes.run = 'run1234'",
    "attributes.run IN ('run1234', 'run99')",
    "attributes.only1234 IS NOT NULL",
    "attributes.only1234 > 5",
    "attributes.only1234 != 'x'",
    "text : 'word1234'",
    "text : 'Word1234 common'",
    "text : '\"common word1234\"'",
    "input : 'word1234' AND is_error = false",
    "text LIKE '%Word1234 %'",
    "text LIKE '%ord1234 he_e%'",
    "input NOT LIKE 'x' AND input LIKE '%1234%'",
    "text ILIKE '%WORD1234%'",
    f"trace_id = '{1234:032x}'",
    f"project = 'p1' AND trace_id IN ('{1234:032x}')",
)


@pytest.fixture(scope="module")
def many(host: Host) -> Iterator[Connection]:
    engine = host.new_engine()
    engine.create_database()
    connection = engine.connect()
    create(connection, dataset_of([plain_span(1)]))
    connection.execute(
        "INSERT INTO spans (project, trace_id, span_id, attributes, input, output) SELECT 'p1', "
        "leftPad(lower(hex(number)), 32, '0'), leftPad(lower(hex(number)), 16, '0'), "
        "map('run', concat('run', toString(number)), concat('only', toString(number)), '7'), "
        f"concat('Common Word', toString(number), ' here'), 'answer' FROM numbers({ROWS})"
    )
    connection.execute("OPTIMIZE TABLE spans FINAL")
    yield connection
    connection.close()
    drop_database(engine)
    engine.close()


@pytest.mark.parametrize("text", PRUNING)
def test_few_granules_are_read(many: Connection, text: str) -> None:
    compiled = compile_filter(text, unit="span")
    statement = f"SELECT name FROM spans WHERE {compiled.where(Row.SPAN, SOURCES)}"
    plan = "\n".join(row[0] for row in many.query(f"EXPLAIN indexes = 1 {statement}", compiled.parameters).rows)
    granules = [(int(read), int(all_)) for read, all_ in re.findall(r"Granules: (\d+)/(\d+)", plan)]
    assert len(many.query(statement, compiled.parameters).rows) >= 1
    assert granules[-1][0] <= 8, plan
    assert granules[0][1] > 400
