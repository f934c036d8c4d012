"""The loop that empties the log of one signal into the database.

Owns the order (oldest first, one at a time), the retries, and the promise that a segment is deleted only after the
database has it durably. A segment the database refuses because of its data goes to `bisection`; any other failure is
waited out, for as long as it takes, while the log keeps everything.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_when_event_set,
    wait_exponential,
    wait_random,
)

from spanhouse_collector.errors import RecordRefused, code_of
from spanhouse_collector.loader.attempt import Inserter, PatientInserter
from spanhouse_collector.loader.bisection import Bisection
from spanhouse_collector.loader.read_back import ReadBack
from spanhouse_collector.otlp.signals import Signal
from spanhouse_collector.telemetry import Repeated, Telemetry
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.log import WriteAheadLog
from spanhouse_collector.wal.recent import RecentRequests
from spanhouse_collector.wal.record import Envelope
from spanhouse_collector.wal.recovery import MISSING
from spanhouse_collector.wal.room import FULL_ERRNOS, DiskRoom
from spanhouse_collector.wal.segment import Entry, Segment

logger = logging.getLogger(__name__)

RETRY_FIRST_S: Final = 0.2
RETRY_MAX_S: Final = 15.0
# An insert costs some hundredths of a second before its first row, one into the five views of metrics most of one
# (decisions 006, 019).
# While data trickles in, a segment stays open so many times longer than that: inserts then cost a third of a core.
PACE_RATIO: Final = 2.0
PACE_MAX_S: Final = 3.0
TRICKLE_BYTES: Final = 1 << 20  # a segment below this cost more to begin than to insert
LAG_SHOWN_S: Final = 60.0  # the lag of the last insert; longer than any scraper waits
STOP_GRACE_S: Final = 5.0  # for the insert under way, after the drain: one that hangs must not hold up the exit

Clock = Callable[[], int]  # wall-clock nanoseconds since 1970


class SegmentLoader:
    """One thread that loads one signal's segments until `stop`."""

    def __init__(
        self,
        signal: Signal,
        log: WriteAheadLog,
        inserter: Inserter,
        bisection: Bisection,
        recent: RecentRequests,
        telemetry: Telemetry,
        disk: Disk | None = None,
        *,
        clock: Clock = time.time_ns,
        when_stored: Callable[[Segment], None] | None = None,
        room: DiskRoom | None = None,
        read_back: ReadBack | None = None,
    ) -> None:
        self._room = room or DiskRoom()
        self._read_back = read_back
        self._signs = 0  # of a full disk, before the segment at hand was first inserted
        self._when_stored = when_stored
        self._signal = signal
        self._log = log
        self._inserter = PatientInserter(inserter)
        self._bisection = bisection
        self._recent = recent
        self._telemetry = telemetry
        self._disk = disk or Disk()
        self._clock = clock
        self._repeated = Repeated(logger)
        self._unwritten: list[Envelope] = []  # of stored segments; their fingerprints are not on disk yet
        self._set_aside: list[Entry] = []  # of the segment at hand: what is in quarantine
        self._last_lag = 0.0, 0.0  # when the last insert ended, on the monotonic clock, and its lag
        self._pace_s = 0.0
        self._stop = threading.Event()
        self._drain = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"loader-{signal.name}", daemon=True)

    def start(self) -> None:
        """Begin loading, with what an earlier process left."""
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether its thread lives: from `start` to `stop`, and beyond when an insert hangs."""
        return self._thread.is_alive()

    def stop(self, *, drain_s: float, grace_s: float | None = STOP_GRACE_S) -> bool:
        """Load what the log holds within `drain_s`, then end; whether all of it is stored. The rest stays.

        An insert that still hangs `grace_s` later is left behind, and `is_running` stays true: its segment is in the
        log, and its token lets the next start repeat it. With None it is waited for.
        """
        self._drain.set()
        self._log.wake()
        self._thread.join(drain_s)
        self._stop.set()
        self._log.wake()
        self._thread.join(grace_s)
        if self._thread.is_alive():
            logger.warning("an insert of %s does not end; it is left behind, the log has its data", self._signal.name)
            return False
        self._inserter.close()
        if self._read_back is not None:
            self._read_back.close()
        return self._log.size_bytes() == 0

    def refresh_metrics(self) -> None:
        """Bring the gauges that grow while nothing is stored up to date."""
        age_s = age_of(self._log, self._clock)
        self._telemetry.wal_age_seconds.labels(self._signal.name).set(age_s)
        when_s, lag_s = self._last_lag
        of_insert_s = lag_s if time.monotonic() - when_s < LAG_SHOWN_S else 0.0
        self._telemetry.freshness_lag_seconds.labels(self._signal.name).set(max(age_s, of_insert_s))

    def _run(self) -> None:
        while not self._stop.is_set():
            draining = self._drain.is_set()  # asked before: a drain that begins while waiting is not done yet
            segment = self._log.next_segment(self._drain, seal_now=draining, min_age_s=self._pace_s)
            if segment is not None:
                self._load(segment)
            elif draining:
                return

    def _load(self, segment: Segment) -> None:
        """Store a segment, however often it takes; give it back when told to stop first."""
        self._room.look()
        self._signs = self._room.signs
        for step in (self._store, self._release):
            done = Retrying(
                # Whatever it is: a loader that died would let the log fill up behind it.
                retry=retry_if_exception_type(Exception),
                wait=wait_exponential(multiplier=RETRY_FIRST_S, max=RETRY_MAX_S) + wait_random(0, RETRY_FIRST_S),
                stop=stop_when_event_set(self._stop),
                sleep=sleep_using_event(self._stop),
                before_sleep=lambda state: self._told(segment, state),
                retry_error_callback=lambda state: False,
            )(step, segment)
            if not done:
                self._log.give_back(segment)
                return

    def _store(self, segment: Segment) -> bool:
        """Insert the segment, once the disk has room; what is stored of it already is not stored again."""
        if not self._is_whole(segment):
            return True
        if not self._room.wait(self._stop):
            return False
        started = time.monotonic()
        self._set_aside = set_aside = self._insert(segment)
        self._prove(segment, set_aside)
        now = self._clock()
        took_s = time.monotonic() - started
        self._pace_s = min(PACE_MAX_S, PACE_RATIO * took_s) if segment.size_bytes < TRICKLE_BYTES else 0.0
        self._telemetry.insert_seconds.labels(self._signal.name).observe(took_s)
        self._last_lag = time.monotonic(), max(0.0, (now - segment.oldest_unix_nano) / 1e9)
        self.refresh_metrics()
        if self._when_stored is not None:
            self._when_stored(segment)  # fails only before anything is counted: it is tried again with the insert
        self._telemetry.stored_items.labels(self._signal.name).inc(
            segment.item_count - sum(entry.envelope.item_count for entry in set_aside)
        )
        self._unwritten += (entry.envelope for entry in segment.entries)
        return True

    def _prove(self, segment: Segment, set_aside: list[Entry]) -> None:
        """After a sign of a full disk, or what an earlier process did, an insert that returned proves nothing."""
        self._room.look(now=True)
        if self._read_back is not None and (segment.is_suspect or self._room.signs != self._signs):
            self._read_back.prove(segment, set_aside)

    def _release(self, segment: Segment) -> bool:
        """Let the segment go, now that the database has it; its fingerprints outlive it."""
        try:
            self._persist()
        except OSError as error:
            if error.errno not in FULL_ERRNOS:
                raise
            # The disk is full: what was inserted meanwhile is proven first. They follow once there is room, and what
            # makes some may be this segment's: a log on a disk of its own that it fills to the last byte.
            self._room.saw_full_disk()
            if segment.path.exists():
                self._prove(segment, self._set_aside)
            self._repeated.warning("fingerprints", "no room for the fingerprints of %s yet", segment.id)
        self._log.release(segment, retain=not self._bisection.has_begun(segment))
        self._bisection.forget(segment)
        with contextlib.suppress(OSError):  # then with the next segment
            self._persist()
        return True

    def _persist(self) -> None:
        if self._unwritten:
            self._recent.persist(self._unwritten, now_unix_nano=self._clock())
            self._unwritten = []

    def _insert(self, segment: Segment) -> list[Entry]:
        """Insert the segment, or its records one by one where it comes to that; returns those set aside."""
        if self._bisection.has_begun(segment):
            return self._bisection.load(segment, None)
        try:
            self._inserter.insert(segment.path, segment.id)
        except RecordRefused as refusal:
            return self._bisection.load(segment, refusal)
        return []

    def _is_whole(self, segment: Segment) -> bool:
        """Make the file end where the log says; False when somebody deleted it, which is a loss that blocks nobody."""
        try:
            size_bytes = segment.path.stat().st_size
        except FileNotFoundError:
            self._telemetry.wal_lost_bytes.labels(self._signal.name, MISSING).inc(segment.size_bytes)
            logger.error("%s is gone: %d items are lost", segment.path, segment.item_count)  # noqa: TRY400 - no bug of ours
            return False
        if size_bytes > segment.size_bytes:
            # Bytes that could not be cut off after a failed write: their senders were refused and send again.
            self._disk.truncate(segment.path, segment.size_bytes)
        return True

    def _told(self, segment: Segment, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        name = code_of(error)
        self._room.saw(error)
        self._telemetry.insert_failures.labels(self._signal.name, name).inc()
        self._repeated.warning(
            f"insert {name}",
            "%s cannot be stored yet (attempt %d), trying again: %s: %s",
            segment.id,
            state.attempt_number,
            name,
            error,
        )


def age_of(log: WriteAheadLog, clock: Callable[[], int]) -> float:
    """Seconds since the oldest record that is not stored was received; 0 when all are."""
    oldest = log.oldest_unix_nano()
    return 0.0 if oldest is None else max(0.0, (clock() - oldest) / 1e9)
