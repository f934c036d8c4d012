"""What a token is worth after the database went down: kill -9 of a server, an engine that was closed and opened.

Owns those claims, on engines of its own; the module must not run while another embedded directory is open, hence no
shared fixtures. A killed embedded collector is in `tests/crash`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from spanhouse_collector.errors import StorageUnavailable
from spanhouse_collector.otlp.signals import METRICS, TRACES
from spanhouse_collector.storage.engine import EmbeddedEngine, Engine, ServerEngine
from spanhouse_collector.storage.prices_tables import load_catalogue
from spanhouse_collector.storage.schema import migrate
from tests.builders import make_span, metrics, traces
from tests.collector.storage.test_exact import five_metrics
from tests.engines import BOTH, url_of
from tests.servers.clickhouse_server import ClickHouseServer
from tests.tables import Store


class Restartable(NamedTuple):
    engine: Engine
    restart: Callable[[], None]


@pytest.fixture(params=BOTH)
def restartable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Restartable]:
    if request.param == "embedded":
        embedded = EmbeddedEngine(tmp_path / "chdb")
        yield Restartable(embedded, embedded.close)
        embedded.close()
        return
    with ClickHouseServer(tmp_path / "clickhouse") as server:

        def kill_and_start() -> None:
            server.kill()
            server.start()

        yield Restartable(ServerEngine(url_of(server, "spanhouse")), kill_and_start)


def test_tokens_and_rows_of_the_first_run_outlive_it(restartable: Restartable) -> None:
    """Also the tokens that were used before anything but the migration had happened."""
    first = Store(restartable.engine)
    migrate(restartable.engine)
    span = traces(make_span())
    first.insert(TRACES, span, token="a")
    first.insert(METRICS, metrics(*five_metrics()), token="a")
    first.close()
    restartable.restart()

    migrate(restartable.engine)
    second = Store(restartable.engine)
    for token in ("a", "b"):
        second.insert(TRACES, span, token=token)
        second.insert(METRICS, metrics(*five_metrics()), token=token)
        assert second.count("spans") == (1 if token == "a" else 2)
        assert second.count("metrics") == (5 if token == "a" else 10)
    second.close()


@pytest.mark.server
def test_an_inserter_whose_server_was_away_stores_the_segment_once_it_is_back(tmp_path: Path) -> None:
    with ClickHouseServer(tmp_path / "clickhouse") as server:
        store = Store(ServerEngine(url_of(server, "spanhouse")))
        migrate(store.engine)
        store.insert(TRACES, traces(make_span()), token="before")
        server.kill()
        with pytest.raises(StorageUnavailable):
            store.insert(TRACES, traces(make_span()), token="during")
        server.start()
        store.insert(TRACES, traces(make_span()), token="during")
        store.insert(TRACES, traces(make_span()), token="before")
        assert store.count("spans") == 2
        store.close()


@pytest.mark.server
def test_spans_are_mapped_and_priced_after_the_server_restarted_on_its_own(tmp_path: Path) -> None:
    """No collector starts, and none notices: nothing was being inserted while it was away."""
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 10,
    }
    with ClickHouseServer(tmp_path / "clickhouse") as server:
        store = Store(ServerEngine(url_of(server, "spanhouse")))
        migrate(store.engine)
        load_catalogue(store.connection)
        store.insert(TRACES, traces(make_span(attributes=chat)))
        server.kill()
        server.start()
        store.insert(TRACES, traces(make_span(attributes=chat)))
        found = store.connection.query("SELECT span_type, model, cost_source, cost_usd FROM spans").rows
        assert len(found) == 2
        assert set(found) == {("LLM", "gpt-4o", "computed", found[0][3])}
        assert found[0][3] > 0
        store.close()
