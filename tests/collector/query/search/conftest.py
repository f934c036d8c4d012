"""Stored traces that no test changes, and what asks for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spanhouse_collector.query.connections import Connections
from tests.collector.query.search.dataset import Known, make_traces, store_traces
from tests.tables import Store

TRACES = 240


@pytest.fixture(scope="module")
def known(open_suite: Store) -> list[Known]:
    """Stored in two inserts; the second has the beginning of every third trace, which so arrived last."""
    open_suite.truncate()
    traces = make_traces(TRACES)
    first = [
        Known(trace.trace_id, trace.spans[1:] if number % 3 == 0 else trace.spans)
        for number, trace in enumerate(traces)
    ]
    late = [Known(trace.trace_id, trace.spans[:1]) for number, trace in enumerate(traces) if number % 3 == 0]
    store_traces(open_suite, first)
    store_traces(open_suite, late)
    return traces


@pytest.fixture(scope="module")
def connections(open_suite: Store) -> Iterator[Connections]:
    connections = Connections(open_suite.engine, reads_max=2)
    yield connections
    assert connections.close()
