"""Bar 2 of DESIGN section 6: CPU per stored span with all that Spanhouse adds, against rotel and ClickHouse without it.

Owns: which contenders run in turn, and the proof that what is measured has what the bar asks for: text indexes, the
trace model's columns filled, and synced parts.
Leaves to others: running a contender (`contenders.py`), the accounting (`run_cost.py`), what mapping alone costs
(`dialects.py`).
"""

from __future__ import annotations

from typing import Final

from tests.bench import contenders
from tests.bench.report import for_comparison
from tests.bench.run_cost import Contender, RunCost, alternate, cost_row, median_cost
from tests.bench.session import BarResult, Session

NUMBER: Final = "2"
RATIO_MAX: Final = 0.9
ROTEL: Final = "rotel (tuned) + ClickHouse, without any of these"
FULL: Final = "ours + ClickHouse, indexed, mapped, synced"
EMBEDDED: Final = "ours embedded, indexed, mapped, synced"
TEXT_INDEXES: Final = {"idx_input", "idx_output", "idx_attribute_keys", "idx_attribute_values"}


def run(session: Session) -> BarResult:
    """Measure bar 2."""
    costs = alternate(
        [
            Contender(name=ROTEL, run=lambda: contenders.run_rotel(session)),
            Contender(name=FULL, run=lambda: _run_full(session)),
            Contender(name=EMBEDDED, run=lambda: contenders.run_embedded(session)),
        ],
        session.sizes.round_count,
        session.tell,
    )
    total = median_cost(costs[ROTEL]).total_us_per_span
    return BarResult(
        rows=[
            cost_row(
                NUMBER,
                "CPU per span, text indexes, every column mapped, fsync",
                ours=costs[FULL],
                peer=costs[ROTEL],
                limit=RATIO_MAX,
            ),
            for_comparison(
                "",
                f"  {EMBEDDED}",
                value=median_cost(costs[EMBEDDED]).total_us_per_span,
                peer=total,
                unit="us/span",
                has_ratio=True,
            ),
        ],
        costs=[(name, median_cost(rounds)) for name, rounds in costs.items()],
        notes=["bar 2: checked of our table: text indexes, fsync_after_insert, and that spans have types and models"],
        details={},
    )


def _run_full(session: Session) -> RunCost:
    with contenders.ours_on_server(session) as target:
        cost = target.measure(session.sizes.span_count)
        _check_full(session, target.database)
        return cost


def _check_full(session: Session, database: str) -> None:
    """That the table has what the bar is about.

    Raises:
        AssertionError: it has not.
    """
    settings = {"database": database}
    rows = session.server.query(
        "SELECT name FROM system.data_skipping_indices WHERE database = currentDatabase() AND table = 'spans' "
        "AND type = 'text'",
        settings=settings,
    )
    if missing := TEXT_INDEXES - set(rows.split()):
        raise AssertionError(f"spans has no {', '.join(sorted(missing))}")
    if "fsync_after_insert = 1" not in session.server.query("SHOW CREATE TABLE spans", settings=settings):
        raise AssertionError("spans is not synced")
    if (
        session.server.query("SELECT count() > 0 FROM spans WHERE model != '' AND span_type = 'LLM'", settings=settings)
        != "1"
    ):
        raise AssertionError("no span is mapped")
