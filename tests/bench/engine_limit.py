"""The bare engine's limit: what inserting the same spans costs with no collector in front.

Owns: writing files of varint-delimited messages, the accounting around inserting them one after the other.
Leaves to others: the reader schema, the ingest table and the statement, given as *wrap* and *insert*.

The collector cannot cost less than this; the distance between both is what the Python process adds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import cpu, parts
from tests.bench.run_cost import Store
from tests.bench.spans import RenderedRequest
from tests.bench.wire import varint


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedFile:
    """A file in ClickHouse's `Protobuf` input format."""

    path: Path
    span_count: int
    message_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertCost:
    """Figures of one insert, from its start until the engine has gone quiet."""

    span_count: int
    insert_count: int
    elapsed_s: float
    cpu_s: float
    merge_cpu_s: float

    @property
    def cpu_us_per_span(self) -> float:
        """CPU of the engine in microseconds a span, merges included."""
        return self.cpu_s / self.span_count * 1e6

    @property
    def ingest_us_per_span(self) -> float:
        """The same without merges."""
        return (self.cpu_s - self.merge_cpu_s) / self.span_count * 1e6


def write_delimited(
    path: Path, requests: Iterable[RenderedRequest], *, wrap: Callable[[bytes], bytes]
) -> DelimitedFile:
    """Write each request's message, *wrap*ped (an envelope, or the request as it is), after its length."""
    span_count = message_count = size_bytes = 0
    with path.open("wb") as file:
        for request in requests:
            message = wrap(request.payload)
            size_bytes += file.write(varint(len(message))) + file.write(message)
            span_count += request.span_count
            message_count += 1
    return DelimitedFile(path=path, span_count=span_count, message_count=message_count, size_bytes=size_bytes)


def write_files(
    directory: Path,
    requests: Iterable[RenderedRequest],
    *,
    wrap: Callable[[bytes], bytes],
    file_bytes: int,
) -> Sequence[DelimitedFile]:
    """Write the requests to as many files of about *file_bytes* as they need."""
    directory.mkdir()
    waiting = iter(requests)
    files: list[DelimitedFile] = []
    while (file := write_delimited(directory / str(len(files)), _up_to(waiting, file_bytes), wrap=wrap)).span_count:
        files.append(file)
    file.path.unlink()
    return files


def _up_to(requests: Iterator[RenderedRequest], size_bytes: int) -> Iterator[RenderedRequest]:
    """Yield requests until they reach the size together."""
    size = 0
    for request in requests:
        yield request
        size += len(request.payload)
        if size >= size_bytes:
            return


def measure_insert(files: Sequence[DelimitedFile], store: Store, *, insert: Callable[[Path], None]) -> InsertCost:
    """Return what *insert* of the files, one after the other, costs the engine process.

    Raises:
        AssertionError: the store does not hold exactly the files' spans more than before.
    """
    cpu.wait_until_quiet(store.pid)
    stored_before = store.stored_count()
    threads_before = cpu.read_threads(store.pid)
    cpu_before, start_s = cpu.read_cpu(store.pid), time.perf_counter()
    for file in files:
        insert(file.path)
    elapsed_s = time.perf_counter() - start_s
    cpu.wait_until_quiet(store.pid)
    cpu_after = cpu.read_cpu(store.pid)
    merges = parts.spent_s(threads_before, cpu.read_threads(store.pid), {}, process_s=0.0)
    stored, sent = store.stored_count() - stored_before, sum(file.span_count for file in files)
    if stored != sent:
        raise AssertionError(f"{stored} spans stored of the {sent} in {len(files)} files")
    return InsertCost(
        span_count=stored,
        insert_count=len(files),
        elapsed_s=elapsed_s,
        cpu_s=(cpu_after - cpu_before).total_s,
        merge_cpu_s=merges.get(parts.MERGES, 0.0),
    )
