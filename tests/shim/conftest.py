"""What the shim's tests share: spans in memory, and a fake collector."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spanhouse.faults import FAULTS
from spanhouse.provider import runtime
from spanhouse.testing import Captured, capture
from tests.shim.fake_collector import FakeCollector


@pytest.fixture(scope="session", autouse=True)
def sends_nothing() -> None:
    """The shim of this process is set up once, without an exporter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_TRACES_EXPORTER", "none")
        runtime()


@pytest.fixture
def spans() -> Iterator[Captured]:
    FAULTS.reset()
    with capture(fixed_ids=True) as captured:
        yield captured
    assert FAULTS.counts().get("internal_errors", 0) == 0


@pytest.fixture
def collector() -> Iterator[FakeCollector]:
    with FakeCollector() as fake:
        yield fake
