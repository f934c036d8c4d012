"""The runs that bars compare: rotel, our collector filling rotel's tables or its own, on the server or embedded.

Owns: setting each contender up from nothing, one measured run of it, and cleaning up.
Leaves to others: the accounting (`run_cost.py`), which of them a bar sets side by side.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from tests.bench import rotel_table
from tests.bench.load import LoadPlan
from tests.bench.ours import OurCollector, embedded_store, read_embedded, server_store
from tests.bench.rotel_peer import DATABASE, TUNED, RotelPeer, RotelSettings, create_tables
from tests.bench.run_cost import RunCost, Store, measure
from tests.bench.session import Session

OUR_DATABASE: Final = "spanhouse_bench"
FSYNC_OFF: Final = "ALTER TABLE spans MODIFY SETTING fsync_after_insert = 0, fsync_part_directory = 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A contender that is up: where to send, which processes it is, where spans end up, how to see them there."""

    address: str
    collector_pid: int
    store: Store
    database: str = ""
    table: str = ""
    collector: OurCollector | None = None

    def measure(self, span_count: int, *, rate_spans_per_s: float = 0.0, warm_up_span_count: int = 25_600) -> RunCost:
        """Send and return the cost; flat out, or at a rate with enough in flight to keep to it."""
        plan = LoadPlan(
            target=self.address,
            span_count=span_count,
            rate_spans_per_s=rate_spans_per_s,
            in_flight_max=64 if rate_spans_per_s else 8,
        )
        return measure(
            plan,
            collector_pid=self.collector_pid,
            store=self.store,
            warm_up_span_count=warm_up_span_count,
            thread_names=self.collector.thread_names if self.collector is not None else dict,
        )


@contextmanager
def rotel(session: Session, settings: RotelSettings = TUNED) -> Iterator[Target]:
    """Rotel before new tables of its own."""
    server = session.server
    create_tables(server)
    peer = RotelPeer(server, session.fresh_directory("rotel.log"), settings)
    peer.start()
    try:
        yield Target(
            address=peer.target,
            collector_pid=peer.pid,
            store=server_store(server, DATABASE, "otel_traces"),
            database=DATABASE,
            table="otel_traces",
        )
    finally:
        peer.stop()


@contextmanager
def ours_on_server(
    session: Session, *, rotels_tables: bool = False, fsync: bool = True, options: tuple[str, ...] = ()
) -> Iterator[Target]:
    """Our collector before a new database of the server; its tables are *rotels_tables*, or our own."""
    server = session.server
    server.query(f"DROP DATABASE IF EXISTS {OUR_DATABASE} SYNC")
    data_dir = session.fresh_directory("collector")
    with OurCollector(data_dir, *options, clickhouse=server.url(OUR_DATABASE)) as collector:
        if rotels_tables:
            rotel_table.install(server, OUR_DATABASE)
        elif not fsync:
            server.query(FSYNC_OFF, settings={"database": OUR_DATABASE})
        table = "otel_traces" if rotels_tables else "spans"
        yield Target(
            address=collector.grpc,
            collector_pid=collector.pid,
            store=server_store(server, OUR_DATABASE, table),
            database=OUR_DATABASE,
            table=table,
            collector=collector,
        )
        collector.terminate()
    shutil.rmtree(data_dir)


@contextmanager
def ours_embedded(session: Session, *, options: tuple[str, ...] = (), keep: bool = False) -> Iterator[Target]:
    """Our collector with its own engine, in its default configuration."""
    data_dir = session.fresh_directory("embedded")
    with OurCollector(data_dir, *options) as collector:
        yield Target(
            address=collector.grpc,
            collector_pid=collector.pid,
            store=embedded_store(collector),
            collector=collector,
        )
        collector.terminate()
    if not keep:
        shutil.rmtree(data_dir)


def run_rotel(session: Session, *, settings: RotelSettings = TUNED, rate_spans_per_s: float = 0.0) -> RunCost:
    """One measured run of rotel and ClickHouse."""
    with rotel(session, settings) as target:
        return target.measure(session.sizes.span_count, rate_spans_per_s=rate_spans_per_s)


def run_on_server(session: Session, *, rotels_tables: bool, fsync: bool = True) -> RunCost:
    """One measured run of our collector and ClickHouse."""
    with ours_on_server(session, rotels_tables=rotels_tables, fsync=fsync) as target:
        return target.measure(session.sizes.span_count)


def run_embedded(session: Session) -> RunCost:
    """One measured run of our collector with its own engine; what it stored is counted in the directory afterwards.

    Raises:
        AssertionError: the tables hold another number of spans than the collector said.
    """
    with ours_embedded(session, keep=True) as target:
        cost = target.measure(session.sizes.span_count)
        told = target.store.stored_count()
        assert target.collector is not None
        data_dir = target.collector.data_dir
    stored, active_bytes = read_embedded(data_dir)
    shutil.rmtree(data_dir)
    if stored != told:
        raise AssertionError(f"the embedded tables hold {stored} spans, the collector counted {told}")
    return replace(cost, disk_bytes_per_span=active_bytes / stored)
