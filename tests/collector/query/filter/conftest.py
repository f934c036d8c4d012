"""Data sets on both engines: the generated one, made once for a module, and small ones of a module's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.collector.query.filter.answers import Answers
from tests.collector.query.filter.dataset import Dataset, create, make_dataset
from tests.engines import Host, drop_database, embedded_directory, host, open_suite, store

__all__ = ["answers", "embedded_directory", "host", "open_suite", "small", "store"]


@contextmanager
def filled(host: Host, data: Dataset) -> Iterator[Answers]:
    engine = host.new_engine()
    engine.create_database()
    connection = engine.connect()
    create(connection, data)
    yield Answers(connection, data)
    connection.close()
    drop_database(engine)
    engine.close()


@pytest.fixture(scope="module")
def answers(host: Host) -> Iterator[Answers]:
    """The generated data set."""
    with filled(host, make_dataset()) as found:
        yield found


@pytest.fixture(scope="module")
def small(host: Host, request: pytest.FixtureRequest) -> Iterator[Answers]:
    """What the module's `DATA` holds."""
    with filled(host, request.module.DATA) as found:
        yield found
