"""Bar 3 of DESIGN section 6: ACK latency at 20,000 spans a second, the log synced before each ACK.

Owns: the paced runs, pooling their rounds, the rows of the bar.
Leaves to others: pacing and latency (`load.py`).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Final

from tests.bench import contenders
from tests.bench.report import BenchRow, at_most, for_comparison
from tests.bench.run_cost import Contender, RunCost, alternate, median_cost
from tests.bench.session import BarResult, Session

NUMBER: Final = "3"
RATE_SPANS_PER_S: Final = 20_000.0
P99_MAX_MS: Final = 50.0
EMBEDDED: Final = "ours embedded"
SERVER: Final = "ours + ClickHouse"
ROTEL: Final = "rotel (tuned) + ClickHouse, ACK from memory"


def run(session: Session) -> BarResult:
    """Measure bar 3."""
    span_count = int(RATE_SPANS_PER_S * session.sizes.paced_s)

    def paced(target: contenders.Target) -> RunCost:
        return target.measure(span_count, rate_spans_per_s=RATE_SPANS_PER_S)

    def embedded() -> RunCost:
        with contenders.ours_embedded(session) as target:
            return paced(target)

    def on_server() -> RunCost:
        with contenders.ours_on_server(session) as target:
            return paced(target)

    def rotel() -> RunCost:
        with contenders.rotel(session) as target:
            return paced(target)

    costs = {
        **alternate(
            [Contender(name=ROTEL, run=rotel), Contender(name=SERVER, run=on_server)], _rounds(session), session.tell
        ),
        **_without_server(session, embedded),
    }
    rows: list[BenchRow] = []
    for name in (EMBEDDED, SERVER):
        rows += _rows(name, costs[name], costs[ROTEL])
    return BarResult(
        rows=rows,
        costs=[(f"{name}, at {RATE_SPANS_PER_S:,.0f}/s", median_cost(found)) for name, found in costs.items()],
        notes=_notes(costs[EMBEDDED], costs[SERVER]),
    )


def _rounds(session: Session) -> int:
    return session.sizes.round_count


def _without_server(session: Session, embedded: Callable[[], RunCost]) -> dict[str, Sequence[RunCost]]:
    """Return the embedded rounds, the idle server out of the way."""
    session.stop_server()
    return dict(alternate([Contender(name=EMBEDDED, run=embedded)], _rounds(session), session.tell))


def _rows(name: str, ours: Sequence[RunCost], peer: Sequence[RunCost]) -> list[BenchRow]:
    def median(costs: Sequence[RunCost], what: Callable[[RunCost], float]) -> float:
        return statistics.median(what(cost) for cost in costs)

    def p99(cost: RunCost) -> float:
        return cost.load.ack.p99_ms

    def p99_from_plan(cost: RunCost) -> float:
        return cost.load.ack_from_plan.p99_ms

    def p50(cost: RunCost) -> float:
        return cost.load.ack.p50_ms

    def worst(cost: RunCost) -> float:
        return cost.load.ack.max_ms

    bar = at_most(
        NUMBER,
        f"ACK p99 at 20,000 spans/s, {name}",
        value=median(ours, p99),
        limit=P99_MAX_MS,
        unit="ms",
        peer=median(peer, p99),
    )
    others = {"p50": p50, "p99 from the planned moment": p99_from_plan, "max": worst}
    return [
        bar,
        *(
            for_comparison("", f"  {label}", value=median(ours, what), unit="ms", peer=median(peer, what))
            for label, what in others.items()
        ),
    ]


def _notes(*contenders_costs: Sequence[RunCost]) -> list[str]:
    refused = [cost.load.refused for costs in contenders_costs for cost in costs if cost.load.refused]
    slowest = min(cost.load.spans_per_s for costs in contenders_costs for cost in costs)
    return [
        f"bar 3: the client kept to {slowest:,.0f} spans/s or more; refused: {refused or 'nothing'}; "
        "512 spans (550 KB) a request, 40 requests a second, median over rounds of each figure",
        "bar 3: rotel acknowledges from memory, before anything is on disk",
    ]
