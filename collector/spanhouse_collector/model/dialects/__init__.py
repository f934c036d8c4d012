"""The dialects: one file each, found by being here.

Owns which dialect comes first where several name the same thing. A file's name is its dialect's with underscores, and
it has the constant `DIALECT`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from spanhouse_collector.model.dialect import Dialect

# Of two keys of a target in the same tier the dialect that stands here first comes first. Dialects that are not named
# come last, by name.
RANKS: Final = (
    "spanhouse",
    "crewai",
    "strands",
    "otel",
    "agent-framework",
    "openinference",
    "openllmetry",
    "weave",
    "vercel",
    "claude-sdk",
    "opik",
    "haystack",
    "langfuse",
    "langsmith",
    "litellm",
    "azure-ai",
    "laminar",
    "agno",
    "agentcore",
    "mlflow",
    "voltagent",
    "semantic-kernel",
    "google-adk",
    "genkit",
    "spring-ai",
    "flue",
    "mcp",
    "livekit",
    "openlit",
    "logfire",
    "mastra",
    "pydantic-ai",
    "claude-code",
    "pipecat",
    "codex",
    "gemini-cli",
)


def _found() -> dict[str, Dialect]:
    modules = [module.name for module in iter_modules(__path__) if not module.ispkg]
    dialects: list[Dialect] = [import_module(f"{__name__}.{module}").DIALECT for module in modules]
    ranks = {name: rank for rank, name in enumerate(RANKS)}
    return {
        dialect.name: dialect
        for dialect in sorted(dialects, key=lambda dialect: (ranks.get(dialect.name, len(ranks)), dialect.name))
    }


DIALECTS: Final = _found()
