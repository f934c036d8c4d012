"""What mapping costs: spans of one dialect beside spans of all.

Owns: spans whose keys are drawn from the vocabulary, all with as many attributes of the same size, so that nothing but
their dialects differs; the CPU of inserting them into an embedded engine in this process.
Leaves to others: the bars of DESIGN section 6.

What is measured is the insert alone, mapping and writing, with merges stopped; of a span's cost the fixed cost of an
insert is taken off.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from spanhouse_collector.model.span_sql.keys import TARGETS
from spanhouse_collector.model.vocabulary import written
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.storage.engine import EmbeddedEngine
from spanhouse_collector.storage.prices_tables import load_catalogue
from spanhouse_collector.storage.schema import migrate
from tests.bench.report import BenchRow, for_comparison
from tests.bench.session import BarResult, Session
from tests.builders import make_span, traces
from tests.tables import Store, framed

ONE: Final = "openllmetry"
SPANS: Final = 20_000
SPANS_A_REQUEST: Final = 500
ROUNDS: Final = 5
SMALL_INSERTS: Final = 12
ATTRIBUTES: Final = (10, 40)
_VALUE: Final = "gpt-4o-mini 12345"


def run(session: Session) -> BarResult:
    """Measure microseconds a span for one dialect and for all, with few and with many attributes."""
    session.stop_server()
    rows: list[BenchRow] = []
    with _store(session.fresh_directory("dialects")) as store:
        for count in ATTRIBUTES:
            one, every = _segment([_keys_of(ONE)], count), _segment([_keys_of(name) for name in _dialects()], count)
            plain = _segment([[f"application.key.{number}" for number in range(count)]], count)
            costs = _alternate({"one": one, "all": every, "none": plain}, store)
            fixed = _fixed_cpu_s(store) / SPANS * 1e6
            costs = {name: cost - fixed for name, cost in costs.items()}
            session.tell(f"{count} attributes: " + ", ".join(f"{name} {cost:.2f} µs" for name, cost in costs.items()))
            measure = f"CPU of mapping and writing a span of {count} attributes"
            rows += [
                for_comparison(
                    "", f"{measure}, all dialects (peer: one)", value=costs["all"], unit="µs", peer=costs["one"],
                    has_ratio=True,
                ),
                for_comparison("", f"{measure}, none known", value=costs["none"], unit="µs"),
            ]  # fmt: skip
    note = f"dialects: {len(_dialects())} of them, {SPANS:,} spans an insert, median of {ROUNDS} alternating rounds"
    return BarResult(rows=rows, notes=[note])


@contextmanager
def _store(directory: Path, database: str = "dialects") -> Iterator[Store]:
    engine = EmbeddedEngine(directory, database=database)
    migrate(engine)
    store = Store(engine)
    load_catalogue(store.connection)
    store.connection.execute("SYSTEM STOP MERGES spans")
    try:
        yield store
    finally:
        store.close()
        engine.close()


def _fixed_cpu_s(store: Store) -> float:
    """CPU of an insert of one span, which is nearly all that an insert costs whatever is in it."""
    segment = framed(traces(make_span(attributes=dict.fromkeys(_keys_of(ONE)[:10], _VALUE))).SerializeToString())
    costs = [_cpu_s(store, segment) for _ in range(SMALL_INSERTS)]
    return statistics.median(costs[2:])


def _dialects() -> list[str]:
    """Those with keys enough for a span that no other dialect is needed for."""
    names = dict.fromkeys(source.dialect for target in TARGETS for source in written(target))
    return [name for name in names if len(_keys_of(name)) >= min(ATTRIBUTES)]


def _keys_of(dialect: str) -> list[str]:
    keys = (source.key for target in TARGETS for source in written(target) if source.dialect == dialect)
    return list(dict.fromkeys(key for key in keys if "#" not in key and ":" not in key))


def _segment(of_dialects: Sequence[Sequence[str]], count: int) -> bytes:
    """Spans of these dialects in turn, each of `count` attributes; what a dialect lacks is made up of unknown keys."""
    kinds = cycle(
        [*keys[:10], *(f"application.key.{number}" for number in range(count))][:count] for keys in of_dialects
    )
    spans = [make_span(attributes=dict.fromkeys(keys, _VALUE)) for keys in islice(kinds, SPANS)]
    requests = (traces(*spans[start : start + SPANS_A_REQUEST]) for start in range(0, SPANS, SPANS_A_REQUEST))
    return b"".join(framed(request.SerializeToString(), items=SPANS_A_REQUEST) for request in requests)


def _alternate(segments: dict[str, bytes], store: Store) -> dict[str, float]:
    """Microseconds a span by segment."""
    costs: dict[str, list[float]] = {name: [] for name in segments}
    for _ in range(ROUNDS):
        for name, segment in segments.items():
            costs[name].append(_cpu_s(store, segment) / SPANS * 1e6)
            store.truncate()
    return {name: statistics.median(values) for name, values in costs.items()}


def _cpu_s(store: Store, segment: bytes) -> float:
    """CPU that this process spends on an insert, the engine's threads included."""
    before = time.process_time()
    store.insert_bytes(TRACES, segment)
    return time.process_time() - before
