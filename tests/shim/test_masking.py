"""Masking: every span, before anything leaves, and fail closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import trace as otel
from opentelemetry.trace import SpanContext

import spanhouse
from spanhouse.faults import FAULTS
from spanhouse.masking import Mask, MaskedSpan
from spanhouse.testing import Captured

SECRET = "4711-0815"


@contextmanager
def masks(*functions: Mask) -> Iterator[None]:
    spanhouse.configure(span_processors=functions)
    try:
        yield
    finally:
        spanhouse.configure(span_processors=[])


def redact(span: MaskedSpan) -> None:
    if isinstance(span.inputs, dict):
        span.set_inputs({key: "***" if key == "card" else value for key, value in span.inputs.items()})
    if span.outputs:
        span.set_outputs("[redacted]")


def everything(spans: Captured) -> str:
    return repr([(span.otel.to_json(), span.attributes) for span in spans.spans])


def test_masks_see_decoded_values_and_replace_them(spans: Captured) -> None:
    with masks(redact), spanhouse.start_span("s") as span:
        span.set_inputs({"card": SECRET, "n": 1})
        span.set_outputs(f"paid with {SECRET}")
    assert (spans.find("s").inputs, spans.find("s").outputs) == ({"card": "***", "n": 1}, "[redacted]")
    assert SECRET not in everything(spans)


def test_spans_of_others_are_masked_too(spans: Captured) -> None:
    """MLflow's processors never see them."""

    def drop_messages(span: MaskedSpan) -> None:
        span.set_attribute("llm.input_messages.0.message.content", None)
        span.events = []
        span.name = span.name.replace(SECRET, "card")

    with masks(drop_messages):
        tracer = otel.get_tracer("instrumentor")
        attributes = {"llm.input_messages.0.message.content": SECRET, "llm.model_name": "m"}
        with tracer.start_as_current_span(f"pay {SECRET}", attributes=attributes) as span:
            span.add_event("chunk", {"text": SECRET})
    assert SECRET not in everything(spans)
    assert spans.find("pay card").attributes == {"llm.model_name": "m"}


def test_a_mask_that_raises_drops_the_content_not_the_rule(spans: Captured) -> None:
    """MLflow logs the exception and sends the span unmasked."""

    def broken(span: MaskedSpan) -> None:
        raise RuntimeError("bug in the mask")

    with masks(broken):
        try:
            with spanhouse.start_span("s", span_type="LLM", attributes={"note": SECRET}) as span:
                span.set_inputs(SECRET)
                span.set_model("gpt-5")
                span.set_usage(3, 4)
                span.add_event("e", {"text": SECRET})
                raise ValueError(SECRET)
        except ValueError:
            pass
    found = spans.find("s")
    assert SECRET not in everything(spans)
    assert found.attributes == {
        "spanhouse.span_type": "LLM",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 4,
        "error.type": "ValueError",
        "spanhouse.content_dropped": True,
    }
    assert found.status == "ERROR"
    assert FAULTS.counts()["masking_failed"] == 1


def test_numbers_and_links_are_content_too_when_a_mask_fails(spans: Captured) -> None:
    def broken(span: MaskedSpan) -> None:
        raise RuntimeError("bug in the mask")

    @spanhouse.trace
    def pin_of(card: int) -> int:
        span = spanhouse.get_current_active_span()
        assert span is not None
        span.set_attribute("attempts.of.ann", 3)
        span.add_link(SpanContext(1, 1, is_remote=True), {"card": card})
        return 1234

    with masks(broken):
        pin_of(4711)
    (found,) = spans.spans
    assert found.attributes == {"spanhouse.content_dropped": True}
    assert [dict(link.attributes or {}) for link in found.otel.links] == [{}]


def test_masks_change_the_attributes_of_links(spans: Captured) -> None:
    def short(span: MaskedSpan) -> None:
        for link in span.links:
            link["card"] = "***"

    with masks(short), spanhouse.start_span("s") as span:
        span.add_link(SpanContext(1, 2, is_remote=True), {"card": SECRET, "kept": 1})
    (link,) = spans.find("s").otel.links
    assert (link.context.span_id, dict(link.attributes or {})) == (2, {"card": "***", "kept": 1})


def test_a_later_mask_does_not_run_on_what_an_earlier_one_failed_on(spans: Captured) -> None:
    seen: list[str] = []

    def broken(span: MaskedSpan) -> None:
        raise RuntimeError

    watch: Callable[[MaskedSpan], None] = lambda span: seen.append(span.name)  # noqa: E731
    with masks(broken, watch), spanhouse.start_span("s"):
        pass
    assert seen == []
    assert spans.find("s").attributes == {"spanhouse.content_dropped": True}


def test_without_content_nothing_that_was_said_is_kept(spans: Captured) -> None:
    spanhouse.configure(capture_content=False)
    try:
        traced = spanhouse.trace(lambda text: text, name="ours", span_type="TOOL")
        traced(SECRET)
        with spanhouse.start_span("by hand") as span:
            span.set_messages(SECRET, SECRET)
            span.set_documents([SECRET])
        attributes = {"llm.input_messages.0.message.content": SECRET, "gen_ai.prompt.0.content": SECRET,
                      "gen_ai.prompt.name": "kept", "input.value": SECRET}  # fmt: skip
        with otel.get_tracer("instrumentor").start_as_current_span("theirs", attributes=attributes):
            pass
    finally:
        spanhouse.configure(capture_content=True)
    assert SECRET not in everything(spans)
    assert spans.find("theirs").attributes == {"gen_ai.prompt.name": "kept"}
