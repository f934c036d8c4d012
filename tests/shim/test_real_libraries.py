"""anthropic and LlamaIndex with their instrumentors, against the mock provider.

They do not fit into one environment with everything else that the tests use (LlamaIndex holds openai back), so these
run where they are installed: `pip install anthropic llama-index-core llama-index-llms-openai-like
'spanhouse[anthropic,llama-index]'`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import spanhouse
from spanhouse.faults import FAULTS
from spanhouse.testing import Captured
from tests.clients.mock_provider import MockProvider

MODEL = "claude-sonnet-4-5"
QUESTION: Any = [{"role": "user", "content": "hi"}]


@pytest.fixture
def provider() -> Iterator[MockProvider]:
    with MockProvider() as server:
        yield server
    spanhouse.autolog(disable=True)


@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
def test_anthropic_is_traced_once_although_it_emits_spans_itself(provider: MockProvider, spans: Captured) -> None:
    anthropic = pytest.importorskip("anthropic")
    pytest.importorskip("openinference.instrumentation.anthropic")
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
    core: Any = pytest.importorskip("llama_index.core")
    openai_like: Any = pytest.importorskip("llama_index.llms.openai_like")
    pytest.importorskip("openinference.instrumentation.llama_index")
    assert spanhouse.llama_index.autolog()
    core.Settings.embed_model = core.MockEmbedding(embed_dim=8)
    core.Settings.llm = openai_like.OpenAILike(
        model="gpt-4o-mini", api_base=provider.url + "/v1", api_key="x", is_chat_model=True, max_retries=0
    )
    index = core.VectorStoreIndex.from_documents([core.Document(text="Traces are kept for 400 days.")])
    spans.clear()
    with spanhouse.start_span("rag"):
        answer = index.as_query_engine(similarity_top_k=1).query("How long are traces kept?")
    assert "400 days" in str(answer)
    kinds = [span.attributes.get("openinference.span.kind") for span in spans.spans]
    assert {"RETRIEVER", "EMBEDDING", "LLM"} <= set(kinds)
    assert len({span.trace_id for span in spans.spans}) == 1
    assert sum("llm.token_count.total" in span.attributes for span in spans.spans) == 1
