"""Mapping stored spans again, beside everything else that a collector does.

Owns the one run at a time, its state, and ending it. Leaves the mapping to `storage.remap`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.storage.engine import Engine
from spanhouse_collector.storage.remap import RemapScope, remap

logger = logging.getLogger(__name__)

STOP_WAIT_S: Final = 30.0
_STOPPED: Final = "the collector was stopped; begin again to go on"
_NO_ROOM: Final = "the disk has no room"


@dataclass(frozen=True)
class RemapState:
    """How far the run is, or the last one came; `span_count` is None until it is known."""

    running: bool = False
    span_count: int | None = None
    done_count: int = 0
    failure: str = ""


class Remapper:
    """Runs one after the other. `mapped` is told when the spans of a step were received, so that they are settled."""

    def __init__(self, engine: Engine, mapped: Callable[[int, int], None]) -> None:
        self._engine = engine
        self._mapped = mapped
        self._lock = threading.Lock()
        self._state = RemapState()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> RemapState:
        """How far it is."""
        return self._state

    def begin(self, scope: RemapScope) -> bool:
        """Begin a run; False when there is one already, which goes on."""
        with self._lock:
            if self._state.running or self._stop.is_set():
                return False
            self._state = RemapState(running=True)
            self._thread = threading.Thread(target=self._run, args=(scope,), name="remap", daemon=True)
            self._thread.start()
            return True

    def stop(self) -> bool:
        """End the run after its step, for good; whether it ended. The next collector's goes on where it was."""
        self._stop.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(STOP_WAIT_S)
        return thread is None or not thread.is_alive()

    def _run(self, scope: RemapScope) -> None:
        failure = ""
        try:
            while (failure := self._steps(scope)) == _NO_ROOM:
                if not self._engine.room.wait(self._stop):
                    failure = _STOPPED
                    break
        except SpanhouseError as error:
            failure = error.message
            logger.warning("mapping stored spans again came to an end early: %s", failure)
        finally:
            self._state = replace(self._state, running=False, failure=failure)

    def _steps(self, scope: RemapScope) -> str:
        """Run to the end; why it came to another one, and `_NO_ROOM` when it goes on once the disk has some."""
        room = self._engine.room
        try:
            with closing(remap(self._engine, scope)) as steps:
                for progress in steps:
                    self._state = RemapState(True, progress.span_count, progress.done_count)
                    if progress.last_received_unix_nano:
                        self._mapped(progress.first_received_unix_nano, progress.last_received_unix_nano)
                    if self._stop.is_set():
                        return _STOPPED
        except SpanhouseError as error:
            room.saw(error)
            room.look()
            if not room.is_open:
                return _NO_ROOM
            raise
        return ""
