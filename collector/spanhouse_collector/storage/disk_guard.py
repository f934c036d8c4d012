"""The watch over the disk that the embedded database writes to.

The engine writes on to the last byte, and does not notice every write that then fails. Owns one thread that looks at
the disk ten times a second: when it gets low, merges stop (whoever else writes asks `DiskRoom`); after any sign of a
full disk the parts that were written lately are checked and broken ones replaced by what they were merged from; and
before writing goes on, the log gets those retained segments back of which rows are missing. So does it at each start.

Leaves the floors to `wal.room`, what broken parts are to `broken_parts`, storing again to the loader.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.otlp.signals import BY_NAME
from spanhouse_collector.storage.broken_parts import BrokenPart, BrokenParts
from spanhouse_collector.storage.engine import Connection, Engine
from spanhouse_collector.storage.stored_rows import StoredRows
from spanhouse_collector.telemetry import Repeated, Telemetry
from spanhouse_collector.wal.log import WriteAheadLog
from spanhouse_collector.wal.retained import RetainedSegments
from spanhouse_collector.wal.room import LOOK_S

logger = logging.getLogger(__name__)

EXPIRE_EVERY: Final = 100  # looks
RETRY_LOOKS: Final = 10  # between attempts at what failed


class DiskGuard:
    """One thread, from `start` to `stop`. `when_patches_broke` is called when corrections of rows are lost."""

    def __init__(
        self,
        engine: Engine,
        logs: Mapping[str, WriteAheadLog],
        retained: RetainedSegments,
        telemetry: Telemetry,
        *,
        when_patches_broke: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._room = engine.room
        self._logs = logs
        self._retained = retained
        self._telemetry = telemetry
        self._when_patches_broke = when_patches_broke
        self._connection: Connection | None = None
        self._broken: BrokenParts | None = None
        self._rows: dict[str, StoredRows] = {}
        self._set_aside: list[BrokenPart] = []
        self._merges_stopped = False
        self._looked_at_signs = -1  # nothing yet: an earlier process may have ended on a full disk
        self._mended_signs = 0
        self._repeated = Repeated(logger)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="disk-guard", daemon=True)

    def begin(self) -> None:
        """Look for the first time, as soon as the engine runs: a merge on a full disk breaks what is whole.

        Raises:
            StorageError: the engine cannot be asked.

        """
        self._room.look(now=True)
        self._stop_merges()
        self._tell_set_aside()

    def start(self) -> None:
        """Watch on, in a thread."""
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether its thread lives."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the thread and its connections."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        for rows in self._rows.values():
            rows.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def set_aside(self) -> list[BrokenPart]:
        """The broken parts that the engine has set aside."""
        return self._set_aside

    def _run(self) -> None:
        looks = not_before = 0
        while not self._stop.wait(LOOK_S):
            looks += 1
            self._room.look(now=True)
            if looks % EXPIRE_EVERY == 0 and self._room.is_open:
                self._retained.expire()
            if looks < not_before:
                continue
            try:
                self._act()
            except (SpanhouseError, OSError) as error:
                not_before = looks + RETRY_LOOKS
                self._room.saw(error)
                self._repeated.warning("guard", "the database cannot be looked at yet, trying again: %s", error)
            except Exception:  # the edge of the thread: without it nothing would be written ever again
                not_before = looks + RETRY_LOOKS
                logger.exception("the guard of the disk failed in a way nobody thought of")

    def _act(self) -> None:
        """Do what is due.

        Raises:
            StorageError, OSError: do it again.

        """
        self._stop_merges()
        signs = self._room.signs
        goes_on = not self._room.is_low and not self._room.is_open
        if signs != self._mended_signs or goes_on:
            # At once, full as the disk may be: the sources of a broken merge are deleted after minutes. And again
            # before going on: what was being written when the disk got low has ended now.
            self._mend()
            self._mended_signs = signs
        if self._room.is_low:
            return
        if signs != self._looked_at_signs:
            self._take_back()
            self._looked_at_signs = signs
        if goes_on and self._room.signs == signs:
            if self._merges_stopped:
                self._connected().execute("SYSTEM START MERGES")
                self._merges_stopped = False
            self._room.reopen()

    def _stop_merges(self) -> None:
        if not self._room.is_open and not self._merges_stopped:
            self._connected().execute("SYSTEM STOP MERGES")  # those that run end too
            self._merges_stopped = True

    def _mend(self) -> None:
        self._connected()
        assert self._broken is not None
        if self._broken.mend():
            if self._merges_stopped:
                self._connected().execute("SYSTEM STOP MERGES")  # a table that was loaded anew merges again
            self._tell_set_aside()

    def _tell_set_aside(self) -> None:
        """Say what the engine has set aside since it was last asked."""
        self._connected()
        assert self._broken is not None
        before, self._set_aside = set(self._set_aside), self._broken.set_aside()
        for table, count in Counter(part.table for part in self._set_aside).items():
            self._telemetry.broken_parts.labels(table).set(count)
        new = [part for part in self._set_aside if part not in before]
        for part in new:
            logger.error(
                "the database found a part broken and set it aside: %s; what the log still has of it is stored again. "
                "Delete it when nothing is missed",
                part,
            )
        if any(part.is_patch for part in new):
            self._when_patches_broke()

    def _take_back(self) -> None:
        """Give the log those retained segments back of which rows are missing."""
        for name, log in self._logs.items():
            rows = self._rows.setdefault(name, StoredRows(self._engine, BY_NAME[name]))
            for segment in self._retained.segments(name):
                if self._stop.is_set():
                    return
                try:
                    sent = Counter[int]()
                    for entry in segment.entries:
                        sent[entry.envelope.received_unix_nano] += entry.envelope.item_count
                except FileNotFoundError:
                    continue  # it was too old meanwhile
                stored = rows.counts(sent)
                missing = sum(max(0, count - stored.get(moment, 0)) for moment, count in sent.items())
                if missing:
                    logger.warning("%d items of %s are not in the database; loading it again", missing, segment.id)
                    log.take_back(segment)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._broken = BrokenParts(self._connection)
        return self._connection


def warnings_of(parts: list[BrokenPart]) -> list[str]:
    """What operators are told of parts that are set aside."""
    return [f"the database found a part broken and set it aside: {part}" for part in parts]
