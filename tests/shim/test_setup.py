"""Setting up, in programs of their own: the environment, the host's provider, the end of the process, fork."""

from __future__ import annotations

import pytest

from tests.shim.fake_collector import FakeCollector, attributes_of
from tests.shim.programs import run

ONE_SPAN = "import spanhouse\nwith spanhouse.start_span('one'): pass\n"


def test_nothing_needs_to_be_called_and_the_end_of_the_process_flushes(collector: FakeCollector) -> None:
    ran = run(
        ONE_SPAN,
        SPANHOUSE_ENDPOINT=collector.url,
        SPANHOUSE_PROJECT="shop",
        SPANHOUSE_API_KEY="secret",
        OTEL_SERVICE_NAME="svc",
        OTEL_RESOURCE_ATTRIBUTES="team=a",
    )
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert [span.name for span in collector.wait_spans(1)] == ["one"]
    assert collector.resources[0].items() >= {"service.name": "svc", "team": "a", "spanhouse.project": "shop"}.items()
    assert collector.headers[0]["x-spanhouse-project"] == "shop"
    assert collector.headers[0]["authorization"] == "Bearer secret"


def test_otels_own_variables_are_enough(collector: FakeCollector) -> None:
    run(ONE_SPAN, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_EXPORTER_OTLP_HEADERS="x-mine=1")
    collector.wait_spans(1)
    assert collector.headers[0]["x-mine"] == "1"


def test_configure_wins_over_the_environment_and_can_be_called_again(collector: FakeCollector) -> None:
    program = f"""
        import spanhouse, threading
        spanhouse.configure(endpoint={collector.url!r}, project="first", resource_attributes={{"a": "1"}})
        with spanhouse.start_span("one"): pass
        spanhouse.flush()
        before = threading.active_count()
        spanhouse.configure(project="second", resource_attributes={{"b": "2"}})
        with spanhouse.start_span("two"): pass
        assert spanhouse.flush()
        assert threading.active_count() == before
        spanhouse.disable()
        spanhouse.configure(project="third")
        with spanhouse.start_span("silent"): pass
    """
    ran = run(program, SPANHOUSE_ENDPOINT="http://127.0.0.1:9", SPANHOUSE_PROJECT="env")
    assert (ran.code, ran.err) == (0, "")
    assert collector.names == ["one", "two"]
    assert [headers["x-spanhouse-project"] for headers in collector.headers] == ["first", "second"]
    assert (collector.resources[0]["a"], collector.resources[1]["b"]) == ("1", "2")


def test_the_hosts_provider_stays_and_gets_one_processor_more(collector: FakeCollector) -> None:
    program = f"""
        from opentelemetry import trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        exporter = InMemorySpanExporter()
        host = TracerProvider(resource=Resource.create({{"service.name": "host"}}))
        host.add_span_processor(SimpleSpanProcessor(exporter))
        trace.set_tracer_provider(host)
        import spanhouse
        spanhouse.configure(endpoint={collector.url!r})
        with spanhouse.start_span("ours"), trace.get_tracer("x").start_as_current_span("theirs"): pass
        assert trace.get_tracer_provider() is host
        assert len(host._active_span_processor._span_processors) == 2
        spanhouse.flush()
        print(sorted(span.name for span in exporter.get_finished_spans()))
    """
    ran = run(program)
    assert (ran.out, ran.err) == ("['ours', 'theirs']\n", "")
    assert collector.names == ["ours", "theirs"]
    assert collector.resources[0]["service.name"] == "host"


def test_a_host_that_sends_otlp_already_gets_no_second_sender(collector: FakeCollector) -> None:
    program = """
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        host = TracerProvider()
        host.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(host)
        import spanhouse
        with spanhouse.start_span("once"): pass
        spanhouse.flush()
    """
    run(program, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert collector.names == ["once"]


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_TRACES_SAMPLER": "always_off"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"},
        {"SPANHOUSE_SAMPLE_RATIO": "0"},
        {"SPANHOUSE_TRACING_ENABLED": "false"},
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=lambda environment: "-".join(environment),
)
def test_the_environment_can_say_no(collector: FakeCollector, environment: dict[str, str]) -> None:
    """MLflow ignores OTEL_TRACES_SAMPLER and has no kill switch."""
    ran = run(ONE_SPAN + "print(spanhouse.flush())", SPANHOUSE_ENDPOINT=collector.url, **environment)
    assert (ran.code, ran.out, ran.err, collector.names) == (0, "True\n", "", [])


def test_a_disabled_process_can_be_enabled_and_sets_no_provider_before(collector: FakeCollector) -> None:
    program = """
        import spanhouse
        from opentelemetry import trace
        with spanhouse.start_span("silent"): pass
        assert type(trace.get_tracer_provider()).__name__ == "ProxyTracerProvider"
        spanhouse.enable()
        with spanhouse.start_span("heard"): pass
    """
    ran = run(program, SPANHOUSE_ENDPOINT=collector.url, SPANHOUSE_TRACING_ENABLED="false")
    assert (ran.code, ran.err) == (0, "")
    assert collector.names == ["heard"]


def test_impossible_settings_are_refused_in_code_and_passed_over_in_the_environment(collector: FakeCollector) -> None:
    program = """
        import spanhouse
        try:
            spanhouse.configure(sample_ratio=2)
        except ValueError as error:
            print(error)
        with spanhouse.start_span("one"): pass
    """
    ran = run(program, SPANHOUSE_ENDPOINT=collector.url, SPANHOUSE_SAMPLE_RATIO="many")
    assert ran.out == "configure(sample_ratio=2): not a possible value\n"
    assert "SPANHOUSE_SAMPLE_RATIO" in ran.err
    assert collector.names == ["one"]


def test_a_ratio_keeps_about_that_share_and_can_be_changed(collector: FakeCollector) -> None:
    program = f"""
        import spanhouse
        spanhouse.configure(endpoint={collector.url!r}, sample_ratio=0.5)
        for _ in range(400):
            with spanhouse.start_span("root"):
                with spanhouse.start_span("child"): pass
        spanhouse.configure(sample_ratio=0.0)
        with spanhouse.start_span("never"): pass
    """
    run(program)
    roots, children = collector.names.count("root"), collector.names.count("child")
    assert roots == children
    assert 120 <= roots <= 280
    assert "never" not in collector.names


def test_functions_with_a_ratio_of_their_own_follow_a_later_change_of_project(collector: FakeCollector) -> None:
    program = f"""
        import spanhouse
        spanhouse.configure(endpoint={collector.url!r}, project="first")
        @spanhouse.trace(sample_ratio=1.0)
        def sampled(): pass
        sampled()
        spanhouse.flush()
        spanhouse.configure(project="second")
        sampled()
    """
    assert run(program).err == ""
    collector.wait_spans(2)
    assert [resource["spanhouse.project"] for resource in collector.resources] == ["first", "second"]


def test_seeded_random_numbers_do_not_repeat_ids(collector: FakeCollector) -> None:
    """With MLflow and the bare SDK two runs of a seeded program make the same ids."""
    program = """
        import random, spanhouse
        for _ in range(3):
            random.seed(42)
            with spanhouse.start_span("s"): pass
    """
    host = """
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
        trace.set_tracer_provider(TracerProvider())
    """
    theirs = """
        from opentelemetry import trace
        for _ in range(3):
            random.seed(42)
            with trace.get_tracer("somebody else").start_as_current_span("theirs"): pass
    """
    run(program + theirs, SPANHOUSE_ENDPOINT=collector.url)
    run(host + program, SPANHOUSE_ENDPOINT=collector.url)
    assert len({span.trace_id for span in collector.wait_spans(9)}) == 9
    assert len({span.span_id for span in collector.spans}) == 9


FORK = """
    import os, spanhouse
    with spanhouse.start_span("before"): pass
    spanhouse.flush()
    with spanhouse.start_span("queued in parent"): pass
    pids = []
    for worker in range(3):
        pid = os.fork()
        if pid == 0:
            with spanhouse.start_span(f"child {worker}"): pass
            assert spanhouse.flush(8000)
            os._exit(0)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0]
    with spanhouse.start_span("after"): pass
"""


def test_after_a_fork_parent_and_children_export_once_each(collector: FakeCollector) -> None:
    """MLflow loses the child's traces and hangs in its flush."""
    # From 3.12 on Python warns of any thread at a fork; the worker that goes on in the parent is one.
    quiet = "ignore:This process:DeprecationWarning"
    ran = run(FORK, SPANHOUSE_ENDPOINT=collector.url, PYTHONWARNINGS=quiet)
    assert (ran.code, ran.err) == (0, "")
    expected = ["after", "before", "child 0", "child 1", "child 2", "queued in parent"]
    assert sorted(span.name for span in collector.wait_spans(6)) == expected
    assert len({span.trace_id for span in collector.spans}) == 6
    assert ran.seconds < 15


def test_the_worker_rests_during_a_fork_and_comes_back(collector: FakeCollector) -> None:
    program = """
        import os, threading, time, spanhouse
        with spanhouse.start_span("before"): pass
        spanhouse.flush()
        assert "spanhouse-export" in [thread.name for thread in threading.enumerate()]
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        assert threading.active_count() == 1
        with spanhouse.start_span("after"): pass
        print(spanhouse.flush())
    """
    ran = run(program, SPANHOUSE_ENDPOINT=collector.url)
    assert (ran.out, ran.err) == ("True\n", "")
    assert collector.names == ["after", "before"]


def test_a_fork_does_not_wait_for_a_slow_collector() -> None:
    program = """
        import os, time, spanhouse
        with spanhouse.start_span("slow"): pass
        spanhouse.flush(300)
        started = time.monotonic()
        if os.fork() == 0:
            os._exit(0)
        print(time.monotonic() - started < 1)
        os.wait()
    """
    with FakeCollector("slow") as slow:
        environment = {"SPANHOUSE_EXIT_TIMEOUT_MS": "300", "PYTHONWARNINGS": "ignore:This process:DeprecationWarning"}
        ran = run(program, SPANHOUSE_ENDPOINT=slow.url, **environment)
    assert ran.out == "True\n"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_of_multiprocessing_flush_at_their_end(
    collector: FakeCollector, method: str, tmp_path: object
) -> None:
    import pathlib

    module = pathlib.Path(str(tmp_path)) / "program.py"
    module.write_text(
        "import multiprocessing, spanhouse\n"
        "def work(headers):\n"
        "    with spanhouse.set_tracing_context_from_http_request_headers(headers), spanhouse.start_span('child'):\n"
        "        pass\n"
        "if __name__ == '__main__':\n"
        "    with spanhouse.start_span('parent'):\n"
        "        headers = spanhouse.get_tracing_context_headers_for_http_request()\n"
        f"        process = multiprocessing.get_context({method!r}).Process(target=work, args=(headers,))\n"
        "        process.start(); process.join()\n"
    )
    ran = run(f"import runpy; runpy.run_path({str(module)!r}, run_name='__main__')", SPANHOUSE_ENDPOINT=collector.url)
    if method == "spawn":  # a spawned child imports the program by its file
        import os
        import subprocess
        import sys

        environment = {**os.environ, "SPANHOUSE_ENDPOINT": collector.url}
        ran_again = subprocess.run([sys.executable, str(module)], env=environment, capture_output=True, timeout=40)
        assert ran_again.returncode == 0
    else:
        assert (ran.code, ran.err) == (0, "")
    names = [span.name for span in collector.wait_spans(2)]
    assert {"child", "parent"} <= set(names)
    parent = next(span for span in collector.spans if span.name == "parent" and span.trace_id)
    assert any(span.parent_span_id == parent.span_id or span.name == "parent" for span in collector.spans)


def test_grpc_is_spoken_to_the_grpc_port_and_when_asked() -> None:
    from spanhouse.settings import Settings

    assert Settings(endpoint="http://h:4317").resolved_protocol == "grpc"
    assert Settings(endpoint="http://h:4318").resolved_protocol == "http/protobuf"
    assert Settings(endpoint="h:9999", protocol="grpc").resolved_protocol == "grpc"
    assert Settings().resolved_protocol == "http/protobuf"


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (None, "http://127.0.0.1:4318"),
        ("http://h:4317", "http://h:4318"),
        ("https://h:4318/", "https://h:4318"),
        ("https://h/base/v1/traces", "https://h/base"),
        ("h:4318", "http://h:4318"),
        ("http://[::1]:4317", "http://[::1]:4318"),
    ],
)
def test_the_api_is_found_beside_the_endpoint(endpoint: str | None, url: str) -> None:
    from spanhouse.settings import Settings

    assert Settings(endpoint=endpoint).resolved_api_url == url
    assert Settings(endpoint=endpoint, api_url="http://other/").resolved_api_url == "http://other"


def test_shutdown_sends_the_rest_and_then_nothing(collector: FakeCollector) -> None:
    program = """
        import spanhouse
        with spanhouse.start_span("one"): pass
        assert spanhouse.shutdown()
        with spanhouse.start_span("late"): pass
        assert spanhouse.shutdown()
        print(spanhouse.health())
    """
    ran = run(program, SPANHOUSE_ENDPOINT=collector.url)
    assert ran.out == "{'exported': 1, 'dropped_after_shutdown': 1}\n"
    assert collector.names == ["one"]


def test_instrumentors_long_lists_of_attributes_are_kept(collector: FakeCollector) -> None:
    program = """
        import spanhouse
        with spanhouse.start_span("wide") as span:
            span.set_attributes({f"llm.input_messages.{n}.message.content": "x" for n in range(300)})
    """
    run(program, SPANHOUSE_ENDPOINT=collector.url)
    assert len(attributes_of(collector.wait_spans(1)[0])) == 300


def test_arguments_of_calls_that_are_not_kept_are_not_written_down() -> None:
    program = """
        import spanhouse
        class Loud:
            def __repr__(self):
                print("written down")
                return "loud"
        @spanhouse.trace
        def work(value): return value
        work(Loud())
    """
    for sampler in ("always_off", "parentbased_always_off"):
        assert run(program, OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_EXPORTER="none").out == ""
    assert run(program, OTEL_TRACES_EXPORTER="none").out == "written down\n" * 2
