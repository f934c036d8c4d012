"""OTLP/gRPC load client: ready-made requests, flat out or at a rate, each ACK's latency recorded.

Owns: sending raw bytes with several requests in flight, pacing, latency figures, counting refusals.
Leaves to others: the requests (`spans.py`), what the receiver costs (`cpu.py`).

Run it as its own process (`LoadProcess`), so that its CPU is not counted with the collector's: it
builds its templates, prints `ready`, waits for a line on stdin, sends, and prints one line of JSON.

    python -m tests.bench.load --target 127.0.0.1:4317 --spans 300000 --rate 20000

At a rate the loop is open: send times are set beforehand. Two latencies are reported: from the call
to its answer, and from the planned moment to the answer (nothing is left out when the client falls
behind).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import grpc

from tests.bench import spans

EXPORT_METHOD: Final = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
ANSWER_TIMEOUT_S: Final = 60.0
_REPO: Final = Path(__file__).resolve().parents[2]
_CHANNEL_OPTIONS: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),  # a connection per channel, not one shared by all
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What to send and how; `rate_spans_per_s` 0 means flat out."""

    target: str
    span_count: int
    rate_spans_per_s: float = 0.0
    in_flight_max: int = 8
    connection_count: int = 2
    template_count: int = spans.TEMPLATE_COUNT
    spans_per_request: int = spans.SPANS_PER_REQUEST
    seed: int = 1
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Latency in milliseconds."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What came of a plan; spans of refused requests are not in `acked_span_count`."""

    acked_span_count: int
    acked_request_count: int
    refused: dict[str, int]
    partial_success_count: int
    sent_bytes: int
    elapsed_s: float
    spans_per_s: float
    ack: Percentiles
    ack_from_plan: Percentiles
    client_cpu_s: float


class _FinishedCall(Protocol):
    """What is asked of gRPC's future once it is done."""

    def exception(self) -> BaseException | None:
        """The refusal, None for an answer."""

    def result(self) -> bytes:
        """The answer as it came."""


class _Ledger:
    """Outcomes of the calls, filled by gRPC's threads; frees the call's place in flight."""

    def __init__(self, in_flight: threading.Semaphore) -> None:
        self._in_flight = in_flight
        self.ack_ms: list[float] = []
        self.ack_from_plan_ms: list[float] = []
        self.refused: Counter[str] = Counter()
        self.acked_span_count = 0
        self.partial_success_count = 0
        self._lock = threading.Lock()

    def record(self, span_count: int, called_s: float, planned_s: float, call: _FinishedCall) -> None:
        """Note one finished call."""
        now_s = time.perf_counter()
        error = call.exception()
        with self._lock:
            if error is not None:
                code = error.code().name if isinstance(error, grpc.Call) else type(error).__name__
                self.refused[code] += 1
            else:
                self.acked_span_count += span_count
                self.partial_success_count += bool(call.result())  # empty means full success
                self.ack_ms.append((now_s - called_s) * 1e3)
                self.ack_from_plan_ms.append((now_s - planned_s) * 1e3)
        self._in_flight.release()


def send(plan: LoadPlan, templates: tuple[spans.RequestTemplate, ...], id_seed: int) -> LoadResult:
    """Send the plan's spans and wait for every answer."""
    channels = [grpc.insecure_channel(plan.target, options=_CHANNEL_OPTIONS) for _ in range(plan.connection_count)]
    for channel in channels:
        grpc.channel_ready_future(channel).result(timeout=30)
    exports = [channel.unary_unary(EXPORT_METHOD, _as_is, _as_is) for channel in channels]
    in_flight = threading.Semaphore(plan.in_flight_max)
    ledger = _Ledger(in_flight)
    cpu_before_s, start_s = time.process_time(), time.perf_counter()
    planned_s, sent_bytes = start_s, 0
    requests = spans.stream(templates, id_seed=id_seed, clock_ns=time.time_ns, span_count=plan.span_count)
    for number, request in enumerate(requests):
        if plan.rate_spans_per_s:
            time.sleep(max(0.0, planned_s - time.perf_counter()))
        in_flight.acquire()
        called_s = time.perf_counter()
        call = exports[number % len(exports)].future(request.payload, timeout=ANSWER_TIMEOUT_S, metadata=plan.metadata)
        due_s = planned_s if plan.rate_spans_per_s else called_s
        call.add_done_callback(partial(ledger.record, request.span_count, called_s, due_s))
        sent_bytes += len(request.payload)
        if plan.rate_spans_per_s:
            planned_s += request.span_count / plan.rate_spans_per_s
    for _ in range(plan.in_flight_max):
        in_flight.acquire()
    elapsed_s = time.perf_counter() - start_s
    for channel in channels:
        channel.close()
    return _result(ledger, sent_bytes, elapsed_s, time.process_time() - cpu_before_s)


def _as_is(payload: bytes) -> bytes:
    """Return the bytes: requests are serialised already, answers stay as they are."""
    return payload


def percentiles(values_ms: Sequence[float]) -> Percentiles:
    """Return the nearest-rank percentiles, zeros when there is no value."""
    ordered = sorted(values_ms) or [0.0]
    last = len(ordered) - 1
    p50, p95, p99 = (ordered[min(last, int(q * len(ordered)))] for q in (0.50, 0.95, 0.99))
    return Percentiles(p50_ms=p50, p95_ms=p95, p99_ms=p99, max_ms=ordered[-1])


class LoadProcess:
    """The load client as a child process, its templates built before `run` is called."""

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the child, which begins to build its requests."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.load", "--plan", json.dumps(asdict(self._plan))],
            cwd=_REPO,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> None:
        """Return once the child could send.

        Raises:
            RuntimeError: the child ended instead.
        """
        assert self._process is not None, "start() comes first"
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "ready":
            raise RuntimeError("the load process ended before it was ready; see its error above")

    def run(self) -> LoadResult:
        """Let the child send, and return its result.

        Raises:
            RuntimeError: the child failed.
        """
        assert self._process is not None, "start() comes first"
        output, _ = self._process.communicate("go\n")
        if self._process.returncode != 0:
            raise RuntimeError(f"the load process failed with status {self._process.returncode}")
        return parse_result(output)

    def stop(self) -> None:
        """End the child if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def parse_result(line: str) -> LoadResult:
    """Return the result printed by the load process."""
    fields = json.loads(line)
    for name in ("ack", "ack_from_plan"):
        fields[name] = Percentiles(**fields[name])
    return LoadResult(**fields)


def _result(ledger: _Ledger, sent_bytes: int, elapsed_s: float, client_cpu_s: float) -> LoadResult:
    """Return the figures of a finished run."""
    return LoadResult(
        acked_span_count=ledger.acked_span_count,
        acked_request_count=len(ledger.ack_ms),
        refused=dict(ledger.refused),
        partial_success_count=ledger.partial_success_count,
        sent_bytes=sent_bytes,
        elapsed_s=elapsed_s,
        spans_per_s=ledger.acked_span_count / elapsed_s,
        ack=percentiles(ledger.ack_ms),
        ack_from_plan=percentiles(ledger.ack_from_plan_ms),
        client_cpu_s=client_cpu_s,
    )


def _parse_plan(arguments: Sequence[str]) -> tuple[LoadPlan, bool]:
    """Return the plan, and whether to wait for the parent's word before sending."""
    parser = argparse.ArgumentParser(description="OTLP/gRPC load client")
    parser.add_argument("--plan", help="a LoadPlan as JSON; waits for a line on stdin")
    parser.add_argument("--target", default="127.0.0.1:4317")
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=0.0, help="spans a second; 0: flat out")
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--spans-per-request", type=int, default=spans.SPANS_PER_REQUEST)
    parser.add_argument("--metadata", action="append", default=[], metavar="KEY=VALUE")
    chosen = parser.parse_args(arguments)
    if chosen.plan:
        fields = json.loads(chosen.plan)
        fields["metadata"] = tuple((key, value) for key, value in fields["metadata"])
        return LoadPlan(**fields), True
    pairs = (pair.partition("=") for pair in chosen.metadata)
    plan = LoadPlan(
        target=chosen.target,
        span_count=chosen.spans,
        rate_spans_per_s=chosen.rate,
        in_flight_max=chosen.in_flight,
        spans_per_request=chosen.spans_per_request,
        metadata=tuple((key, value) for key, _, value in pairs),
    )
    return plan, False


def main(arguments: Sequence[str]) -> int:
    """Run the client from the command line; returns the exit status."""
    plan, waits = _parse_plan(arguments)
    templates = spans.build_templates(
        template_count=plan.template_count,
        spans_per_request=plan.spans_per_request,
        seed=plan.seed,
    )
    if waits:
        print("ready", flush=True)
        if not sys.stdin.readline():
            return 1  # the parent went away
    result = send(plan, templates, int.from_bytes(os.urandom(8), "little"))
    print(json.dumps(asdict(result)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
