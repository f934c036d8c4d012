"""A disk that another process fills to the last bytes at random moments, under an embedded database at work, with and
without kill -9 in between: what was acknowledged is stored, each once, and sound enough for the next start.
"""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from tests.collector_process import CollectorProcess
from tests.crash.ballast import Ballast
from tests.crash.obligations import CHAOS, SEED, Ledger
from tests.crash.small_disk import mounted
from tests.prepared import prepare_embedded

DISK_MIB = 400
PACE_S = 0.05
OPTIONS = (
    *("--wal-segment-bytes", "1MiB", "--wal-segment-age", "50ms"),
    *("--admission-wait", "200ms", "--log-level", "warning"),
)
FLOOR = "64MiB"
LEFT_MAX_BYTES = 1_300_000  # the engine takes a part when it can reserve a MiB, and may then run out of it


KINDS = {
    "running on, no floor": (False, "0"),
    "killed, a floor": (True, FLOOR),
    "running on, a floor": (False, FLOOR),
    "killed, no floor": (True, "0"),
}
SHORT_KINDS = 2  # run with the other tests; `make chaos` runs all


@pytest.mark.parametrize("kind", list(KINDS)[: None if CHAOS else SHORT_KINDS])
def test_a_disk_filled_at_random_moments_loses_and_doubles_nothing(tmp_path: Path, kind: str) -> None:
    kills, floor = KINDS[kind]
    chance = random.Random(f"{SEED} {kind}")
    ledger = Ledger(padding=2_000)
    with mounted(tmp_path / "small", DISK_MIB) as disk:
        data = prepare_embedded(disk / "data")
        ballast = Ballast(disk / "ballast")
        collector = CollectorProcess(data, *OPTIONS, "--min-free-disk-bytes", floor)
        collector.start()
        for _ in range(CHAOS or 2):
            with ledger.load(collector, pace_s=PACE_S):
                ledger.wait_acknowledged(ledger.acknowledged + 5)
                threading.Event().wait(chance.uniform(0, 0.5))
                ballast.start(chance.choice([0, chance.randrange(LEFT_MAX_BYTES)]), chance.uniform(0, 1.5))
                if kills:
                    threading.Event().wait(chance.uniform(0, 1.8))  # while it is full, or a moment later
                    collector.kill()
            ballast.wait()
            if kills:
                collector.start()
        ledger.finish(collector)
        assert collector.metric("spanhouse_quarantined_records_total") == 0
        assert collector.terminate() == 0
        print(ledger.judge(data))
