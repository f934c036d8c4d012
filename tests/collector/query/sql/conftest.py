"""SQL runs on both engines; the fixtures are those of `tests.engines`."""

from __future__ import annotations

import pytest

from tests.collector.query.sql.rig import fill
from tests.engines import Host, embedded_directory, engine, host, open_suite, store
from tests.tables import Store

__all__ = ["embedded_directory", "engine", "host", "open_suite", "store"]


@pytest.fixture(scope="module")
def refusing(host: Host) -> Host:
    """An engine without tables: what is refused is refused before any is read."""
    return host


@pytest.fixture(scope="module")
def filled(open_suite: Store) -> Store:
    """A migrated database with two projects' rows, for tests that only read."""
    open_suite.truncate()
    fill(open_suite)
    return open_suite
