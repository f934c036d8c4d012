"""Names under which programs written for MLflow look for things."""

from __future__ import annotations

import importlib
import time
from types import ModuleType
from typing import Any

import pytest

import spanhouse
from spanhouse import Span, entities, tracing
from spanhouse.faults import FAULTS
from spanhouse.provider import runtime
from spanhouse.testing import Captured
from tests.shim.fake_collector import FakeCollector
from tests.shim.programs import run


@pytest.mark.parametrize("module", [entities, tracing])
def test_a_namespace_says_all_that_it_has_and_hands_on_the_packages_own(module: ModuleType) -> None:
    assert list(module.__all__) == sorted(module.__all__)
    for name in module.__all__:
        value = getattr(module, name)
        assert value.__doc__
        assert getattr(spanhouse, name, value) is value


def test_namespaces_are_found_without_an_import_of_their_own() -> None:
    ran = run(
        """
        import spanhouse as mlflow
        mlflow.tracing.disable()
        mlflow.tracing.enable()
        print(mlflow.entities.SpanType.TOOL, mlflow.client.MlflowClient.__name__)
        """,
        OTEL_TRACES_EXPORTER="none",
    )
    assert (ran.out, ran.err) == ("TOOL Client\n", "")
    assert importlib.import_module("spanhouse.entities") is spanhouse.entities


def test_entities_are_understood_by_the_methods_of_spans(spans: Captured) -> None:
    with spanhouse.start_span("other") as other:
        pass
    link = entities.Link("tr-" + other.trace_id, other.span_id, {"why": "retry"})
    with spanhouse.start_span("root", span_type=entities.SpanType.RETRIEVER, links=[link]) as span:
        span.set_documents([entities.Document("Rome", {"page": 1}, "d1")])
        span.set_outputs([entities.Document("Rome")])
        span.add_event(entities.SpanEvent("step", 7, {"n": 1}))
        span.add_event(entities.SpanEvent.from_exception(ValueError("no")))
        span.set_log_level(entities.SpanLogLevel.WARNING)
        span.add_link(link)
        span.set_status(entities.SpanStatus(entities.SpanStatusCode.OK))
    made = spans.find("root")
    assert made.outputs == [{"page_content": "Rome", "metadata": {}, "id": None}]
    assert '"content":"Rome"' in made.attributes["gen_ai.retrieval.documents"]
    assert made.attributes["spanhouse.log_level"] == "WARNING"
    step, failed = made.otel.events
    assert (step.name, step.timestamp, dict(step.attributes or {})) == ("step", 7, {"n": 1})
    assert (failed.attributes or {})["exception.type"] == "ValueError"
    assert [f"{link.context.trace_id:032x}" for link in made.otel.links] == [other.trace_id] * 2
    assert link.to_dict() == {
        "trace_id": "tr-" + other.trace_id,
        "span_id": other.span_id,
        "attributes": {"why": "retry"},
    }
    assert entities.Document("a").to_dict() == {"page_content": "a", "metadata": {}, "id": None}
    assert time.time_ns() - entities.SpanEvent("now").timestamp < 60_000_000_000


def test_arguments_of_mlflows_that_say_nothing_here_are_passed_over(
    spans: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    traced = spanhouse.trace(lambda: 1, name="f", trace_destination=object())
    assert "trace_destination says nothing here" in caplog.text
    with spanhouse.start_span("root", attributes={"a": 1}, run_id="r-1", trace_destination="somewhere"):
        traced()
    hostile: Any = type("Hostile", (), {"__str__": lambda self: 1 / 0})()
    with spanhouse.start_span("hostile", attributes={"a": 1}, run_id=hostile):
        pass
    assert spans.find("root").attributes == {"a": 1, "spanhouse.trace.metadata.mlflow.sourceRun": "r-1"}
    assert spans.find("hostile").attributes == {"a": 1}
    assert FAULTS.counts() == {"settings_ignored": 2, "internal_errors": 1}
    FAULTS.reset()


def test_live_and_stored_spans_say_the_same_words(spans: Captured) -> None:
    with spanhouse.start_span("s", span_type="LLM", log_level="debug", description="a call") as live:
        live.set_model("asked", response_model="answered")
        live.set_usage(1, 2, cost_usd=0.5)
        stored_span = spanhouse.Span.from_dict(live.to_dict())
        assert (live.description, live.log_level, live.model_name, live.llm_cost) == (
            "a call",
            "DEBUG",
            "answered",
            0.5,
        )
    assert (stored_span.description, stored_span.log_level, stored_span.request_id) == (
        "a call",
        "DEBUG",
        live.trace_id,
    )


def test_a_live_span_as_a_dict_reads_as_a_stored_one(spans: Captured) -> None:
    with spanhouse.start_span("above") as above, spanhouse.start_span("below", span_type="TOOL") as span:
        span.set_inputs({"a": 1})
        span.set_attribute("list", [1, 2])
        span.add_event("step", {"n": 1})
        span.add_link(above)
        assert span.to_dict()["end_time_unix_nano"] is None
        span.set_status("ERROR", "it broke")
    made = span.to_dict()
    read = Span.from_dict(made)
    assert (read.name, read.span_type, read.inputs, read.status) == ("below", "TOOL", {"a": 1}, ("ERROR", "it broke"))
    assert (read.trace_id, read.span_id, read.parent_id) == (span.trace_id, span.span_id, above.span_id)
    assert (read.start_time_ns, read.end_time_ns) == (span.start_time_ns, span.end_time_ns)
    assert made["attributes"]["list"] == [1, 2]
    assert (made["events"][0]["name"], made["events"][0]["attributes"]) == ("step", {"n": 1})
    assert made["links"] == [{"trace_id": above.trace_id, "span_id": above.span_id, "attributes": {}}]


def test_the_switches_of_tracing_have_their_counterparts(spans: Captured) -> None:
    current = runtime()
    assert current is not None
    before = current.settings.project
    try:
        tracing.set_destination("cafe")
        assert current.settings.project == "cafe"
        tracing.set_destination("bar", context_local=True)
        tracing.set_destination(object())
        assert current.settings.project == "cafe"
        assert FAULTS.counts()["settings_ignored"] == 2
    finally:
        current.settings = current.settings.replaced(project=before)
    with tracing.context(tags={"a": "b"}), spanhouse.start_span("root") as span:
        tracing.set_span_chat_tools(span, [{"type": "function", "function": {"name": "f"}}])
    assert '"name":"f"' in spans.find("root").attributes["gen_ai.tool.definitions"]


def test_mlflows_flush_sends_what_has_ended_and_ends_nothing(collector: FakeCollector) -> None:
    ran = run(
        """
        import spanhouse as mlflow
        for name in "ab":
            with mlflow.start_span(name): pass
            mlflow.flush_trace_async_logging(terminate=True)
        print(mlflow.health()["exported"])
        """,
        SPANHOUSE_ENDPOINT=collector.url,
    )
    assert (ran.out, ran.err) == ("2\n", "")
