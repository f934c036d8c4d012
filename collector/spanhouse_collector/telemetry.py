"""The collector's own metrics and its way of logging.

Owns every metric name at `/metrics`. Labels never carry what a client sent: signal, transport and reason come from
tables. Repeated faults are logged at most once per `EVERY_S` a place.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

EVERY_S: Final = 30.0
_LATENCY_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# When each counter began, as a gauge of its own: twice as many series, for what `process_start_time_seconds` tells.
disable_created_metrics()  # type: ignore[no-untyped-call]  # of a package without types


class Telemetry:
    """The metrics of one running collector, in a registry of their own; besides, `process_*` as others have them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._add_disk_metrics()
        self._add_read_metrics()
        ProcessCollector(registry=self.registry)
        self.build_info = self._gauge("build_info", "1, with the version that runs.", "version")
        self.accepted_items = self._counter(
            "accepted_items", "Items made durable and acknowledged.", "signal", "transport"
        )
        self.refused_items = self._counter(
            "refused_items", "Items refused inside requests that were accepted.", "signal", "transport"
        )
        self.requests = self._counter("requests", "Export requests by outcome.", "signal", "transport", "outcome")
        self.too_large_requests = self._counter(
            "too_large_requests", "Requests beyond a limit: bytes, resources, scopes, items, parts.", "signal", "limit"
        )
        self.request_bytes = self._counter(
            "request_bytes", "Bytes of export requests, decompressed.", "signal", "transport"
        )
        self.duplicate_requests = self._counter(
            "duplicate_requests", "Identical requests acknowledged and not stored again.", "signal"
        )
        self.stored_items = self._counter("stored_items", "Items inserted into the database.", "signal")
        self.quarantined_records = self._counter(
            "quarantined_records", "Records that the database refuses, set aside.", "signal"
        )
        self.insert_failures = self._counter(
            "insert_failures", "Inserts that failed and are tried again.", "signal", "reason"
        )
        self.wal_lost_bytes = self._counter(
            "wal_lost_bytes", "Bytes of the log that were unreadable at start.", "signal", "reason"
        )
        self.wal_faults = self._counter("wal_faults", "Writes to the log that failed.", "signal")
        self.ack_seconds = self._histogram(
            "ack_seconds", "From a request in memory to its acknowledgement.", "signal", "transport"
        )
        self.fsync_seconds = self._histogram("fsync_seconds", "Group commits of the log.", "signal")
        self.insert_seconds = self._histogram("insert_seconds", "Inserts of one segment into the database.", "signal")
        self.corrected_spans = self._counter(
            "corrected_spans", "Spans of which settling changed whether their tokens count."
        )
        self.settle_failures = self._counter("settle_failures", "Settling that failed and is tried again.", "reason")
        self.settle_seconds = self._histogram("settle_seconds", "Settling the traces of one or more inserts.")
        self.min_free_disk_bytes = Gauge(
            "spanhouse_min_free_disk_bytes", "The setting: below it requests are refused.", registry=self.registry
        )
        self.wal_max_bytes = Gauge(
            "spanhouse_wal_max_bytes", "The setting: what the log may hold.", registry=self.registry
        )
        self.inflight_bytes = Gauge("spanhouse_inflight_bytes", "Bytes of requests in memory.", registry=self.registry)
        self.wal_bytes = self._gauge("wal_bytes", "Bytes in the log, not yet in the database.", "signal")
        self.wal_segments = self._gauge("wal_segments", "Segments in the log.", "signal")
        self.wal_age_seconds = self._gauge("wal_age_seconds", "Age of the oldest record in the log.", "signal")
        self.freshness_lag_seconds = self._gauge(
            "freshness_lag_seconds",
            "From receipt to visible: age of the oldest item that is not, or how long the last insert took.",
            "signal",
        )

    def _add_read_metrics(self) -> None:
        self.inconsistent_reads = self._counter(
            "inconsistent_reads", "Consistent reads refused: what was acknowledged was not stored in time."
        )
        self.api_requests = self._counter(
            "api_requests", "Requests beside OTLP: JSON API, SQL, health.", "route", "method", "status"
        )
        self.api_seconds = self._histogram(
            "api_seconds", "From a request beside OTLP to the end of its reply.", "route"
        )
        self.queries_running = self._gauge("queries_running", "Reads of the API and SQL of people under way.", "kind")
        self.queries_waiting = self._gauge("queries_waiting", "SQL of people that waits for its turn.", "kind")

    def _add_disk_metrics(self) -> None:
        self.disk_free_bytes = Gauge(
            "spanhouse_disk_free_bytes", "Free space of the data directory's disk.", registry=self.registry
        )
        self.disk_floor_crossings = self._counter(
            "disk_floor_crossings", "How often free space fell below the floor for requests, or for loading.", "floor"
        )
        self.loading_stopped = Gauge(
            "spanhouse_loading_stopped",
            "1 while the embedded database is not written for want of disk.",
            registry=self.registry,
        )
        self.full_disk_signs = self._counter("full_disk_signs", "Writes that a full disk failed, or left broken.")
        self.read_backs = self._counter(
            "read_backs", "Segments read back before their release: proven, restored, short.", "signal", "outcome"
        )
        self.restored_items = self._counter(
            "restored_items", "Items that the database had lost, stored again from the log.", "signal"
        )
        self.broken_parts = self._gauge(
            "broken_parts", "Parts that the embedded database found broken and set aside.", "table"
        )
        self.wal_retained_bytes = Gauge(
            "spanhouse_wal_retained_bytes", "Bytes of stored segments that are kept a while.", registry=self.registry
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"spanhouse_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"spanhouse_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"spanhouse_{name}", text, labels, buckets=_LATENCY_BUCKETS_S, registry=self.registry)


class Repeated:
    """Logs a fault that may repeat for hours: the first time at once, then once per `EVERY_S` with a count."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._last: dict[str, tuple[float, int]] = {}

    def warning(self, place: str, message: str, *arguments: object) -> None:
        """Log `message % arguments`, unless `place` spoke less than EVERY_S ago."""
        now = self._clock()
        last, silenced = self._last.get(place, (-EVERY_S, 0))
        if now - last < EVERY_S:
            self._last[place] = (last, silenced + 1)
            return
        self._last[place] = (now, 0)
        suffix = f" ({silenced} more like this in between)" if silenced else ""
        self._logger.warning("%s%s", message % arguments, suffix)
