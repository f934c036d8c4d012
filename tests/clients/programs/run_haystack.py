"""Haystack's own tracing: a RAG pipeline, an agent with a tool, a conversation, streaming, an error."""

from __future__ import annotations

import contextlib

import openai
from common import ASK_HAIKU, ASK_REFUSED, ASK_RETENTION, ASK_WEATHER, DOCUMENTS, get_weather, set_up
from haystack import Document, Pipeline, tracing
from haystack.components.agents import Agent
from haystack.components.builders import ChatPromptBuilder
from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.core.errors import PipelineRuntimeError
from haystack.dataclasses import ChatMessage
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.tools import Tool
from haystack_integrations.tracing.opentelemetry import OpenTelemetryTracer

provider = set_up()
tracing.tracer.is_content_tracing_enabled = True
tracing.enable_tracing(OpenTelemetryTracer(provider.get_tracer("app")))
MODEL = "gpt-4o-mini"
TEMPLATE = (
    "Answer from these documents:\n{% for d in documents %}{{ d.content }}\n{% endfor %}\nQuestion: {{ question }}"
)

store = InMemoryDocumentStore()
embedder = OpenAIDocumentEmbedder(model="text-embedding-3-small", progress_bar=False)
indexing = Pipeline()
indexing.add_component("embedder", embedder)
embedded = indexing.run(
    {"embedder": {"documents": [Document(id=f"doc-{n}", content=t) for n, t in enumerate(DOCUMENTS)]}}
)
store.write_documents(embedded["embedder"]["documents"])

rag = Pipeline(metadata={"session_id": "sess-hs-1", "owner": "handbook"})
rag.add_component("embedder", OpenAITextEmbedder(model="text-embedding-3-small"))
rag.add_component("retriever", InMemoryEmbeddingRetriever(store, top_k=2))
rag.add_component("prompt", ChatPromptBuilder([ChatMessage.from_user(TEMPLATE)], required_variables="*"))
rag.add_component("llm", OpenAIChatGenerator(model=MODEL))
rag.connect("embedder.embedding", "retriever.query_embedding")
rag.connect("retriever.documents", "prompt.documents")
rag.connect("prompt.prompt", "llm.messages")
rag.run({"embedder": {"text": ASK_RETENTION}, "prompt": {"question": ASK_RETENTION}})

schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
weather = Tool("get_weather", "Get the weather of a city.", schema, get_weather)
agent = Agent(chat_generator=OpenAIChatGenerator(model=MODEL), tools=[weather], system_prompt="You help travellers.")
agent.run(messages=[ChatMessage.from_user(ASK_WEATHER)])


def single(**settings: object) -> Pipeline:
    """A pipeline with nothing but a generator."""
    pipeline = Pipeline()
    pipeline.add_component("llm", OpenAIChatGenerator(model=MODEL, max_retries=0, **settings))
    return pipeline


streaming = single(streaming_callback=lambda chunk: None, generation_kwargs={"stream_options": {"include_usage": True}})
streaming.run({"llm": {"messages": [ChatMessage.from_user(ASK_HAIKU)]}})

with contextlib.suppress(PipelineRuntimeError, openai.BadRequestError):
    single().run({"llm": {"messages": [ChatMessage.from_user(ASK_REFUSED)]}})

provider.shutdown()
