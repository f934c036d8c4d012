"""The thread that settles what was stored: a moment after each insert, as often as that costs little.

Owns when windows are settled, in what steps, how far an earlier process had come, and that a database that is away is
waited for: what was stored stays to be settled until it is. Leaves what settling is to `settle`.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_exponential,
)

from spanhouse_collector.errors import code_of
from spanhouse_collector.storage.engine import Engine
from spanhouse_collector.storage.settle import SECOND_NS, Settlement, Window
from spanhouse_collector.telemetry import Repeated, Telemetry

logger = logging.getLogger(__name__)

PAUSE_MIN_S: Final = 0.5
PAUSE_MAX_S: Final = 30.0
PAUSE_RATIO: Final = 9.0  # a tenth of one core's time
STEP_NS: Final = 20 * SECOND_NS  # of a long window: what a database that was away left behind
RETRY_FIRST_S: Final = 0.5
RETRY_MAX_S: Final = 15.0
_SETTLED_UNTIL: Final = "settled_until_unix_nano"


class Settler:
    """One thread, from `start` to `stop`. `stored` may be called from any."""

    def __init__(
        self, engine: Engine, state_file: Path, telemetry: Telemetry, *, clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._settlement = Settlement(engine)
        self._room = engine.room
        self._state_file = state_file
        self._telemetry = telemetry
        self._clock = clock
        self._repeated = Repeated(logger)
        self._lock = threading.Lock()
        self._waiting: Window | None = None
        self._settled_until = 0
        self._stored_until = 0  # what is received later may still be in the log, and has to be settled after it
        self._something = threading.Event()
        self._drain = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="settler", daemon=True)

    def start(self) -> None:
        """Begin, with what an earlier process left."""
        self._settled_until = self._stored_until = self._read_state()
        self._waiting = Window(self._settled_until, max(self._settled_until, self._clock()))
        self._something.set()
        self._thread.start()

    def stored(self, first_unix_nano: int, last_unix_nano: int) -> None:
        """Spans received between these times can be read now."""
        with self._lock:
            self._stored_until = max(self._stored_until, last_unix_nano)
            waiting = self._waiting or Window(first_unix_nano, last_unix_nano)
            self._waiting = Window(
                min(waiting.first_unix_nano, first_unix_nano), max(waiting.last_unix_nano, last_unix_nano)
            )
        self._something.set()

    @property
    def is_running(self) -> bool:
        """Whether its thread lives: from `start` to `stop`, and beyond when a statement hangs."""
        return self._thread.is_alive()

    def stop(self, *, drain_s: float, grace_s: float | None) -> None:
        """Settle what waits within `drain_s`, then end. What remains is settled by the next start."""
        self._drain.set()
        self._something.set()
        self._thread.join(drain_s)
        self._stop.set()
        self._thread.join(grace_s)
        if not self._thread.is_alive():
            self._settlement.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._something.wait()
            self._something.clear()
            with self._lock:
                window, self._waiting = self._waiting, None
            if window is not None:
                took_s = self._settle_patiently(window)
                if not self._drain.is_set():
                    self._drain.wait(min(PAUSE_MAX_S, max(PAUSE_MIN_S, PAUSE_RATIO * took_s)))
            elif self._drain.is_set():
                return
            if self._drain.is_set():
                self._something.set()

    def _settle_patiently(self, window: Window) -> float:
        """Settle a window, however often it takes; returns how long the last attempt took."""
        return Retrying(
            # Whatever it is: a thread that died would leave every later sum wrong.
            retry=retry_if_exception_type(Exception),
            wait=wait_exponential(multiplier=RETRY_FIRST_S, max=RETRY_MAX_S),
            stop=stop_when_event_set(self._drain),
            sleep=sleep_using_event(self._drain),
            before_sleep=self._told,
            retry_error_callback=lambda state: 0.0,
        )(self._settle, window)

    def _settle(self, window: Window) -> float:
        started = time.monotonic()
        step = window
        while True:
            if step.last_unix_nano - step.first_unix_nano > STEP_NS:
                received = self._settlement.next_received(step.first_unix_nano - 1)
                if received is None or received > step.last_unix_nano:
                    break
                step = Window(received, min(received + STEP_NS, window.last_unix_nano))
            if not self._room.wait(self._drain):
                break
            settled = self._settlement.settle(step)
            self._telemetry.corrected_spans.inc(settled.corrections)
            self._write_state(min(step.last_unix_nano, max(self._stored_until, step.first_unix_nano)))
            if step.last_unix_nano >= window.last_unix_nano or self._stop.is_set():
                break
            step = Window(step.last_unix_nano + 1, window.last_unix_nano)
        took_s = time.monotonic() - started
        self._telemetry.settle_seconds.observe(took_s)
        return took_s

    def _told(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        name = code_of(error)
        self._room.saw(error)
        self._telemetry.settle_failures.labels(name).inc()
        self._repeated.warning(f"settle {name}", "spans cannot be settled yet, trying again: %s: %s", name, error)

    def _read_state(self) -> int:
        """How far an earlier process came; 0, the beginning of time, when that is not known."""
        try:
            return int(json.loads(self._state_file.read_text("utf-8"))[_SETTLED_UNTIL])
        except FileNotFoundError:
            return 0
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("%s cannot be read (%s): settling everything that is stored", self._state_file, error)
            return 0

    def _write_state(self, settled_until: int) -> None:
        """Not synced: an older state only means that more is settled again."""
        if settled_until > self._settled_until:
            self._settled_until = settled_until
            beside = self._state_file.with_suffix(".tmp")
            beside.write_text(json.dumps({_SETTLED_UNTIL: settled_until}), "utf-8")
            os.replace(beside, self._state_file)
