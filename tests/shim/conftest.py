"""What the shim's tests share: spans in memory, and a fake collector."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any

import httpx
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


@pytest.fixture(autouse=True)
def http_clients_of_libraries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Closes what model libraries leave open, at the end of the test that opened it.

    A client in a circle of references is otherwise freed by the garbage collector in any order: its socket may go
    before the client that would close it, and the warning stops whatever test runs by then.
    """
    clients: weakref.WeakSet[httpx.Client] = weakref.WeakSet()
    start = httpx.Client.__init__

    def remember(client: httpx.Client, *args: Any, **options: Any) -> None:
        start(client, *args, **options)
        clients.add(client)

    monkeypatch.setattr(httpx.Client, "__init__", remember)
    yield
    for client in list(clients):
        client.close()
