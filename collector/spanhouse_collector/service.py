"""A whole collector: its parts wired together, started from the database to the sockets and stopped the other way.

Owns the order of start and stop and nothing of what the parts do. Start: a look at the addresses, data directory, log
as an earlier process left it, database, loaders, sockets; a server that is away holds up the loaders and nothing else.
Stop: sockets, writes under way, loaders, log, database.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from spanhouse_collector.api import assessments, clickhouse, deletes, keys, prices, remap, sql, tags
from spanhouse_collector.api.aggregate import aggregate_router
from spanhouse_collector.api.app import api_app
from spanhouse_collector.api.audit import AuditTrail
from spanhouse_collector.api.body_limit import BodyLimit
from spanhouse_collector.api.consistent_reads import ConsistentReads
from spanhouse_collector.api.facets import facets_router
from spanhouse_collector.api.groups import groups_router
from spanhouse_collector.api.key_guard import KeyAccess, KeyGuard
from spanhouse_collector.api.operations import operations_router
from spanhouse_collector.api.pages import pages_router
from spanhouse_collector.api.records import records_router
from spanhouse_collector.api.request_metrics import RequestMetrics
from spanhouse_collector.api.search import search_router
from spanhouse_collector.api.security_headers import SecurityHeaders
from spanhouse_collector.api.traces import traces_router
from spanhouse_collector.api.ui_settings import UiSettings, ui_router
from spanhouse_collector.config import Config
from spanhouse_collector.errors import StorageUnavailable
from spanhouse_collector.identity.key_file import FILE_NAME, KeyFile
from spanhouse_collector.loader.bisection import PART_SUFFIX, Bisection
from spanhouse_collector.loader.read_back import ReadBack
from spanhouse_collector.loader.segment_loader import STOP_GRACE_S, SegmentLoader
from spanhouse_collector.otlp.project import AUDIT
from spanhouse_collector.otlp.signals import BY_NAME, LOGS, SIGNALS, TRACES, Signal
from spanhouse_collector.query.aggregate import Aggregation
from spanhouse_collector.query.assessments import AssessmentBook
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.deletes import TraceDeleter
from spanhouse_collector.query.facets import Facets
from spanhouse_collector.query.groups import Groups
from spanhouse_collector.query.groups_names import Names
from spanhouse_collector.query.prices import PriceBook
from spanhouse_collector.query.remap import Remapper
from spanhouse_collector.query.search_records import RecordSearch
from spanhouse_collector.query.search_spans import SpanSearch
from spanhouse_collector.query.search_traces import TraceSearch
from spanhouse_collector.query.sql.runner import SqlRunner
from spanhouse_collector.query.tags import TagBook
from spanhouse_collector.query.traces import TraceReader
from spanhouse_collector.receiver.addresses import check_addresses
from spanhouse_collector.receiver.admission import Admission
from spanhouse_collector.receiver.export import Exporter
from spanhouse_collector.receiver.grpc_server import GrpcServer
from spanhouse_collector.receiver.http_guard import HttpGuard
from spanhouse_collector.receiver.http_listener import HttpListener
from spanhouse_collector.receiver.http_otlp import PREFIXES as OTLP_PREFIXES
from spanhouse_collector.receiver.http_otlp import OtlpHttp, is_for_otlp
from spanhouse_collector.storage.deleted_traces import DeletedTracesSweep
from spanhouse_collector.storage.disk_guard import DiskGuard, warnings_of
from spanhouse_collector.storage.engine import EmbeddedEngine, Engine, ServerEngine
from spanhouse_collector.storage.preparation import Preparation
from spanhouse_collector.storage.settler import Settler
from spanhouse_collector.storage.stored_rows import StoredRows
from spanhouse_collector.storage.writer import SegmentInserter
from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.log import Budget, WriteAheadLog
from spanhouse_collector.wal.owner import DataDirectory
from spanhouse_collector.wal.quarantine import Quarantine, Quarantined
from spanhouse_collector.wal.recent import RecentRequests
from spanhouse_collector.wal.recovery import recover
from spanhouse_collector.wal.retained import RetainedSegments
from spanhouse_collector.wal.room import DiskRoom
from spanhouse_collector.wal.segment import Segment

logger = logging.getLogger(__name__)

SETTLED_FILE: Final = "settled.json"
SETTLE_DRAIN_S: Final = 1.0  # what remains is settled by the next start
API_PREFIXES: Final = ("/api/", clickhouse.PATH, "/healthz", "/readyz", "/metrics")
READ, SQL = "read", "sql"  # kinds of queries in metrics
GRACE_SHARE: Final = 0.5  # of drain_timeout, for requests; the rest is for the log


@dataclass(frozen=True)
class Addresses:
    """Where a running collector listens."""

    grpc: str
    http: str


class Collector:
    """One collector of one data directory."""

    def __init__(self, config: Config, *, disk: Disk | None = None, clock: Callable[[], int] = time.time_ns) -> None:
        self.config = config
        self.telemetry = Telemetry()
        self.telemetry.build_info.labels(version("spanhouse")).set(1)
        self.telemetry.wal_max_bytes.set(config.wal_max_bytes)
        self.telemetry.min_free_disk_bytes.set(config.min_free_disk_bytes)
        self._disk = disk or Disk()
        self._clock = clock
        self._draining = False
        check_addresses(config.host, grpc_port=config.grpc_port, http_port=config.http_port)
        logger.info("starting, data in %s", config.data_dir)
        self._addresses = Addresses("", "")
        self._owner = DataDirectory(config.data_dir)
        try:
            self._keys = KeyFile(self._owner.path / FILE_NAME, clock=clock)
            self._open_log()
            is_first_start = config.clickhouse is None and not _database_directory(config.data_dir).exists()
            self.engine = _engine(config, self._room)
            self._guard = self._guarded()
            self._preparation = Preparation(self.engine, is_first_start=is_first_start)
            self._is_prepared = self._preparation.attempt()
        except BaseException:
            self._owner.release()
            raise
        self._connections = Connections(self.engine)
        self._sql = SqlRunner(self.engine)
        self._settler = Settler(self.engine, self._owner.path / SETTLED_FILE, self.telemetry, clock=self._clock)
        self._remapper = Remapper(self.engine, self._settler.stored)
        self._sweeps = {signal.name: DeletedTracesSweep(self.engine) for signal in (TRACES, LOGS)}
        self._loaders = [self._loader(name) for name in self._logs]

    def _open_log(self) -> None:
        """Take over what an earlier process left."""
        config = self.config
        directory = self._owner.directory("wal")
        for leftover in directory.glob(f"*{PART_SUFFIX}"):
            leftover.unlink()
        self._quarantine = Quarantine(self._owner.directory("quarantine"), self._disk)
        self._recent = RecentRequests(self._owner.directory("recent"), self._disk, window_s=config.dedup_window)
        self._room = DiskRoom(
            config.data_dir,
            self._disk,
            self.telemetry,
            min_free_bytes=config.min_free_disk_bytes,
            # With a server it is loading that makes room here.
            min_free_load_bytes=config.min_free_load_bytes if config.clickhouse is None else 0,
        )
        self._budget = Budget(self._room, max_bytes=config.wal_max_bytes)
        self._retained = RetainedSegments(
            self._owner.directory("retained"),
            self._disk,
            self.telemetry,
            max_bytes=config.wal_retain_bytes if config.clickhouse is None else 0,
        )
        found = {
            signal.name: recover(directory, signal.name, self._quarantine, self.telemetry, self._disk)
            for signal in SIGNALS
        }
        segments = [segment for recovered in found.values() for segment in recovered.segments]
        for segment in segments:
            segment.is_suspect = config.clickhouse is None  # the token of an insert may outlive the part it made
        known = [*segments, *(kept for signal in SIGNALS for kept in self._retained.segments(signal.name))]
        envelopes = (entry.envelope for segment in known for entry in segment.entries)
        self._recent.restore(envelopes, now_unix_nano=self._clock())
        if segments:
            logger.info("found %d segments of an earlier run in the log; loading them", len(segments))
        self._logs = {
            name: WriteAheadLog(
                directory,
                name,
                self._budget,
                self.telemetry,
                self._disk,
                segment_bytes=config.wal_segment_bytes,
                segment_age_s=config.wal_segment_age,
                found=recovered.segments,
                next_sequence=recovered.next_sequence,
                retained=self._retained,
            )
            for name, recovered in found.items()
        }

    def _guarded(self) -> DiskGuard | None:
        """The watch over the disk of the embedded engine, which runs from here on."""
        if not self.engine.is_embedded:
            return None
        self.engine.create_database()
        guard = DiskGuard(
            self.engine,
            self._logs,
            self._retained,
            self.telemetry,
            when_patches_broke=lambda: self._settler.stored(0, self._clock()),
        )
        guard.begin()
        return guard

    def _loader(self, name: str) -> SegmentLoader:
        signal = BY_NAME[name]
        inserter = SegmentInserter(self.engine, signal)
        directory = self._owner.path / "wal"
        bisection = Bisection(directory, signal, inserter, self._quarantine, self.telemetry, self._disk)
        rows = StoredRows(self.engine, signal)
        return SegmentLoader(
            signal,
            self._logs[name],
            inserter,
            bisection,
            self._recent,
            self.telemetry,
            self._disk,
            clock=self._clock,
            when_stored=lambda segment: self._stored(signal, segment),
            room=self._room,
            read_back=ReadBack(directory, signal, inserter, rows, self._room, self.telemetry),
        )

    def _stored(self, signal: Signal, segment: Segment) -> None:
        """What follows an insert, before its segment is released."""
        received = (segment.oldest_unix_nano, segment.newest_unix_nano)
        if (sweep := self._sweeps.get(signal.name)) is not None:
            sweep.sweep(*received)
        if signal is TRACES:
            self._settler.stored(*received)

    def _has_stored(self, until_unix_nano: int) -> bool:
        """Whether all spans and log records received until then are in their tables."""
        oldest = (self._logs[name].oldest_unix_nano() for name in self._sweeps)
        return all(received is None or received > until_unix_nano for received in oldest)

    def _api(self) -> Any:
        """The application of everything that is not OTLP."""
        access = KeyAccess()
        routers = [
            operations_router(self, self.telemetry),
            keys.router(self._keys, clock=self._clock),
            search_router(TraceSearch(self._connections), SpanSearch(self._connections)),
            records_router(RecordSearch(self._connections, "logs"), RecordSearch(self._connections, "metrics")),
            aggregate_router(Aggregation(self._connections), access),
            facets_router(Facets(self._connections), access),
            groups_router(Groups(self._connections), Names(self._connections)),
            traces_router(TraceReader(self._connections)),
            assessments.router(AssessmentBook(self._connections, clock=self._clock), access),
            tags.router(TagBook(self._connections, clock=self._clock), access),
            deletes.router(
                TraceDeleter(self._connections, self._has_stored, clock=self._clock), access, clock=self._clock
            ),
            prices.router(PriceBook(self.engine, self._connections)),
            remap.router(self._remapper),
            sql.router(self._sql, access),
            clickhouse.router(self._sql, access),
            ui_router(self._ui_settings),
            pages_router(self.config.embed_origins),
        ]
        api = ConsistentReads(
            api_app(version("spanhouse"), routers), self._has_stored, self.telemetry, clock=self._clock
        )
        app = AuditTrail(api, self._append_audit, clock=self._clock)
        return KeyGuard(app, self._keys)

    def _web(self, request_timeout_s: float) -> Any:
        """The same within limits, with safe headers, and counted."""
        limited = BodyLimit(self._api(), timeout_s=request_timeout_s)
        return RequestMetrics(SecurityHeaders(limited), self.telemetry)

    async def _append_audit(self, request: bytes) -> None:
        await self._exporter.append_own(LOGS, AUDIT, request)

    def _start_loading(self) -> None:
        self._settler.start()
        if self._guard is not None:
            self._guard.start()
        for loader in self._loaders:
            loader.start()

    def _ui_settings(self) -> UiSettings:
        return UiSettings(
            version=version("spanhouse"),
            grpc_endpoint=self._addresses.grpc,
            http_endpoint=self._addresses.http,
            public_url=self.config.public_url,
            time_zone=self.config.time_zone,
            embed_origins=self.config.embed_origins,
            keys_exist=self._keys.keys_exist(),
            database="embedded" if self.engine.is_embedded else "server",
        )

    async def start(self) -> Addresses:
        """Load and listen.

        Raises:
            StartupError: an address cannot be bound.

        """
        config = self.config
        if self._is_prepared:
            self._start_loading()
        else:
            self._preparation.go_on(self._start_loading)
        admission = Admission(self.telemetry, max_bytes=config.max_inflight_bytes, wait_s=config.admission_wait)
        self._exporter = Exporter(
            self._logs,
            self._recent,
            admission,
            self.telemetry,
            clock=self._clock,
            max_request_bytes=config.max_request_bytes,
            admission_wait_s=config.admission_wait,
        )
        otlp = OtlpHttp(
            self._exporter,
            self._keys,
            max_request_bytes=config.max_request_bytes,
            request_timeout_s=config.request_timeout,
            cors_origins=config.cors_origins,
        )
        self._http = HttpListener(
            HttpGuard(
                _by_path(otlp, self._web(config.request_timeout)),
                host=config.host,
                allowed_hosts=config.allowed_hosts,
                origins=_origins(config),
                writing_origins=config.cors_origins,
                writing_paths=OTLP_PREFIXES,
            ),
            host=config.host,
            port=config.http_port,
            request_timeout_s=config.request_timeout,
        )
        self._grpc = GrpcServer(
            self._exporter,
            self._keys,
            host=config.host,
            port=config.grpc_port,
            max_request_bytes=config.max_request_bytes,
            request_timeout_s=config.request_timeout,
        )
        try:
            self._addresses = Addresses(http=await self._http.start(), grpc=await self._grpc.start())
        except BaseException:
            await asyncio.gather(self._http.stop(0), self._grpc.stop(0))
            raise
        return self._addresses

    async def stop(self) -> bool:
        """Drain and end; whether everything accepted is in the database. What is not stays in the log."""
        self._draining = True
        deadline = time.monotonic() + self.config.drain_timeout
        grace_s = self.config.drain_timeout * GRACE_SHARE
        await asyncio.gather(self._grpc.stop(grace_s), self._http.stop(grace_s))
        await self._sql.close()
        await self._exporter.drain()
        return await asyncio.to_thread(self.close, deadline)

    def close(self, deadline: float | None = None) -> bool:
        """End everything below the sockets; for a collector that never started, all there is to end."""
        self._preparation.stop(STOP_GRACE_S)
        for log in self._logs.values():
            log.close()
        running = [loader for loader in self._loaders if loader.is_running]
        drain_s = max(0.0, (deadline or 0.0) - time.monotonic())
        # A server may hang, and its insert is left behind; the embedded engine must not be closed under one.
        grace_s = None if self.engine.is_embedded else STOP_GRACE_S
        with ThreadPoolExecutor(max(1, len(running))) as together:
            remaining = list(together.map(lambda loader: loader.stop(drain_s=drain_s, grace_s=grace_s), running))
        if self._guard is not None:
            self._guard.stop()
        remap_ended = self._remapper.stop()
        if self._settler.is_running:
            self._settler.stop(drain_s=max(SETTLE_DRAIN_S, drain_s), grace_s=grace_s)
        reads_ended = self._connections.close()
        if not any(loader.is_running for loader in self._loaders):
            for sweep in self._sweeps.values():
                sweep.close()
        if not self._settler.is_running and not any(loader.is_running for loader in self._loaders):
            self._recent.close()
            if (reads_ended and remap_ended) or not self.engine.is_embedded:
                self.engine.close()
        self._keys.close()
        self._owner.release()
        return all(remaining) and (bool(running) or not self.waiting_bytes())

    def waiting_bytes(self) -> int:
        """Bytes that were acknowledged and are not in the database yet."""
        return sum(log.size_bytes() for log in self._logs.values())

    def unready_reasons(self) -> list[str]:
        """See `Operations`. The database being away is no reason: the log takes over while it has room."""
        reasons = ["draining"] if self._draining else []
        if refusal := self._room.refusal():
            reasons.append(refusal)
        if self._budget.is_nearly_full(self.config.max_request_bytes):
            used_bytes, max_bytes = self._budget.used_bytes, self.config.wal_max_bytes
            reasons.append(f"the write-ahead log is full: it holds {used_bytes} of wal_max_bytes={max_bytes}")
        return reasons

    def warnings(self) -> list[str]:
        """See `Operations`."""
        try:
            self._room.require()
        except StorageUnavailable as stopped:
            found = [stopped.message]
        else:
            found = []
        return found + (warnings_of(self._guard.set_aside()) if self._guard is not None else [])

    def refresh_metrics(self) -> None:
        """See `Operations`."""
        for loader in self._loaders:
            loader.refresh_metrics()
        self._room.look()
        self.telemetry.queries_running.labels(SQL).set(self._sql.running)
        self.telemetry.queries_running.labels(READ).set(self._connections.running)
        self.telemetry.queries_waiting.labels(SQL).set(self._sql.waiting)

    def quarantined(self) -> list[Quarantined]:
        """See `Operations`."""
        return self._quarantine.list()

    async def replay(self, record_ids: list[str]) -> list[str]:
        """See `Operations`. A record leaves the quarantine once it is durable in the log again."""
        missing: list[str] = []
        for record_id in record_ids:
            found = await asyncio.to_thread(self._quarantine.read, record_id)
            signal = BY_NAME.get(record_id.partition("-")[0])
            if found is None or signal is None:
                missing.append(record_id)
                continue
            record, request = found
            await self._exporter.append(signal, record.envelope, request)
            await asyncio.to_thread(self._quarantine.remove, record_id)
        return missing


def _engine(config: Config, room: DiskRoom) -> Engine:
    if config.clickhouse is not None:
        return ServerEngine(config.clickhouse, room)
    return EmbeddedEngine(_database_directory(config.data_dir), room=room)


def _database_directory(data_dir: Path) -> Path:
    return data_dir / "chdb"


def _origins(config: Config) -> tuple[str, ...]:
    """The origin under which people reach the pages, where it is another than the address asked."""
    url = urlsplit(config.public_url)
    return (f"{url.scheme}://{url.netloc}",) if url.netloc else ()


def _by_path(otlp: Any, api: Any) -> Any:
    """One port: OTLP's paths to the receiver, all others to the API."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        is_otlp = scope["type"] == "http" and is_for_otlp(scope, API_PREFIXES)
        await (otlp if is_otlp else api)(scope, receive, send)

    return app
