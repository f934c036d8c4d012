"""What the crash tests run on: databases with the tables in place, and a server that a supervisor watches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.prepared import prepare_embedded, prepare_server
from tests.servers.supervised import SupervisedServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SupervisedServer]:
    """One of the test's own."""
    with SupervisedServer(prepare_server(tmp_path / "clickhouse")) as running:
        yield running


@pytest.fixture
def embedded(tmp_path: Path) -> Path:
    """The data directory of a collector that embeds its database."""
    return prepare_embedded(tmp_path / "data")
