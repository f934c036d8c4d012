"""A staff-handbook assistant: a LangChain agent with retrieval, traced by OpenInference's instrumentor.

Owns: an agent with two tools, one of which searches a small handbook by embeddings; two questions asked of it,
and a summary whose model is rate-limited (the error trace).
Leaves to others: exporters and resource (`apps.telemetry` and the environment), the model (`OPENAI_BASE_URL`).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import openai
from langchain.agents import create_agent
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openinference.instrumentation.langchain import LangChainInstrumentor

from spanhouse_collector.demo.apps import telemetry

MODEL = "gpt-4o"
EMBEDDING_MODEL = "text-embedding-3-small"
DOCUMENTS_PER_SEARCH = 2
SYSTEM = "You answer questions of staff. Search the handbook before you state a rule, and name it."

HANDBOOK = {
    "leave/parental": "Parental leave is 26 weeks at full pay for every new parent, in up to two blocks.",
    "leave/vacation": "Everybody has 28 vacation days. Up to five unused days carry over to the end of March.",
    "leave/sick": "Tell your lead on the first day you are sick; a doctor's note is needed from day four.",
    "travel/trains": "Trips under five hours go by train, second class; first class from three hours on.",
    "security/laptops": "Laptops are encrypted, locked when left alone, and reported within an hour when lost.",
}
VACATION_LEFT = {"E-307": 11, "E-412": 3}


@dataclass(frozen=True)
class Question:
    """What one person asks, in one session."""

    session: str
    user: str
    text: str


QUESTIONS = (
    Question("handbook-301", "noor.haddad", "How long is parental leave, and can I split it?"),
    Question("handbook-302", "tom.becker", "How many vacation days do I have left (E-307), and what if I keep some?"),
)


class HandbookRetriever(BaseRetriever):
    """The handbook's articles nearest to a query."""

    embeddings: Embeddings
    articles: dict[str, list[float]]

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        """Search; LangChain calls this inside its retriever span."""
        target = self.embeddings.embed_query(query)
        scores = {
            name: sum(a * b for a, b in zip(target, vector, strict=True)) for name, vector in self.articles.items()
        }
        best = sorted(scores, key=lambda name: scores[name], reverse=True)[:DOCUMENTS_PER_SEARCH]
        return [
            Document(HANDBOOK[name], id=name, metadata={"source": name, "score": round(scores[name], 4)})
            for name in best
        ]


def build_retriever() -> HandbookRetriever:
    """Embed the handbook once."""
    embeddings = OpenAIEmbeddings(
        model=EMBEDDING_MODEL,
        dimensions=256,
        check_embedding_ctx_length=False,  # else it downloads a tokenizer
        max_retries=0,
    )
    vectors = embeddings.embed_documents(list(HANDBOOK.values()))
    return HandbookRetriever(embeddings=embeddings, articles=dict(zip(HANDBOOK, vectors, strict=True)))


def build_tools(retriever: BaseRetriever) -> list[BaseTool]:
    """Make the agent's two tools."""

    @tool
    def search_handbook(query: str) -> str:
        """Search the staff handbook."""
        return "\n".join(f"[{found.metadata['source']}] {found.page_content}" for found in retriever.invoke(query))

    @tool
    def leave_balance(employee_id: str) -> str:
        """Look up the vacation days an employee has left this year."""
        return f"{employee_id}: {VACATION_LEFT[employee_id]} days left"

    return [search_handbook, leave_balance]


def ask(agent: Any, question: Question) -> str:
    """One run of the agent; the metadata tells whose it is."""
    config = RunnableConfig(
        run_name="handbook_assistant",
        tags=["handbook"],
        metadata={"session_id": question.session, "user_id": question.user},
    )
    state = agent.invoke({"messages": [{"role": "user", "content": question.text}]}, config)
    return str(state["messages"][-1].content)


def run() -> None:
    """All questions, then the one that fails."""
    chat = ChatOpenAI(model=MODEL, temperature=0, max_retries=0, timeout=20)
    agent = create_agent(chat, build_tools(build_retriever()), system_prompt=SYSTEM, name="handbook_agent")
    for question in QUESTIONS:
        print(ask(agent, question))
    try:
        ChatOpenAI(model="mock-rate-limited", max_retries=0).invoke("Summarise this week's questions.")
    except openai.RateLimitError as error:
        print(f"no summary today: {error.code}", file=sys.stderr)


def main() -> None:
    """Instrument LangChain, answer, flush."""
    provider = telemetry.tracer_provider()
    LangChainInstrumentor().instrument(tracer_provider=provider)
    try:
        run()
    finally:
        provider.shutdown()


if __name__ == "__main__":
    main()
