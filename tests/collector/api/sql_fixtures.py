"""Fixtures of the SQL routes' tests: both engines, two projects' rows, the routes on a port."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spanhouse_collector.query.sql.limits import Limits
from tests.collector.api.sql_rig import SqlServer, serving
from tests.collector.query.sql.rig import fill
from tests.tables import Store

LIMITS = Limits(nice=0, concurrent=2, waiting=1, wait_s=0.3, execution_time_s=20)


@pytest.fixture(scope="module")
def server(open_suite: Store) -> Iterator[SqlServer]:
    open_suite.truncate()
    fill(open_suite)
    with serving(open_suite.engine, LIMITS) as server:
        yield server
