"""Which instrumentor covers which library.

Owns: one table. The candidates of a library stand in the order of preference, as modules behind the entry points of
`opentelemetry_instrumentor`; the first that is installed is used, and only that one, so a call never has two spans from
two instrumentors of one library.
"""

from __future__ import annotations

from typing import Final


def _candidates(name: str, *, genai: str = "", traceloop: str = "") -> tuple[str, ...]:
    found = [f"openinference.instrumentation.{name}"]
    if genai:
        found += [f"opentelemetry.instrumentation.genai.{genai}", f"opentelemetry.instrumentation.{genai}_v2"]
    found.append(f"opentelemetry.instrumentation.{traceloop or name}")
    return tuple(found)


LIBRARIES: Final[dict[str, tuple[str, ...]]] = {
    "ag2": _candidates("ag2"),
    "agno": _candidates("agno"),
    "anthropic": _candidates("anthropic", genai="anthropic"),
    "autogen": (*_candidates("autogen"), "openinference.instrumentation.autogen_agentchat"),
    "bedrock": _candidates("bedrock"),
    "beeai": _candidates("beeai"),
    "cohere": _candidates("cohere"),
    "crewai": _candidates("crewai"),
    "dspy": _candidates("dspy"),
    "google_adk": _candidates("google_adk"),
    "google_genai": _candidates("google_genai", genai="google_genai", traceloop="google_generativeai"),
    "groq": _candidates("groq"),
    "guardrails": _candidates("guardrails"),
    "haystack": _candidates("haystack"),
    "instructor": _candidates("instructor"),
    "langchain": _candidates("langchain", genai="langchain"),
    "litellm": _candidates("litellm"),
    "llama_index": _candidates("llama_index", traceloop="llamaindex"),
    "mcp": _candidates("mcp"),
    "mistral": _candidates("mistralai"),
    "ollama": _candidates("ollama"),
    "openai": _candidates("openai", genai="openai"),
    "openai_agents": _candidates("openai_agents", genai="openai_agents"),
    "pipecat": _candidates("pipecat"),
    "portkey": _candidates("portkey"),
    "pydantic_ai": _candidates("pydantic_ai"),
    "smolagents": _candidates("smolagents"),
    "strands": _candidates("strands_agents"),
    "together": _candidates("together"),
    "transformers": _candidates("transformers"),
    "vertexai": _candidates("vertexai", genai="vertexai"),
    "watsonx": _candidates("watsonx"),
    "chroma": _candidates("chromadb"),
    "lancedb": _candidates("lancedb"),
    "milvus": _candidates("milvus"),
    "pinecone": _candidates("pinecone"),
    "qdrant": _candidates("qdrant"),
    "weaviate": _candidates("weaviate"),
}
"""Public name → modules of the instrumentors that cover it."""

ALIASES: Final = {
    "gemini": "google_genai",
    "mistralai": "mistral",
    "langgraph": "langchain",
    "llamaindex": "llama_index",
}
"""Other names that people use for a library, MLflow's among them."""

EXTRAS: Final = ("anthropic", "bedrock", "crewai", "dspy", "google_genai", "langchain", "litellm", "llama_index", "mcp",
                 "openai", "openai_agents")  # fmt: skip
"""Libraries with an extra of the distribution that installs the preferred instrumentor."""


def package_of(library: str) -> str:
    """What to give to `pip install` for a library's instrumentor."""
    if library in EXTRAS:
        return f"'spanhouse[{library.replace('_', '-')}]'"
    return LIBRARIES[library][0].replace(".", "-").replace("_", "-") if library in LIBRARIES else "its instrumentor"


FRAMEWORKS: Final = ("langchain", "llama_index", "litellm", "crewai", "dspy", "haystack", "openai_agents", "agno",
                     "pydantic_ai", "smolagents", "autogen", "ag2", "instructor", "strands")  # fmt: skip
"""Libraries whose model calls go through a provider's library, and whose instrumentors make a span for them too."""
