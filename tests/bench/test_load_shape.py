"""The load generator's requests are what DESIGN section 1 measured with, valid, and never alike."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.bench import cpu, engine_limit, report, spans
from tests.bench.load import percentiles

TEMPLATES = spans.build_templates(template_count=8)
NOW_NS = 1_800_000_000_000_000_000


def rendered(span_count: int, id_seed: int = 1) -> list[spans.RenderedRequest]:
    """Return requests at a fixed time."""
    return list(spans.stream(TEMPLATES, id_seed=id_seed, clock_ns=lambda: NOW_NS, span_count=span_count))


def spans_of(request: spans.RenderedRequest) -> Iterator[Span]:
    """Yield the spans as the protobuf library reads them."""
    message = ExportTraceServiceRequest.FromString(request.payload)
    for resource_spans in message.resource_spans:
        for scope_spans in resource_spans.scope_spans:
            yield from scope_spans.spans


def test_mean_span_is_the_one_the_design_measured() -> None:
    requests = rendered(8 * spans.SPANS_PER_REQUEST)
    everything = [span for request in requests for span in spans_of(request)]
    assert len(everything) == sum(request.span_count for request in requests) == 8 * 512
    assert 1_020 < sum(len(request.payload) for request in requests) / len(everything) < 1_120
    assert 9.2 < sum(len(span.attributes) for span in everything) / len(everything) < 9.8


def test_parents_lie_in_the_same_trace_and_roots_have_none() -> None:
    for request in rendered(512):
        trace_of = {span.span_id: span.trace_id for span in spans_of(request)}
        roots = [span for span in spans_of(request) if not span.parent_span_id]
        assert {span.trace_id for span in roots} == set(request.trace_ids)
        assert len(roots) == len(request.trace_ids)
        assert all(trace_of[span.parent_span_id] == span.trace_id for span in spans_of(request) if span.parent_span_id)


def test_no_id_repeats_when_a_template_is_sent_again() -> None:
    requests = rendered(24 * 512)
    span_ids = [span.span_id for request in requests for span in spans_of(request)]
    trace_ids = [trace_id for request in requests for trace_id in request.trace_ids]
    assert len(span_ids) == len(set(span_ids)) == 24 * 512
    assert len(trace_ids) == len(set(trace_ids))


def test_times_follow_the_clock_and_keep_the_duration() -> None:
    first, again = (next(spans_of(TEMPLATES[0].render(random.Random(3), at_ns))) for at_ns in (NOW_NS, NOW_NS + 7))
    assert again.start_time_unix_nano - first.start_time_unix_nano == 7
    assert again.end_time_unix_nano - first.end_time_unix_nano == 7
    assert all(NOW_NS - spans.LOOKBACK_NS <= span.start_time_unix_nano < NOW_NS for span in spans_of(rendered(512)[0]))


def test_the_same_seeds_give_the_same_bytes() -> None:
    again = spans.build_templates(template_count=1)
    assert again[0].segments == TEMPLATES[0].segments
    assert rendered(512)[0].payload == rendered(512)[0].payload != rendered(512, id_seed=2)[0].payload


def test_delimited_file_reads_back_message_by_message(tmp_path: Path) -> None:
    requests = rendered(1_024)
    file = engine_limit.write_delimited(tmp_path / "segment.bin", requests, wrap=lambda payload: payload)
    data = file.path.read_bytes()
    assert (file.span_count, file.message_count, file.size_bytes) == (1_024, 2, len(data))
    assert requests[0].payload in data
    assert data.endswith(requests[1].payload)


def test_cpu_of_a_busy_process_is_seen() -> None:
    before = cpu.read_cpu(os.getpid())
    deadline_s = time.process_time() + 0.2
    while time.process_time() < deadline_s:
        pass
    assert (cpu.read_cpu(os.getpid()) - before).total_s >= 0.15
    assert cpu.read_rss_peak_bytes(os.getpid()) >= cpu.read_rss_bytes(os.getpid()) > 0


def test_percentiles_are_nearest_rank() -> None:
    found = percentiles([float(value) for value in range(1, 101)])
    assert (found.p50_ms, found.p95_ms, found.p99_ms, found.max_ms) == (51.0, 96.0, 100.0, 100.0)
    assert percentiles([]).max_ms == 0.0


def test_table_says_which_bar_is_met() -> None:
    rows = (
        report.ratio_at_most("1", "CPU", ours=12.0, peer=24.0, limit=0.6, unit="us/span"),
        report.at_most("3", "ACK p99", value=61.0, limit=50.0, unit="ms"),
    )
    assert [row.met for row in rows] == [True, False]
    lines = report.table(rows).splitlines()
    assert lines[2].split() == ["1", "CPU", "12", "us/span", "24", "us/span", "0.50", "<=", "0.6", "x", "peer", "yes"]
    assert lines[3].endswith("NO")
