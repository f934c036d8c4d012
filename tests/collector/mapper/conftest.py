"""The mapper's tests run on the embedded engine only: what they compare is made before any engine sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines import Host, embedded_directory, open_store, store
from tests.tables import Store

__all__ = ["embedded_directory", "open_suite", "store"]


@pytest.fixture(scope="module")
def open_suite(embedded_directory) -> Iterator[Store]:  # type: ignore[no-untyped-def]
    with open_store(Host(directory=embedded_directory)) as opened:
        yield opened
