"""OpenInference over LlamaIndex: a query engine, a chat engine, streaming, an agent with a tool, an error."""

from __future__ import annotations

import asyncio
import contextlib

import openai
from common import (
    ASK_AMARA,
    ASK_HAIKU,
    ASK_NAME,
    ASK_PARIS,
    ASK_REFUSED,
    ASK_RETENTION,
    ASK_WEATHER,
    DOCUMENTS,
    get_weather,
    set_up,
)
from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import ChatMessage
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI
from openinference.instrumentation import using_attributes
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor

provider = set_up()
LlamaIndexInstrumentor().instrument(tracer_provider=provider)
Settings.llm = OpenAI(model="gpt-4o-mini", max_retries=0)
Settings.embed_model = OpenAIEmbedding(model="text-embedding-3-small", max_retries=0)

Settings.llm.complete(ASK_PARIS)

index = VectorStoreIndex.from_documents([Document(text=text, id_=f"doc-{n}") for n, text in enumerate(DOCUMENTS)])
with using_attributes(session_id="sess-li-1", user_id="u-101", tags=["rag"]):
    index.as_query_engine(similarity_top_k=2).query(ASK_RETENTION)

engine = SimpleChatEngine.from_defaults()
with using_attributes(session_id="sess-li-2", user_id="amara@example.com"):
    engine.chat(ASK_AMARA)
    engine.chat(ASK_NAME)

for _ in Settings.llm.stream_chat([ChatMessage(content=ASK_HAIKU)]):
    pass


async def agent() -> None:
    """An agent with a tool."""
    worker = FunctionAgent(name="weather_agent", tools=[get_weather], llm=Settings.llm, streaming=False)
    with using_attributes(session_id="sess-li-3"):
        await worker.run(user_msg=ASK_WEATHER)


asyncio.run(agent())

with contextlib.suppress(openai.BadRequestError):
    Settings.llm.complete(ASK_REFUSED)

provider.shutdown()
