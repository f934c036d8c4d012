"""The shim and the real collector: what was traced with real libraries is read back whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from spanhouse import Client
from spanhouse_collector.demo.mock_llm import MockLlm
from tests.clients.mock_provider import MockProvider
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded
from tests.shim.programs import run

PROGRAM = """
    import asyncio, os
    import openai, orjson, spanhouse
    from langchain.agents import create_agent
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    spanhouse.autolog()
    QUESTION = [{"role": "user", "content": "What is the weather in Rome?"}]
    client = openai.OpenAI(api_key="x")

    @tool
    def get_weather(city: str) -> str:
        "Weather of a city."
        with spanhouse.start_span("look out of the window", span_type="TOOL") as span:
            span.set_inputs({"city": city})
            return f"sunny in {city}"

    TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}}}}]

    async def ask():
        async with openai.AsyncOpenAI(api_key="x") as asynchronous:
            await asynchronous.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)
            async for _ in await asynchronous.chat.completions.create(
                model="gpt-4o-mini", messages=QUESTION, stream=True, stream_options={"include_usage": True}
            ):
                pass

    @spanhouse.trace(span_type="AGENT", output_reducer="".join)
    def agent(question):
        spanhouse.update_current_trace(session_id="s-1", user="ann", tags={"env": "test"})
        client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION, tools=TOOLS)
        asyncio.run(ask())
        for chunk in client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION, stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content
        create_agent(ChatOpenAI(model="gpt-4o-mini", api_key="x"), [get_weather]).invoke({"messages": QUESTION})

    answer = "".join(agent("Rome?"))
    spanhouse.get_trace(spanhouse.get_last_active_trace_id(), wait=20)
    (trace,) = spanhouse.search_traces("session_id = 's-1' AND tags.env = 'test'")
    spans = [[s.name, s.span_type, s.parent_id, s.span_id, s.inputs, s.outputs, s.token_usage, s.messages]
             for s in trace.spans]
    shown = {"answer": answer, "info": trace.info.to_dict(), "spans": spans, "health": spanhouse.health(),
             "text": str(trace), "html": trace._repr_html_()[:20]}
    print(orjson.dumps(shown, str).decode())
"""


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("collector") / "data")) as process:
        yield process


def test_a_traced_agent_is_read_back_whole(collector: CollectorProcess) -> None:
    with MockLlm() as llm:
        ran = run(PROGRAM, SPANHOUSE_ENDPOINT=collector.http, OPENAI_BASE_URL=llm.base_url)
    assert (ran.code, ran.err) == (0, "")
    shown: dict[str, Any] = orjson.loads(ran.out.splitlines()[-1])
    assert set(shown["health"]) <= {"exported", "duplicate_spans_left_out"}
    name, span_type, parent_id, root_id, inputs, outputs, *_ = shown["spans"][0]
    assert (name, span_type, parent_id) == ("agent", "AGENT", None)
    assert (inputs, outputs) == ({"question": "Rome?"}, shown["answer"])
    types = {span[0]: span[1] for span in shown["spans"]}
    assert types["ChatCompletion"] == types["ChatOpenAI"] == "LLM"
    assert types["look out of the window"] == "TOOL"
    calls = [span for span in shown["spans"] if span[0] == "ChatCompletion" and span[2] == root_id]
    assert len(calls) == 4  # with a tool, asynchronous, asynchronous and streamed, streamed
    (asked,) = [span for span in calls if "tool_call" in str(span[7]["output"])]
    assert asked[7]["output"][0]["parts"][0]["name"] == "get_weather"
    assert sum(bool(span[6]) for span in calls) >= 3
    info = shown["info"]
    assert (info["session_id"], info["user_id"], info["state"]) == ("s-1", "ann", "OK")
    assert info["total_tokens"] > 0
    assert info["span_count"] == len(shown["spans"])
    assert shown["html"].startswith("<style>")


OTHERS = """
    import asyncio, warnings
    import anthropic, llama_index.core as core, openai, orjson, spanhouse
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata

    warnings.simplefilter("ignore")  # the libraries' own
    MODEL = {"model": "claude-sonnet-4-5", "max_tokens": 100}
    QUESTION = [{"role": "user", "content": "What is the weather in Rome?"}]
    TOOLS = [{"name": "get_weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]

    class OpenAiOfOurOwn(CustomLLM):
        @property
        def metadata(self):
            return LLMMetadata(model_name="gpt-4o-mini")
        def complete(self, prompt, formatted=False, **kwargs):
            question = [{"role": "user", "content": prompt}]
            reply = openai.OpenAI(api_key="x").chat.completions.create(model="gpt-4o-mini", messages=question)
            return CompletionResponse(text=reply.choices[0].message.content)
        def stream_complete(self, prompt, formatted=False, **kwargs):
            yield self.complete(prompt)

    async def ask():
        async with anthropic.AsyncAnthropic(api_key="x") as asynchronous:
            await asynchronous.messages.create(**MODEL, messages=QUESTION)

    spanhouse.autolog()
    with spanhouse.start_span("claude"):
        client = anthropic.Anthropic(api_key="x")
        client.messages.create(**MODEL, messages=QUESTION, tools=TOOLS)
        with client.messages.stream(**MODEL, messages=QUESTION) as stream:
            said = "".join(stream.text_stream)
        asyncio.run(ask())
    core.Settings.embed_model, core.Settings.llm = core.MockEmbedding(embed_dim=8), OpenAiOfOurOwn()
    index = core.VectorStoreIndex.from_documents([core.Document(text="Traces are kept for 400 days.")])
    with spanhouse.start_span("rag") as rag:
        rag.set_outputs(str(index.as_query_engine(similarity_top_k=1).query("How long are traces kept?")))
    spanhouse.get_trace(rag.trace_id, wait=20)
    found = [spanhouse.search_traces(f"name = '{name}'")[0] for name in ("claude", "rag")]
    spans = [[[s.name, s.span_type, s.model_name, s.token_usage, s.messages] for s in trace.spans] for trace in found]
    shown = {"infos": [trace.info.to_dict() for trace in found], "spans": spans, "said": said}
    print(orjson.dumps(shown, str).decode())
"""


def test_anthropic_and_a_rag_of_llama_index_are_searched_in_the_collector(collector: CollectorProcess) -> None:
    with MockProvider() as llm:
        urls = {"ANTHROPIC_BASE_URL": llm.url, "OPENAI_BASE_URL": llm.url + "/v1"}
        ran = run(OTHERS, SPANHOUSE_ENDPOINT=collector.http, **urls)
    assert ran.code == 0, ran.err
    shown: dict[str, Any] = orjson.loads(ran.out.splitlines()[-1])
    (_, *calls), rag = shown["spans"]
    assert [(call[0], call[1], call[2].startswith("claude-sonnet-4-5")) for call in calls] == [
        ("messages.create", "LLM", True),
        ("messages.stream", "LLM", True),
        ("messages.create", "LLM", True),
    ]
    assert calls[0][4]["output"][0]["parts"][0]["name"] == "get_weather"
    assert calls[1][4]["output"][0]["parts"][0]["content"] == shown["said"]
    claude, retrieval = shown["infos"]
    assert claude["total_tokens"] == sum(call[3]["total_tokens"] for call in calls) > 0
    assert claude["cost_usd"] > 0
    assert {"rag", "VectorIndexRetriever.retrieve", "MockEmbedding.get_query_embedding", "ChatCompletion"} <= {
        span[0] for span in rag
    }
    assert {"RETRIEVER", "EMBEDDING", "LLM"} <= {span[1] for span in rag}
    assert "400 days" in retrieval["output_preview"]
    assert retrieval["total_tokens"] == sum(span[3]["total_tokens"] for span in rag if span[3]) > 0


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_script_of_one_span_needs_no_flush(collector: CollectorProcess, protocol: str) -> None:
    """All of the exporter is imported while the interpreter is going down."""
    endpoint = collector.http if protocol == "http/protobuf" else f"http://{collector.grpc}"
    program = """
        import spanhouse
        with spanhouse.start_span("only") as span: pass
        print(span.trace_id)
    """
    ran = run(program, SPANHOUSE_ENDPOINT=endpoint, SPANHOUSE_PROTOCOL=protocol)
    assert (ran.code, ran.err) == (0, "")
    assert Client(url=collector.http).get_trace(ran.out.strip(), wait=10) is not None


def test_children_of_a_forked_process_arrive_over_grpc_too(collector: CollectorProcess) -> None:
    program = """
        import os, spanhouse
        with spanhouse.start_span("before") as before: pass
        spanhouse.flush()
        reader, writer = os.pipe()
        if os.fork() == 0:
            with spanhouse.start_span("child") as child: pass
            os.write(writer, f"{child.trace_id} {spanhouse.flush(8000)}".encode())
            os._exit(0)
        os.wait()
        child_id, flushed = os.read(reader, 100).decode().split()
        with spanhouse.start_span("after") as after: pass
        found = [spanhouse.get_trace(trace_id, wait=10) for trace_id in (before.trace_id, child_id, after.trace_id)]
        print(flushed, [trace.info.name for trace in found])
    """
    ran = run(
        program, SPANHOUSE_ENDPOINT=f"http://{collector.grpc}", SPANHOUSE_PROTOCOL="grpc", SPANHOUSE_URL=collector.http
    )
    assert ran.out == "True ['before', 'child', 'after']\n", ran.err


def test_what_was_stored_is_searched_tagged_judged_and_deleted(collector: CollectorProcess) -> None:
    program = """
        import spanhouse
        for number in range(3):
            with spanhouse.start_span(f"job {number}", span_type="AGENT") as span:
                spanhouse.update_current_trace(tags={"batch": "b-7"}, metadata={"v": "1"}, session_id=f"s-{number}")
                spanhouse.update_current_trace(request_preview=f"asked {number}", response_preview="x" * 2000)
                with spanhouse.start_span("chat", span_type="LLM") as call:
                    call.set_model("gpt-5")
                    call.set_usage(10 * number, 5)
                span.set_outputs({"n": number})
        print(spanhouse.flush())
    """
    assert run(program, SPANHOUSE_ENDPOINT=collector.http).out == "True\n"
    client = Client(url=collector.http)
    query = "tags.batch = 'b-7' AND trace.total_tokens > 10"
    deadline = time.monotonic() + 20
    while len(found := client.search_traces(query, order_by="start_time DESC", max_results=5)) < 2:
        assert time.monotonic() < deadline, found
    assert [trace.info.name for trace in found] == ["job 2", "job 1"]
    assert found[0].info.token_usage == {"input_tokens": 20, "output_tokens": 5, "total_tokens": 25}
    assert [span.span_type for span in found[0].spans] == ["AGENT", "LLM"]
    assert found[0].spans[0].outputs == {"n": 2}
    listed = client.search_traces("trace.status = 'OK' AND tags.batch = 'b-7'", include_spans=False)
    assert {trace.info.request_preview for trace in listed} == {"asked 0", "asked 1", "asked 2"}
    assert {trace.info.response_preview for trace in listed} == {"x" * 1000}
    assert len(client.search_traces("metadata.mlflow.traceInputs = 'asked 2'")) == 1
    assert list(client.search_traces(query, return_type="pandas", order_by="start_time ASC")["session_id"]) == [
        "s-1",
        "s-2",
    ]
    assert client.search_traces(query, return_type="arrow").num_rows == 2
    trace_id = found[0].info.trace_id
    client.set_trace_tag(trace_id, "reviewed", "yes")
    good = client.log_feedback(trace_id=trace_id, name="good", value=True, rationale="why")
    client.update_assessment(trace_id, good.assessment_id, value=False)
    better = client.override_feedback(trace_id=trace_id, assessment_id=good.assessment_id, value=True)
    expected = client.log_expectation(trace_id=trace_id, name="answer", value={"n": 2})
    client.delete_assessment(trace_id, expected.assessment_id)
    again = client.get_trace(trace_id)
    assert again is not None
    assert (again.info.tags, again.info.trace_metadata["v"]) == ({"batch": "b-7", "reviewed": "yes"}, "1")
    assert again.info.request_preview == again.info.trace_metadata["mlflow.traceInputs"] == "asked 2"
    assert [item.value for item in again.search_assessments("good") if item.valid] == [True]
    assert better.overrides == good.assessment_id
    assert client.get_assessment(trace_id, better.assessment_id).value is True
    assert len(client.search_traces(query, flush=False)) == 2
    client.delete_trace_tag(trace_id, "reviewed")
    assert client.delete_traces([trace_id]) == 1
    assert client.get_trace(trace_id, wait=0, silent=True) is None
    assert client.delete_traces(filter_string="tags.batch = 'b-7'", project="default") == 2


def test_tags_metadata_and_feedback_are_there_with_the_spans(collector: CollectorProcess) -> None:
    """A trace could be read before the tags that stand on its root."""
    program = """
        import spanhouse
        found = []
        for number in range(8):
            with spanhouse.start_span(f"tagged {number}") as span:
                spanhouse.update_current_trace(
                    tags={"stage": "prod"}, metadata={"v": str(number)}, client_request_id=f"r-{number}"
                )
            spanhouse.log_feedback(trace_id=span.trace_id, name="good", value=None, rationale="no opinion")
            info = spanhouse.get_trace(span.trace_id).info
            found.append((info.tags["stage"], info.trace_metadata["v"], info.client_request_id, len(info.assessments)))
        print(found == [("prod", str(number), f"r-{number}", 1) for number in range(8)] or found)
        (listed,) = spanhouse.search_traces("metadata.v = '7'", include_spans=False)
        print(listed.info.request_metadata)
    """
    assert run(program, SPANHOUSE_ENDPOINT=collector.http).out == "True\n{'v': '7'}\n"
