"""The settler loses nothing: not when the database is away, not when the process ends in between."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spanhouse_collector.errors import StorageUnavailable
from spanhouse_collector.storage import settler as settler_module
from spanhouse_collector.storage.engine import EmbeddedEngine
from spanhouse_collector.storage.settle import SECOND_NS, Settled, Window
from spanhouse_collector.storage.settler import Settler
from spanhouse_collector.telemetry import Telemetry

NOW = 1000 * SECOND_NS


class FakeSettlement:
    """Records windows; fails as often as told; knows when spans were received."""

    def __init__(self, failures: int = 0, received: tuple[int, ...] = ()) -> None:
        self.windows: list[Window] = []
        self.failures = failures
        self.received = received
        self.settled = threading.Event()

    def settle(self, window: Window) -> Settled:
        if self.failures:
            self.failures -= 1
            raise StorageUnavailable("away")
        self.windows.append(window)
        self.settled.set()
        return Settled(1, 2)

    def next_received(self, after_unix_nano: int) -> int | None:
        return next((time for time in self.received if time > after_unix_nano), None)

    def close(self) -> None:
        """Nothing to close."""


class Rig:
    def __init__(self, directory: Path) -> None:
        self.state_file = directory / "settled.json"
        self.telemetry = Telemetry()
        self.running: list[Settler] = []

    def start(self, fake: FakeSettlement, now: int = NOW) -> Settler:
        engine = EmbeddedEngine(self.state_file.parent / "never opened")
        made = Settler(engine, self.state_file, self.telemetry, clock=lambda: now)
        made._settlement = fake  # type: ignore[assignment]
        made.start()
        self.running.append(made)
        return made

    def metric(self, name: str) -> float:
        return sum(
            sample.value
            for family in self.telemetry.registry.collect()
            for sample in family.samples
            if sample.name == name
        )


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr(settler_module, "RETRY_FIRST_S", 0.001)
    monkeypatch.setattr(settler_module, "RETRY_MAX_S", 0.001)
    made = Rig(tmp_path)
    yield made
    for settler in made.running:
        settler.stop(drain_s=5, grace_s=5)


def test_what_was_stored_while_the_database_is_away_is_settled_when_it_is_back(rig: Rig) -> None:
    rig.state_file.write_text(json.dumps({"settled_until_unix_nano": NOW - SECOND_NS}))
    fake = FakeSettlement(failures=4)
    settler = rig.start(fake)
    assert fake.settled.wait(10)
    settler.stop(drain_s=5, grace_s=5)
    assert not settler.is_running
    assert fake.windows == [Window(NOW - SECOND_NS, NOW)]
    assert rig.metric("spanhouse_settle_failures_total") == 4
    assert rig.metric("spanhouse_corrected_spans_total") == 2


def test_stopping_settles_what_waits_without_the_usual_pause(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settler_module, "PAUSE_MIN_S", 60.0)
    monkeypatch.setattr(settler_module, "PAUSE_MAX_S", 60.0)
    rig.state_file.write_text(json.dumps({"settled_until_unix_nano": NOW - 1}))
    fake = FakeSettlement()
    settler = rig.start(fake)
    assert fake.settled.wait(10)
    settler.stored(NOW + 5, NOW + 7)
    settler.stored(NOW + 2, NOW + 6)
    settler.stop(drain_s=5, grace_s=5)
    assert fake.windows[1:] == [Window(NOW + 2, NOW + 7)]


def test_the_next_start_begins_where_this_one_came_to(rig: Rig) -> None:
    first = FakeSettlement(received=(NOW - 5,))
    rig.start(first).stop(drain_s=5, grace_s=5)
    assert first.windows == [Window(NOW - 5, NOW)]
    second = FakeSettlement()
    rig.start(second, NOW + 9).stop(drain_s=5, grace_s=5)
    assert second.windows == [Window(NOW - 5, NOW + 9)]


def test_what_is_not_stored_yet_is_not_taken_for_settled(rig: Rig) -> None:
    """Spans received before the start may be in the log still: they are settled after their insert, or by a restart."""
    rig.state_file.write_text(json.dumps({"settled_until_unix_nano": NOW - 9}))
    rig.start(FakeSettlement()).stop(drain_s=5, grace_s=5)
    assert json.loads(rig.state_file.read_text()) == {"settled_until_unix_nano": NOW - 9}
    settler = rig.start(FakeSettlement())
    settler.stored(NOW - 7, NOW - 4)
    settler.stop(drain_s=5, grace_s=5)
    assert json.loads(rig.state_file.read_text()) == {"settled_until_unix_nano": NOW - 4}


def test_a_stop_while_the_database_is_away_leaves_the_window_to_the_next_start(rig: Rig) -> None:
    rig.state_file.write_text(json.dumps({"settled_until_unix_nano": NOW - 1}))
    rig.start(FakeSettlement(failures=1_000_000)).stop(drain_s=5, grace_s=5)
    fake = FakeSettlement()
    rig.start(fake, NOW + 9).stop(drain_s=5, grace_s=5)
    assert fake.windows == [Window(NOW - 1, NOW + 9)]


@pytest.mark.parametrize("state", [None, "no json", '{"settled_until_unix_nano": null}', "{}"])
def test_without_a_readable_state_everything_stored_is_settled_in_steps(rig: Rig, state: str | None) -> None:
    if state is not None:
        rig.state_file.write_text(state)
    step = settler_module.STEP_NS
    fake = FakeSettlement(received=(SECOND_NS, SECOND_NS + step, NOW - 3))
    rig.start(fake).stop(drain_s=5, grace_s=5)
    assert fake.windows == [
        Window(SECOND_NS, SECOND_NS + step),
        Window(NOW - 3, NOW),
    ]
    assert json.loads(rig.state_file.read_text()) == {"settled_until_unix_nano": NOW - 3}
