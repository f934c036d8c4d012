"""LangSmith's OpenTelemetry mode: LangChain chains, an agent with a tool, its own decorator, streaming, an error."""

from __future__ import annotations

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
from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnablePassthrough
from langchain_core.tracers.langchain import wait_for_all_tracers
from langchain_openai import ChatOpenAI
from langsmith import traceable
from langsmith.run_trees import get_cached_client
from langsmith.wrappers import wrap_openai

provider = set_up()
model = ChatOpenAI(model="gpt-4o-mini", max_retries=0, stream_usage=True)


class Handbook(BaseRetriever):
    """Finds the two documents, whatever is asked."""

    def _get_relevant_documents(self, query: str, **_: object) -> list[Document]:
        return [Document(page_content=text, metadata={"page": page}) for page, text in enumerate(DOCUMENTS)]


agent = create_agent(model, tools=[get_weather], system_prompt="You help travellers.", name="weather_agent")
who = {"metadata": {"thread_id": "thread-ls-1", "user_id": "u-201"}, "tags": ["beta", "web"]}
agent.invoke({"messages": [HumanMessage(ASK_WEATHER)]}, who)

prompt = ChatPromptTemplate.from_template("Answer from these documents:\n{context}\nQuestion: {question}")
rag = {"context": Handbook(), "question": RunnablePassthrough()} | prompt | model
rag.invoke(ASK_RETENTION, {"run_name": "handbook_rag"})

talk = {"metadata": {"thread_id": "thread-ls-2"}}
model.invoke([HumanMessage(ASK_AMARA)], talk)
model.invoke([HumanMessage(ASK_AMARA), AIMessage("Nice to meet you, Amara!"), HumanMessage(ASK_NAME)], talk)

for _ in model.stream([HumanMessage(ASK_HAIKU)]):
    pass

client = wrap_openai(openai.OpenAI(max_retries=0))


@traceable(run_type="chain", name="ask_paris", metadata={"session_id": "sess-ls-3"}, tags=["plain"])
def ask_paris(question: str) -> str | None:
    """The OpenAI SDK under LangSmith's wrapper."""
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="gpt-4o-mini", messages=messages).choices[0].message.content


ask_paris(ASK_PARIS)
with contextlib.suppress(openai.BadRequestError):
    model.invoke([HumanMessage(ASK_REFUSED)])

wait_for_all_tracers()
get_cached_client().flush()
provider.shutdown()
