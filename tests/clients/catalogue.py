"""The clients that are recorded.

Owns: their names, what runs them and the environment each gets. Leaves to others: their programs and claims, which are
found by name (`programs/run_<client>.py` with `<client>.txt`, or `programs/js/<client>/`; `claims/<client>.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Client:
    """A client: its *name*, its *runtime* (`python` or `node`), what it wants in its environment."""

    name: str
    runtime: str
    packages: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    program: str = ""
    """Whose program and installation it uses, when not its own: the same client under other settings."""

    @property
    def installation(self) -> str:
        """The name of its requirements and of the folder it is installed into."""
        return self.program or self.name

    @property
    def module(self) -> str:
        """The name of its claims' module."""
        return self.name.replace("-", "_")


GZIP: Final = {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}

CLIENTS: Final = (
    Client(
        "anthropic-sdk",
        "python",
        ("anthropic",),
        {"ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content"},
    ),
    Client("openinference-anthropic", "python", ("anthropic", "openinference-instrumentation-anthropic")),
    Client("openinference-openai-agents", "python", ("openai-agents", "openinference-instrumentation-openai-agents")),
    Client("pydantic-ai", "python", ("pydantic-ai-slim", "logfire")),
    Client(
        "openinference-llama-index", "python", ("llama-index-core", "openinference-instrumentation-llama-index"), GZIP
    ),
    Client(
        "litellm",
        "python",
        ("litellm",),
        {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "USE_OTEL_LITELLM_REQUEST_SPAN": "true"},
    ),
    Client("haystack", "python", ("haystack-ai", "opentelemetry-haystack"), {"HAYSTACK_TELEMETRY_ENABLED": "False"}),
    Client("openllmetry-anthropic", "python", ("anthropic", "opentelemetry-instrumentation-anthropic")),
    Client("openlit", "python", ("openlit", "openai", "anthropic")),
    Client(
        "openinference-crewai",
        "python",
        ("crewai", "openinference-instrumentation-crewai"),
        {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false"},
    ),
    Client("strands", "python", ("strands-agents",)),
    Client(
        "google-adk",
        "python",
        ("google-adk", "litellm"),
        {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "EVENT_ONLY",
        },
    ),
    Client(
        "google-adk-schema-1",
        "python",
        ("google-adk", "litellm"),
        {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "ADK_TELEMETRY_SCHEMA_VERSION_OPT_IN": "1"},
        program="google-adk",
    ),
    Client("openinference-smolagents", "python", ("smolagents", "openinference-instrumentation-smolagents")),
    Client("autogen", "python", ("autogen-agentchat", "autogen-ext")),
    Client("agent-framework", "python", ("agent-framework-core", "agent-framework-openai")),
    Client(
        "semantic-kernel",
        "python",
        ("semantic-kernel",),
        {"SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS_SENSITIVE": "true"},
    ),
    Client(
        "langsmith",
        "python",
        ("langsmith", "langchain", "langchain-openai"),
        {
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_OTEL_ENABLED": "true",
            "LANGSMITH_OTEL_ONLY": "true",
            "LANGSMITH_API_KEY": "mock",
            "LANGCHAIN_REVISION_ID": "1.0",
            "LANGSMITH_PROJECT": "clients",
        },
    ),
    Client("vercel-ai-v5", "node", ("ai", "@ai-sdk/openai")),
    Client("vercel-ai-v6", "node", ("ai", "@ai-sdk/openai")),
    Client("vercel-ai-v7", "node", ("ai", "@ai-sdk/openai", "@ai-sdk/otel")),
    Client("mastra", "node", ("@mastra/core", "@mastra/otel-exporter")),
    Client("langchain-js", "node", ("@langchain/core", "@arizeai/openinference-instrumentation-langchain"), GZIP),
    Client("genkit", "node", ("genkit", "@genkit-ai/compat-oai"), {"GENKIT_ENV": "prod"}),
    Client("traceloop-js", "node", ("@traceloop/node-server-sdk", "openai"), {"TRACELOOP_TELEMETRY": "false"}),
    Client("voltagent", "node", ("@voltagent/core", "ai", "@ai-sdk/openai")),
)
