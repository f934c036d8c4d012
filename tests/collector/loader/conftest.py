"""Loaders in these tests retry after milliseconds, not seconds."""

from __future__ import annotations

import pytest

from spanhouse_collector.loader import segment_loader
from tests.collector.loader.fake_database import FakeDatabase


@pytest.fixture
def database() -> FakeDatabase:
    return FakeDatabase()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_loader, "RETRY_FIRST_S", 0.001)
    monkeypatch.setattr(segment_loader, "RETRY_MAX_S", 0.005)
