"""Automatic tracing with real libraries and their kept instrumentors, against the mock LLM server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import openai
import pytest
from opentelemetry import trace as otel

import spanhouse
from spanhouse import autologging
from spanhouse.duplicates import NATIVE_SCOPES, Duplicates
from spanhouse.faults import FAULTS
from spanhouse.libraries import EXTRAS, LIBRARIES
from spanhouse.provider import runtime
from spanhouse.testing import Captured
from spanhouse_collector.demo.mock_llm import MockLlm

QUESTION: Any = [{"role": "user", "content": "hi"}]
TOOLS: Any = [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]  # fmt: skip


@pytest.fixture
def llm() -> Iterator[MockLlm]:
    with MockLlm() as server:
        yield server


@pytest.fixture(autouse=True)
def off_again() -> Iterator[None]:
    yield
    spanhouse.autolog(disable=True)


def test_openai_is_traced_sync_async_streaming_and_with_tools(llm: MockLlm, spans: Captured) -> None:
    assert spanhouse.openai.autolog()
    client = openai.OpenAI(base_url=llm.base_url, api_key="x")

    async def ask() -> None:
        async with openai.AsyncOpenAI(base_url=llm.base_url, api_key="x") as asynchronous:
            await asynchronous.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)

    with spanhouse.start_span("root"):
        spanhouse.update_current_trace(session_id="s", user="u")
        client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)
        for _ in client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION, stream=True):
            pass
        client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION, tools=TOOLS)
        client.embeddings.create(model="text-embedding-3-small", input="text")
        asyncio.run(ask())
    root = spans.find("root")
    calls = spans.children(root)
    assert len(calls) == 5
    assert {span.attributes["openinference.span.kind"] for span in calls} == {"LLM", "EMBEDDING"}
    assert {span.trace_id for span in calls} == {root.trace_id}
    for span in calls:
        assert (span.attributes["session.id"], span.attributes["user.id"]) == ("s", "u")


def test_disabling_undoes_it(llm: MockLlm, spans: Captured) -> None:
    client = openai.OpenAI(base_url=llm.base_url, api_key="x")
    spanhouse.openai.autolog()
    spanhouse.openai.autolog()
    assert not spanhouse.openai.autolog(disable=True)
    client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)
    assert spans.names == []
    assert spanhouse.openai.autolog()
    client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)
    assert len(spans.names) == 1
    assert not spanhouse.openai.autolog(log_traces=False)


def test_two_instrumentors_of_one_library_make_one_span(llm: MockLlm, spans: Captured) -> None:
    """Both openinference's and OpenTelemetry's are installed here."""
    modules = autologging.installed_instrumentors()
    assert {"openinference.instrumentation.openai", "opentelemetry.instrumentation.genai.openai"} <= set(modules)
    assert "openai" in spanhouse.autolog()
    openai.OpenAI(base_url=llm.base_url, api_key="x").chat.completions.create(model="gpt-4o-mini", messages=QUESTION)
    assert len(spans.names) == 1


def test_a_call_that_a_framework_and_a_provider_saw_is_one_span(llm: MockLlm, spans: Captured) -> None:
    from langchain_openai import ChatOpenAI

    assert spanhouse.autolog("openai", "langchain") == ["openai", "langchain"]
    model = ChatOpenAI(base_url=llm.base_url, api_key="x", model="gpt-4o-mini")  # type: ignore[call-arg,arg-type,unused-ignore]
    with spanhouse.start_span("root"):
        model.invoke("hello")
        model.invoke("hello again")
        openai.OpenAI(base_url=llm.base_url, api_key="x").chat.completions.create(
            model="gpt-4o-mini", messages=QUESTION
        )
    assert sorted(spans.names) == ["ChatCompletion", "ChatOpenAI", "ChatOpenAI", "root"]
    assert FAULTS.counts()["duplicate_spans_left_out"] == 2
    assert len(spans.children(spans.find("root"))) == 3


def test_a_langchain_agent_nests_its_tools_and_models(llm: MockLlm, spans: Captured) -> None:
    from langchain.agents import create_agent
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    @tool
    def get_weather(city: str) -> str:
        """Weather of a city."""
        with spanhouse.start_span("inside the tool"):
            return f"sunny in {city}"

    spanhouse.autolog("langchain")
    model = ChatOpenAI(base_url=llm.base_url, api_key="x", model="gpt-4o-mini")  # type: ignore[call-arg,arg-type,unused-ignore]
    agent: Any = create_agent(model, [get_weather])
    with spanhouse.start_span("request"):
        agent.invoke({"messages": [{"role": "user", "content": "What is the weather in Rome?"}]})
    kinds = [span.attributes.get("openinference.span.kind") for span in spans.spans]
    assert "LLM" in kinds
    assert len({span.trace_id for span in spans.spans}) == 1


def test_a_library_without_instrumentor_is_told_with_its_extra(
    spans: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    assert not spanhouse.crewai.autolog()
    assert "pip install 'spanhouse[crewai]'" in caplog.text
    assert FAULTS.counts()["autolog_not_installed"] == 1
    FAULTS.reset()
    assert not spanhouse.groq.autolog()
    assert "pip install openinference-instrumentation-groq" in caplog.text


def test_everything_that_is_installed_is_found_without_warnings(
    spans: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    assert {"openai", "langchain"} <= set(spanhouse.autolog())
    assert caplog.text == ""


class Broken:
    def instrument(self, **options: Any) -> None:
        raise RuntimeError("does not fit")


def test_a_broken_instrumentor_costs_only_itself(spans: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("mistral", f"{__name__}:Broken", "opentelemetry_instrumentor")
    monkeypatch.setattr(autologging, "_chosen", lambda library, installed: entry if library == "mistral" else None)
    assert spanhouse.autolog("mistral") == []
    assert FAULTS.counts()["internal_errors"] == 1
    FAULTS.reset()


def test_namespaces_of_mlflow_exist_and_others_do_not() -> None:
    others = ("gemini", "mistral", "groq", "haystack", "pydantic_ai", "smolagents", "autogen")
    for name in (*EXTRAS, *others):
        assert callable(getattr(spanhouse, name).autolog)
    with pytest.raises(AttributeError, match="no attribute 'no_such_library'"):
        getattr(spanhouse, "no_such_library")  # noqa: B009


def test_every_extra_is_a_library_and_installs_an_instrumentor() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    ours = set(extras) - {"collector", "demo", "bench", "dev"}
    assert {name.replace("-", "_") for name in ours} == set(EXTRAS)
    for name in ours:
        assert extras[name][0].startswith("openinference-instrumentation-"), name
        assert LIBRARIES[name.replace("-", "_")][0].replace(".", "-").replace("_", "-") in extras[name][0]


def model_call(scope: str, start: int, end: int, **attributes: Any) -> None:
    span = otel.get_tracer(scope).start_span("call", attributes=attributes, start_time=start)
    span.end(end)


@pytest.mark.parametrize(
    ("inner", "outer", "left"),
    [
        ({"gen_ai.usage.output_tokens": 5}, {"llm.token_count.completion": 5}, 1),
        ({"gen_ai.usage.output_tokens": 5}, {"llm.token_count.completion": 6}, 2),
        ({"gen_ai.response.id": "a"}, {"gen_ai.response.id": "a", "gen_ai.usage.output_tokens": 6}, 1),
        ({"gen_ai.response.id": "a"}, {"gen_ai.response.id": "b"}, 2),
        ({}, {}, 2),
    ],
)
def test_what_a_library_emits_by_itself_gives_way_to_its_instrumentor(
    spans: Captured, inner: dict[str, Any], outer: dict[str, Any], left: int
) -> None:
    """The anthropic SDK emits spans of its own as soon as there is a TracerProvider."""
    current = runtime()
    assert current is not None
    current.processor.duplicates = Duplicates(
        NATIVE_SCOPES, ("openinference.instrumentation.anthropic",), ("framework",)
    )
    model_call("com.anthropic.sdk.python", 2, 3, **inner)
    model_call("openinference.instrumentation.anthropic", 1, 4, **outer)
    assert len(spans.names) == left
    assert spans.spans[-1].otel.start_time == 1


def test_a_call_after_the_other_is_another_call(spans: Captured) -> None:
    current = runtime()
    assert current is not None
    current.processor.duplicates = Duplicates(NATIVE_SCOPES, ("provider",), ("framework",))
    same = {"llm.token_count.completion": 5}
    model_call("provider", 1, 2, **same)
    model_call("framework", 3, 4, **same)
    model_call("provider", 5, 6, **same)
    model_call("provider", 5, 6, **same)
    assert len(spans.names) == 4


def test_a_framework_whose_name_begins_as_a_providers_is_no_provider(
    spans: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """openai_agents over openai."""
    monkeypatch.setattr(autologging._Active, "by_library", dict.fromkeys(("openai", "openai_agents"), object()))
    autologging._watch_for_duplicates()
    same = {"llm.token_count.completion": 5}
    model_call("openinference.instrumentation.openai", 2, 3, **same)
    model_call("openinference.instrumentation.openai_agents", 1, 4, **same)
    assert [span.otel.start_time for span in spans.spans] == [1]
