"""Where spans go besides the collector, in programs of their own."""

from __future__ import annotations

from tests.shim.fake_collector import FakeCollector, attributes_of
from tests.shim.programs import run

ONE_SPAN = "import spanhouse\nwith spanhouse.start_span('one'): pass\n"


def test_otels_console_exporter_is_one_word_away() -> None:
    ran = run(ONE_SPAN, OTEL_TRACES_EXPORTER="console")
    assert '"name": "one"' in ran.out


def test_the_console_and_the_collector_can_be_had_together(collector: FakeCollector) -> None:
    ran = run(ONE_SPAN, OTEL_TRACES_EXPORTER="otlp, console", SPANHOUSE_ENDPOINT=collector.url)
    assert '"name": "one"' in ran.out
    assert collector.names == ["one"]


def test_further_destinations_are_otels_own_and_end_with_the_process(collector: FakeCollector) -> None:
    program = f"""
        import spanhouse
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
        console = BatchSpanProcessor(ConsoleSpanExporter(formatter=lambda span: span.name + "\\n"))
        spanhouse.configure(endpoint={collector.url!r}, span_processors=[console])
        spanhouse.configure(span_processors=[console])  # told twice, added once
        with spanhouse.start_span("one"): pass
    """
    ran = run(program)
    assert (ran.out, ran.err) == ("one\n", "")
    assert collector.names == ["one"]


def test_masks_come_before_other_destinations(collector: FakeCollector) -> None:
    program = f"""
        import spanhouse
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
        console = BatchSpanProcessor(ConsoleSpanExporter(formatter=lambda span: str(dict(span.attributes)) + "\\n"))
        def mask(span): span.set_inputs("***")
        spanhouse.configure(endpoint={collector.url!r}, span_processors=[mask, console])
        with spanhouse.start_span("one") as span: span.set_inputs("secret")
    """
    assert run(program).out == "{'input.value': '***'}\n"
    assert attributes_of(collector.wait_spans(1)[0])["input.value"] == "***"
