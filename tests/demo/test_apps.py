"""The sample applications, run for real against a mock model and a throw-away OTLP receiver.

Owns: the claims about what each application emits, and how the runner treats failure.
Leaves to others: what the collector makes of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from spanhouse_collector.demo import runner
from spanhouse_collector.demo.mock_llm import MockLlm
from spanhouse_collector.demo.runner import APPS, App, DemoResult
from tests.demo.otlp_sink import OtlpSink, SinkSpan

needs_demo_extra = pytest.mark.skipif(
    any(app.missing for app in APPS), reason="needs the extra demo: sample applications are not installed"
)


@dataclass(frozen=True)
class Demo:
    """One whole run of the demo: how it ended, what was said, what arrived."""

    result: DemoResult
    lines: tuple[str, ...]
    sink: OtlpSink

    def spans_of(self, app: str) -> list[SinkSpan]:
        """The spans *app* sent."""
        return [span for span in self.sink.spans() if span.service == app.replace("_", "-")]


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """The demo runs once for all claims; its exporters flush before they exit, so nothing has to be waited for."""
    lines: list[str] = []
    with OtlpSink() as sink, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_SDK_DISABLED", "true")
        patch.setenv("https_proxy", "http://127.0.0.1:9")
        result = runner.run_demo(
            grpc_endpoint=sink.grpc_endpoint.removeprefix("http://"),
            http_endpoint=sink.http_endpoint,
            echo=lines.append,
            headers={"X-Spanhouse-Project": "demo", "Authorization": "Bearer a b"},
            seconds_per_token=0.0,
        )
        yield Demo(result, tuple(lines), sink)


@needs_demo_extra
def test_every_application_runs_to_its_end(demo: Demo) -> None:
    """Two lines each, no failure: the caller's own telemetry settings and proxies did not reach the applications."""
    assert demo.result.ok, demo.result
    assert [outcome.name for outcome in demo.result.apps] == [app.name for app in APPS]
    assert len(demo.lines) == 2 * len(APPS)
    assert all("done in" in line for line in demo.lines[1::2])


@needs_demo_extra
def test_each_application_uses_its_protocol_and_the_given_headers(demo: Demo) -> None:
    """gRPC and HTTP both occur, and every export carries the headers, decoded."""
    services: dict[str, set[str]] = {}
    for received in demo.sink.received:
        assert received.headers["x-spanhouse-project"] == "demo"
        assert received.headers["authorization"] == "Bearer a b"
        for name in [app.name for app in APPS if app.name.replace("_", "-") in str(received.message)]:
            services.setdefault(name, set()).add(received.transport)
    assert services == {app.name: {"grpc" if app.protocol == "grpc" else "http"} for app in APPS}


@needs_demo_extra
@pytest.mark.parametrize("app", [app.name for app in APPS])
def test_each_application_sends_whole_traces_with_an_error_among_them(demo: Demo, app: str) -> None:
    """Several traces, every parent present, at least one failed span and several good ones."""
    spans = demo.spans_of(app)
    ids = {span.span_id for span in spans}
    assert len({span.trace_id for span in spans}) >= 3
    assert all(span.parent_span_id in ids for span in spans if span.parent_span_id)
    assert 0 < sum(span.is_error for span in spans) < len(spans)


@needs_demo_extra
@pytest.mark.parametrize(
    ("app", "model"), [("openai_openinference", "gpt-4o-mini-2024-07-18"), ("langchain_agent", "gpt-4o-2024-08-06")]
)
def test_openinference_spans_carry_kind_model_usage_and_session(demo: Demo, app: str, model: str) -> None:
    """OpenInference's dialect: `openinference.span.kind` and `llm.*`."""
    kinds: dict[str, list[SinkSpan]] = {}
    for span in demo.spans_of(app):
        kinds.setdefault(span.attributes["openinference.span.kind"], []).append(span)
    expected = {"AGENT", "EMBEDDING"} if app == "openai_openinference" else {"RETRIEVER"}
    assert {"LLM", "TOOL", "CHAIN"} | expected <= set(kinds)
    assert any(span.is_error for span in kinds["LLM"])
    answered = [span.attributes for span in kinds["LLM"] if not span.is_error]
    for attributes in answered:
        assert attributes["llm.model_name"] == model
        assert attributes["llm.token_count.prompt"] > 0
        assert attributes["llm.token_count.completion"] > 0
        assert attributes["session.id"]
    assert {span.attributes["tool.name"] for span in kinds["TOOL"]} & {"search_flights", "search_handbook"}


@needs_demo_extra
def test_openinference_agent_asks_for_tools_and_streams(demo: Demo) -> None:
    """The tool spans hang below the agent; the streamed answer has its text and its usage."""
    spans = demo.spans_of("openai_openinference")
    agents = {span.span_id for span in spans if span.name == "travel_assistant"}
    tools = [span for span in spans if span.attributes["openinference.span.kind"] == "TOOL"]
    assert len(tools) == 3
    assert all(tool.parent_span_id in agents for tool in tools)
    streamed = [span.attributes for span in spans if '"stream": true' in str(span.attributes.get("input.value"))]
    assert len(streamed) == 2
    assert all("pack" in str(attributes["llm.input_messages.1.message.content"]) for attributes in streamed)
    assert all(attributes["llm.token_count.total"] > 0 for attributes in streamed)


@needs_demo_extra
def test_langchain_retrieval_hangs_below_the_tool_that_needs_it(demo: Demo) -> None:
    """The documents found are on the retriever span, whose parent is the search tool."""
    spans = demo.spans_of("langchain_agent")
    searches = {span.span_id for span in spans if span.name == "search_handbook"}
    retrievals = [span for span in spans if span.attributes["openinference.span.kind"] == "RETRIEVER"]
    assert len(retrievals) == 2
    assert all(span.parent_span_id in searches for span in retrievals)
    assert "26 weeks" in retrievals[0].attributes["retrieval.documents.0.document.content"]


@needs_demo_extra
def test_otel_genai_spans_follow_the_semantic_conventions(demo: Demo) -> None:
    """OpenTelemetry's dialect: `gen_ai.*`, with content, usage, cache hits, reasoning and conversations."""
    operations: dict[str, list[SinkSpan]] = {}
    for span in demo.spans_of("openai_otel_genai"):
        operations.setdefault(span.attributes["gen_ai.operation.name"], []).append(span)
    assert set(operations) == {"chat", "embeddings", "execute_tool", "invoke_agent", "invoke_workflow"}
    chats = [span.attributes for span in operations["chat"] if not span.is_error]
    assert {chat["gen_ai.response.model"] for chat in chats} == {"gpt-4.1-mini-2025-04-14", "gpt-5-mini-2025-08-07"}
    assert all(chat["gen_ai.usage.input_tokens"] > 0 and chat["gen_ai.usage.output_tokens"] > 0 for chat in chats)
    assert all(chat["gen_ai.input.messages"] and chat["gen_ai.output.messages"] for chat in chats)
    assert {chat["gen_ai.conversation.id"] for chat in chats} == {"ticket-8801", "ticket-8802", "incident-4471"}
    assert any(chat.get("gen_ai.usage.cache_read.input_tokens", 0) > 0 for chat in chats)
    assert {span.attributes["gen_ai.tool.name"] for span in operations["execute_tool"]} == {
        "lookup_order",
        "open_return",
    }
    (failed,) = (span for span in operations["chat"] if span.is_error)
    assert failed.attributes["error.type"] == "openai.BadRequestError"


@needs_demo_extra
def test_otel_genai_sends_events_and_metrics_too(demo: Demo) -> None:
    """All three signals of one application arrive."""
    events = demo.sink.log_records()
    assert {name for name, _ in events} == {"gen_ai.client.inference.operation.details"}
    assert any("gen_ai.input.messages" in attributes for _, attributes in events)
    assert {"gen_ai.client.token.usage", "gen_ai.client.operation.duration"} <= demo.sink.metric_names()


def test_a_missing_distribution_is_named_with_the_command_that_brings_it() -> None:
    """The application is not started; the outcome says what to install."""
    app = App("openai_openinference", "title", "grpc", ("openai", "no-such-distribution"))
    outcome = runner.run_app(app, {})
    assert outcome.exit_code == runner.EXIT_NOT_STARTED
    assert "no-such-distribution" in outcome.stderr_tail
    assert outcome.stderr_tail.endswith("pip install no-such-distribution")


def test_a_failing_application_reports_the_end_of_its_stderr() -> None:
    """No such module: Python says so on stderr, the outcome passes it on."""
    outcome = runner.run_app(App("no_such_app", "title", "grpc", ()), os.environ)
    assert outcome.exit_code == 1
    assert "no_such_app" in outcome.stderr_tail


def test_an_application_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """The time limit ends the child; here it waits for a named pipe that nobody writes."""
    pipe = tmp_path / "never"
    os.mkfifo(pipe)
    (tmp_path / "sitecustomize.py").write_text(f"open({str(pipe)!r}).read()\n")
    app = App("openai_openinference", "title", "grpc", ())
    outcome = runner.run_app(app, {**os.environ, "PYTHONPATH": str(tmp_path)}, seconds_max=0.2)
    assert outcome.exit_code == runner.EXIT_TIMED_OUT
    assert "ended after 0.2 s" in outcome.stderr_tail


def test_the_environment_of_an_application_is_the_demos_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's OTEL, OPENAI and proxy settings do not leak in; everything else stays."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    monkeypatch.setenv("OPENAI_ORG_ID", "org")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    with MockLlm() as model:
        environment = runner.app_environment(
            APPS[0], endpoint="127.0.0.1:4317", model_url=model.base_url, headers={"Authorization": "Bearer k"}
        )
    assert not {"OTEL_TRACES_SAMPLER", "OPENAI_ORG_ID", "HTTPS_PROXY"} & set(environment)
    assert environment["SOMETHING_ELSE"] == "kept"
    assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4317"
    assert environment["OTEL_EXPORTER_OTLP_HEADERS"] == "authorization=Bearer%20k"
    assert environment["LANGSMITH_TRACING"] == "false"
