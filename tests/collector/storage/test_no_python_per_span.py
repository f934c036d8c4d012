"""Storing a segment costs Python the same for ten spans and for a thousand.

Owns that promise of the design for the last leg, log to table. A call per span would be 990 calls more.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.storage.writer import SegmentInserter
from tests.builders import make_span, traces
from tests.tables import Store, framed


def calls_of(inserter: SegmentInserter, path: Path, token: str) -> int:
    """Python-level and C-level calls that one insert makes on this thread."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        inserter.insert(path, token)
    finally:
        sys.setprofile(None)
    return calls


def test_an_insert_makes_as_many_python_calls_for_1000_spans_as_for_10(store: Store, tmp_path: Path) -> None:
    if not store.engine.is_embedded:
        pytest.skip(
            "over HTTP the file is streamed: its calls grow with its pieces of 1 MiB, which is no call per span"
        )
    paths = {}
    for spans in (10, 1000):
        paths[spans] = tmp_path / f"{spans}.wal"
        request = traces(*(make_span(attributes={"k": 1, "list": ["a"]}) for _ in range(spans)))
        paths[spans].write_bytes(framed(request.SerializeToString(), items=spans))
    inserter = SegmentInserter(store.engine, TRACES)
    inserter.insert(paths[10], "connects")
    calls = {spans: calls_of(inserter, path, f"token {spans:06d}") for spans, path in paths.items()}
    inserter.close()
    assert store.count("spans") == 10 + 10 + 1000
    assert calls[1000] == calls[10]
    assert calls[10] > 0
