"""Spans that could not be sent are told, and the end of a process waits for those that can be."""

from __future__ import annotations

import signal
import time
from threading import Timer

import pytest

from tests.shim.fake_collector import FakeCollector
from tests.shim.programs import run

ONE_SPAN = "import spanhouse\nwith spanhouse.start_span('x'): pass\n"
DOWN = "http://127.0.0.1:9"


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_script_without_a_collector_ends_soon_and_says_what_it_lost(protocol: str) -> None:
    ran = run(ONE_SPAN, SPANHOUSE_ENDPOINT=DOWN, SPANHOUSE_PROTOCOL=protocol)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"spanhouse: 1 span was not sent: nothing answers at {DOWN}\n"
    assert ran.seconds < 6


def test_spans_in_the_plural_are_told_once_by_their_sum() -> None:
    ran = run(ONE_SPAN * 3 + "spanhouse.shutdown()", SPANHOUSE_ENDPOINT=DOWN, SPANHOUSE_EXIT_TIMEOUT_MS="3000")
    assert ran.err == f"spanhouse: 3 spans were not sent: nothing answers at {DOWN}\n"


def test_a_refusal_is_told_with_its_reason() -> None:
    with FakeCollector("refuse") as collector:
        ran = run(ONE_SPAN, SPANHOUSE_ENDPOINT=collector.url)
    assert f"1 span was not sent: {collector.url} refused them (Service Unavailable)" in ran.err


def test_a_collector_that_says_nothing_is_told_with_the_limit() -> None:
    with FakeCollector("slow") as collector:
        ran = run(ONE_SPAN, SPANHOUSE_ENDPOINT=collector.url, SPANHOUSE_EXIT_TIMEOUT_MS="600")
    assert ran.err == f"spanhouse: 1 span was not sent: no answer from {collector.url} within 600 ms\n"


def test_the_end_waits_while_the_connection_is_up_and_nothing_was_refused() -> None:
    """It gave up after two seconds, on a busy machine before the collector had its turn."""
    with FakeCollector("slow") as collector:
        Timer(3.5, collector.release.set).start()
        ran = run(ONE_SPAN, SPANHOUSE_ENDPOINT=collector.url)
        assert (ran.code, ran.err) == (0, "")
        assert collector.names == ["x"]


def test_what_a_warning_told_is_not_told_again_at_the_end() -> None:
    program = ONE_SPAN + "print(spanhouse.flush(), spanhouse.health())"
    ran = run(program, SPANHOUSE_ENDPOINT=DOWN, SPANHOUSE_EXPORT_TIMEOUT_MS="1500")
    assert ran.out == "True {'dropped_export_failed': 1}\n"
    assert ran.err.count("\n") == 1
    assert ran.err.startswith(f"spanhouse: 1 span was not sent: nothing answers at {DOWN}")


def test_a_flush_that_gives_up_says_so() -> None:
    ran = run(ONE_SPAN + "print(spanhouse.flush(3000))", SPANHOUSE_ENDPOINT=DOWN, SPANHOUSE_EXIT_TIMEOUT_MS="300")
    assert ran.out == "False\n"
    gave_up, lost = ran.err.splitlines()
    assert gave_up.startswith(f"spanhouse: flush gave up after 3000 ms: nothing answers at {DOWN}")
    assert lost == f"spanhouse: 1 span was not sent: nothing answers at {DOWN}"


@pytest.mark.parametrize(
    "variable", [("SPANHOUSE_SYNCHRONOUS", "true"), ("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")]
)
def test_a_synchronous_export_is_done_when_the_call_returns(
    collector: FakeCollector, variable: tuple[str, str]
) -> None:
    program = """
        import os, signal, spanhouse
        @spanhouse.trace
        def work():
            with spanhouse.start_span("inner"): pass
            print(spanhouse.health())
        work()
        print(spanhouse.health(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    ran = run(program, SPANHOUSE_ENDPOINT=collector.url, **dict([variable]))
    assert ran.out == "{}\n{'exported': 2}\n"
    assert collector.names == ["inner", "work"]


def test_synchronous_export_waits_in_vain_only_once_a_minute() -> None:
    program = """
        import time, spanhouse
        started = time.monotonic()
        for _ in range(20):
            with spanhouse.start_span("x"): pass
        print(time.monotonic() - started < 2)
    """
    limits = {"SPANHOUSE_EXPORT_TIMEOUT_MS": "500", "SPANHOUSE_EXIT_TIMEOUT_MS": "500"}
    ran = run(program, SPANHOUSE_ENDPOINT=DOWN, SPANHOUSE_SYNCHRONOUS="true", **limits)
    assert ran.out == "True\n"


SIGNALLED = """
    import os, signal, time, spanhouse
    with spanhouse.start_span("before the signal"): pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(5)
"""


def test_sigterm_sends_what_waits_where_that_is_asked_for(collector: FakeCollector) -> None:
    ran = run(SIGNALLED, SPANHOUSE_ENDPOINT=collector.url, SPANHOUSE_FLUSH_ON_SIGTERM="true")
    assert (ran.code, ran.err) == (-signal.SIGTERM, "")
    assert collector.names == ["before the signal"]


def test_sigterm_is_left_alone_otherwise_and_where_somebody_has_it(collector: FakeCollector) -> None:
    ran = run(SIGNALLED, SPANHOUSE_ENDPOINT=collector.url)
    assert ran.code == -signal.SIGTERM
    theirs = SIGNALLED.replace("import os", "import signal; signal.signal(15, lambda *_: exit(7)); import os", 1)
    ran = run(theirs, SPANHOUSE_ENDPOINT=collector.url, SPANHOUSE_FLUSH_ON_SIGTERM="true")
    assert ran.code == 7
    assert collector.names == ["before the signal"]


def test_sigterm_keeps_its_bound_without_a_collector() -> None:
    started = time.monotonic()
    limits = {"SPANHOUSE_EXIT_TIMEOUT_MS": "500", "SPANHOUSE_FLUSH_ON_SIGTERM": "true"}
    ran = run(SIGNALLED, SPANHOUSE_ENDPOINT=DOWN, **limits)
    assert ran.code == -signal.SIGTERM
    assert "1 span was not sent" in ran.err
    assert time.monotonic() - started < 5
