"""anthropic and LlamaIndex with their instrumentors, against the mock provider.

LlamaIndex's own OpenAI package holds openai back, so its LLM here is one of the test's own, over the openai client:
what an application does that has a model of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import anthropic
import llama_index.core as core
import openai
import pytest
from llama_index.core.llms import CompletionResponse, CompletionResponseGen, CustomLLM, LLMMetadata

import spanhouse
from spanhouse.faults import FAULTS
from spanhouse.testing import Captured
from tests.clients.mock_provider import MockProvider


class OpenAiOfOurOwn(CustomLLM):
    """A model of LlamaIndex that asks the openai client."""

    base_url: str

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="gpt-4o-mini")

    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        with openai.OpenAI(base_url=self.base_url, api_key="x", max_retries=0) as client:
            reply = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": prompt}])
        return CompletionResponse(text=reply.choices[0].message.content or "", raw=reply.model_dump())

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        yield self.complete(prompt)


MODEL = "claude-sonnet-4-5"
QUESTION: Any = [{"role": "user", "content": "hi"}]


@pytest.fixture
def provider() -> Iterator[MockProvider]:
    with MockProvider() as server:
        yield server
    spanhouse.autolog(disable=True)


@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
def test_anthropic_is_traced_once_although_it_emits_spans_itself(provider: MockProvider, spans: Captured) -> None:
    assert spanhouse.anthropic.autolog()
    client = anthropic.Anthropic(base_url=provider.url, api_key="x")

    async def ask() -> None:
        async with anthropic.AsyncAnthropic(base_url=provider.url, api_key="x") as asynchronous:
            await asynchronous.messages.create(model=MODEL, max_tokens=100, messages=QUESTION)

    with spanhouse.start_span("root"):
        spanhouse.update_current_trace(session_id="s")
        client.messages.create(model=MODEL, max_tokens=100, messages=QUESTION)
        with client.messages.stream(model=MODEL, max_tokens=100, messages=QUESTION) as stream:
            for _ in stream.text_stream:
                pass
        asyncio.run(ask())
    calls = spans.children(spans.find("root"))
    assert [span.name for span in calls] == ["messages.create", "messages.stream", "messages.create"]
    assert len(spans.names) == 4
    assert FAULTS.counts()["duplicate_spans_left_out"] == 3
    for span in calls:
        assert span.attributes["llm.token_count.total"] > 0
        assert span.attributes["session.id"] == "s"


@pytest.mark.filterwarnings("default")  # an error inside the instrumentor would cost the span it is about
def test_a_rag_of_llama_index_is_one_tree(provider: MockProvider, spans: Captured) -> None:
    assert spanhouse.llama_index.autolog()
    core.Settings.embed_model = core.MockEmbedding(embed_dim=8)
    core.Settings.llm = OpenAiOfOurOwn(base_url=provider.url + "/v1")
    index = core.VectorStoreIndex.from_documents([core.Document(text="Traces are kept for 400 days.")])
    spans.clear()
    with spanhouse.start_span("rag"):
        answer = index.as_query_engine(similarity_top_k=1).query("How long are traces kept?")
    assert "400 days" in str(answer)
    kinds = [span.attributes.get("openinference.span.kind") for span in spans.spans]
    assert {"RETRIEVER", "EMBEDDING", "LLM"} <= set(kinds)
    assert len({span.trace_id for span in spans.spans}) == 1
    told = [span for span in spans.spans if span.attributes.get("openinference.span.kind") == "LLM"]
    assert "400 days" in str(told[-1].attributes["output.value"])
