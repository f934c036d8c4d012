"""Prices in the database: loaded once a version, a user's own before the package's, stored spans priced again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from spanhouse_collector.api.app import api_app
from spanhouse_collector.api.prices import router
from spanhouse_collector.errors import MalformedRequest, NotFound
from spanhouse_collector.query import prices as query_prices
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.prices import PriceBook, PriceFilter
from spanhouse_collector.storage.prices_changes import PriceKey, Repricing
from spanhouse_collector.storage.prices_tables import ensure_rules, load_catalogue
from tests.tables import Store

INPUT, OUTPUT = "input_usd_per_million_tokens", "output_usd_per_million_tokens"
GPT = PriceKey("", "openai", "gpt-4o")
DATED = PriceKey("", "openai", "gpt-4o-2024-08-06")
WAIT_S = 60


@pytest.fixture(scope="module")
def loaded(open_suite: Store) -> Store:
    load_catalogue(open_suite.connection)
    return open_suite


@pytest.fixture
def book(loaded: Store) -> Iterator[PriceBook]:
    """An empty `spans`, and nobody's own prices."""
    loaded.truncate()
    connections = Connections(loaded.engine)
    book = PriceBook(loaded.engine, connections)
    yield book
    for row in book.list_prices(PriceFilter(source="override")):
        key = PriceKey(row["project"], row["provider"], row["model"])
        if book.list_prices(PriceFilter(project=key.project, model=key.model, source="override")):
            book.unset_price(key)
    connections.close()


def put(store: Store, project: str, provider: str, model: str, **columns: Any) -> None:
    """A stored span of 1,000 tokens in and 500 out, without a cost."""
    values: dict[str, Any] = {
        "project": project,
        "provider": provider,
        "model": model,
        "input_tokens": 1000,
        "output_tokens": 500,
        "start_time": "2026-11-01 00:00:00",
        "received_at": "2026-11-01 00:00:00",
        **columns,
    }
    shown = ", ".join("NULL" if value is None else repr(value) for value in values.values())
    store.connection.execute(f"INSERT INTO spans ({', '.join(values)}) VALUES ({shown})")


def stored(store: Store) -> list[tuple[Any, ...]]:
    rows = store.connection.query(
        "SELECT project, model, cost_source, round(cost_usd, 9) FROM spans ORDER BY project, model"
    ).rows
    return [tuple(row) for row in rows]


def repriced(book: PriceBook, wanted: Repricing = Repricing()) -> int:  # noqa: B008 - frozen
    """Price again and wait for it."""
    changed = book.reprice(wanted)
    deadline = time.monotonic() + WAIT_S
    while book.repricing_state()["running"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return changed


def test_stored_spans_are_priced_again_except_those_that_reported_a_cost(loaded: Store, book: PriceBook) -> None:
    put(loaded, "a", "openai", "gpt-4o")
    put(loaded, "a", "openai", "o3", cost_usd=7.0, cost_source="reported")
    put(loaded, "a", "acme", "own")
    assert repriced(book) == 1
    assert stored(loaded) == [
        ("a", "gpt-4o", "computed", 0.0075),
        ("a", "o3", "reported", 7.0),
        ("a", "own", "none", None),
    ]
    assert repriced(book) == 0


def test_repricing_keeps_to_the_project_model_and_times_that_were_named(loaded: Store, book: PriceBook) -> None:
    put(loaded, "a", "openai", "gpt-4o")
    put(loaded, "b", "openai", "gpt-4o")
    put(loaded, "b", "openai", "gpt-4o-mini")
    put(loaded, "b", "openai", "gpt-4o", start_time="2026-10-01 00:00:00")
    since = datetime(2026, 10, 15, tzinfo=UTC)
    assert repriced(book, Repricing(project="b", model="gpt-4o", since=since)) == 1
    assert repriced(book, Repricing(project="b", until=since)) == 1
    assert repriced(book, Repricing(project="b'; --")) == 0
    assert [row[2] for row in stored(loaded)].count("computed") == 2


def test_a_projects_own_price_comes_before_everybodys_and_covers_every_name(loaded: Store, book: PriceBook) -> None:
    for project in ("a", "b"):
        for model in ("gpt-4o", "gpt-4o-2024-08-06"):
            put(loaded, project, "openai", model)
    book.set_price(GPT, {INPUT: 3.0, OUTPUT: 6.0})
    book.set_price(PriceKey("a", "openai", "GPT-4o"), {INPUT: 1.0, OUTPUT: 2.0})
    book.set_price(PriceKey("a", DATED.provider, DATED.model), {INPUT: 10.0})
    assert repriced(book) == 4
    assert [row[3] for row in stored(loaded)] == [0.002, 0.01, 0.006, 0.006]


def test_taking_a_price_back_leaves_the_packages(loaded: Store, book: PriceBook) -> None:
    put(loaded, "a", "openai", "gpt-4o")
    book.set_price(PriceKey("a", "openai", "gpt-4o"), {INPUT: 1.0})
    assert repriced(book) == 1
    assert book.unset_price(PriceKey("a", "openai", "gpt-4o")) == 1
    assert repriced(book) == 1
    assert stored(loaded) == [("a", "gpt-4o", "computed", 0.0075)]
    with pytest.raises(NotFound, match="no own price"):
        book.unset_price(PriceKey("a", "openai", "gpt-4o"))


def test_a_price_for_a_model_that_nobody_knows_is_used(loaded: Store, book: PriceBook) -> None:
    put(loaded, "a", "", "llama-at-home")
    put(loaded, "a", "vllm", "llama-at-home")
    book.set_price(PriceKey("", "", "llama-at-home"), {INPUT: 0.0}, request_usd=0.25)
    assert repriced(book) == 1
    assert sorted(row[2:] for row in stored(loaded)) == [("computed", 0.25), ("none", None)]


def test_of_several_own_prices_the_latest_that_has_begun_counts(loaded: Store, book: PriceBook) -> None:
    for day in ("2026-01-01", "2026-06-01", "2026-11-01"):
        put(loaded, day, "openai", "gpt-4o", start_time=f"{day} 00:00:00")
    book.set_price(GPT, {INPUT: 1000.0, OUTPUT: 0.0}, valid_from=datetime(2026, 6, 1, tzinfo=UTC))
    book.set_price(GPT, {INPUT: 2000.0, OUTPUT: 0.0}, valid_from=datetime(2026, 11, 1, tzinfo=UTC))
    book.set_price(GPT, {INPUT: 3000.0, OUTPUT: 0.0}, valid_from=datetime(2026, 11, 1, tzinfo=UTC))
    repriced(book)
    assert [row[3] for row in stored(loaded)] == [0.0075, 1.0, 3.0]
    assert len(book.list_prices(PriceFilter(source="override"))) == 2


def test_models_without_a_price_are_listed_with_their_spans(loaded: Store, book: PriceBook) -> None:
    for span_id in ("1", "2", "3"):
        put(loaded, "a", "acme", "own", span_id=span_id)
    put(loaded, "b", "acme", "other")
    put(loaded, "b", "acme", "no-usage", input_tokens=None, output_tokens=None)
    put(loaded, "b", "acme", "paid", cost_source="reported", cost_usd=1.0)
    found = book.unknown_models()
    assert [(row["model"], row["span_count"], row["input_tokens"]) for row in found] == [
        ("own", 3, 3000),
        ("other", 1, 1000),
    ]
    assert [row["model"] for row in book.unknown_models("b")] == ["other"]
    assert book.unknown_models(since=datetime(2026, 11, 2, tzinfo=UTC)) == []
    view = loaded.connection.query("SELECT project, model, span_count FROM unpriced_models ORDER BY project").rows
    assert [tuple(row) for row in view] == [("a", "own", 3), ("b", "other", 1)]


def test_a_version_is_loaded_once_and_keeps_own_prices(
    loaded: Store, book: PriceBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.set_price(GPT, {INPUT: 1.0})
    before = loaded.value("SELECT count() FROM model_prices")
    with monkeypatch.context() as patch:
        patch.setattr("spanhouse_collector.storage.prices_tables.catalogue", lambda: pytest.fail("loaded again"))
        load_catalogue(loaded.connection)
    loaded.connection.execute("TRUNCATE TABLE model_price_catalogue SYNC")  # as if killed before the end
    load_catalogue(loaded.connection)
    assert loaded.value("SELECT count() FROM model_prices") == before
    assert loaded.value("SELECT count() FROM model_prices WHERE source = 'override'") == 1


def test_look_up_tables_that_somebody_dropped_are_made_again(loaded: Store) -> None:
    for table in ("price_rules", "price_patterns", "price_projects"):
        loaded.connection.execute(f"DROP TABLE {table} SYNC")
    load_catalogue(loaded.connection)
    assert loaded.value("SELECT count() FROM price_rules") > 5000


def test_look_up_tables_that_a_restart_emptied_are_filled_again(loaded: Store) -> None:
    assert not ensure_rules(loaded.connection)
    for table in ("price_rules", "price_patterns", "price_projects"):
        loaded.connection.execute(f"TRUNCATE TABLE {table} SYNC")
    assert ensure_rules(loaded.connection)
    assert loaded.value("SELECT count() FROM price_rules") > 5000
    assert loaded.value("SELECT count() FROM price_patterns") > 500


def test_look_up_tables_leave_no_file_that_could_be_cut_off(loaded: Store) -> None:
    tables = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() AND engine = 'Join'"
    found = {name: str(text) for name, text in loaded.connection.query(tables).rows}
    for table in ("price_rules", "price_patterns", "price_projects"):
        assert "persistent = 0" in found[table]


@pytest.mark.parametrize(
    ("key", "usd", "told"),
    [
        (GPT, {}, "no price"),
        (GPT, {INPUT: -1.0}, "between 0"),
        (GPT, {INPUT: float("nan")}, "between 0"),
        (GPT, {INPUT: 2e6}, "between 0"),
        (GPT, {"input": 1.0}, "not a price"),
        (PriceKey("a b", "openai", "gpt-4o"), {INPUT: 1.0}, "not a project name"),
        (PriceKey("", "openai", ""), {INPUT: 1.0}, "1 to 256 bytes"),
        (PriceKey("", "openai", "x" * 257), {INPUT: 1.0}, "1 to 256 bytes"),
    ],
)
def test_an_impossible_price_is_refused_with_the_reason(
    book: PriceBook, key: PriceKey, usd: dict[str, float], told: str
) -> None:
    with pytest.raises(MalformedRequest, match=told):
        book.set_price(key, usd)


def test_only_so_many_projects_have_prices_of_their_own(book: PriceBook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_prices, "PROJECTS_MAX", 1)
    book.set_price(PriceKey("a", "openai", "gpt-4o"), {INPUT: 1.0})
    with pytest.raises(MalformedRequest, match="1 projects have prices of their own"):
        book.set_price(PriceKey("b", "openai", "gpt-4o"), {INPUT: 1.0})


def test_the_routes_list_set_unset_find_and_reprice(loaded: Store, book: PriceBook) -> None:
    put(loaded, "a", "openai", "gpt-4o")
    client = TestClient(api_app("0", [router(book)]))
    listed = client.get("/api/v1/prices", params={"provider": "openai", "model": "gpt-4o"}).json()["prices"]
    assert any(
        row["model"] == "gpt-4o" and row[INPUT] == 2.5 and row["source"].startswith("genai-prices") for row in listed
    )
    body = {"project": "a", "provider": "openai", "model": "gpt-4o", INPUT: 4.0, OUTPUT: 0.0}
    assert client.put("/api/v1/prices", json=body).json() == {"set": True}
    assert client.post("/api/v1/prices/reprice", json={"project": "a"}).json() == {"spans": 1}
    deadline = time.monotonic() + WAIT_S
    while client.get("/api/v1/prices/reprice").json()["running"]:
        assert time.monotonic() < deadline
    assert stored(loaded)[0][3] == 0.004
    name = {"project": "a", "provider": "openai", "model": "gpt-4o"}
    assert client.delete("/api/v1/prices", params=name).json() == {"removed": 1}
    assert client.delete("/api/v1/prices", params=name).status_code == 404
    assert client.get("/api/v1/prices/unknown").json() == {"models": []}
    assert client.put("/api/v1/prices", json={**body, INPUT: -1}).status_code == 400
    assert client.put("/api/v1/prices", json={**body, "surprise": 1}).status_code == 400
