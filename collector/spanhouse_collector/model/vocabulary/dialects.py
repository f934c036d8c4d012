"""The dialects by name, and where their keys are defined.

Owns the source of each dialect's names: the repository and the path in it that writes or specifies them, as read
between August and November 2026. Leaves the keys to their targets.
"""

from __future__ import annotations

from typing import Final

# Dialect → where its names come from.
SOURCES: Final = {
    "agent-framework": "microsoft/agent-framework `observability.py`",
    "agentcore": "AWS AgentCore documentation and samples",
    "agno": "agno-agi/agno, through Arize-ai/openinference `spec/`",
    "autogen": "microsoft/autogen `telemetry/_genai.py`",
    "azure-ai": "Azure SDK documentation of tracing",
    "claude-code": "anthropics/claude-code documentation, monitoring-usage",
    "claude-sdk": "anthropics/anthropic-sdk-*, documentation `api/opentelemetry/spans`",
    "codex": "openai/codex crate `otel`",
    "crewai": "crewAIInc/crewAI `telemetry/`",
    "flue": "langfuse/langfuse `packages/shared/src/server/otel`, which reads the spans of `@flue/opentelemetry`",
    "gemini-cli": "google-gemini/gemini-cli `telemetry/`",
    "genkit": "firebase/genkit `js/core/src/tracing`",
    "google-adk": "google/adk-python `telemetry/tracing.py`",
    "haystack": "deepset-ai/haystack `tracing/`, `core/pipeline`",
    "laminar": "lmnr-ai/lmnr, lmnr-ai/lmnr-python `tracing`",
    "langfuse": "langfuse/langfuse `packages/shared/src/server/otel`, langfuse-js `packages/core/src/constants.ts`",
    "langsmith": "langchain-ai/langsmith-sdk `python/langsmith/_internal/otel`",
    "litellm": "BerriAI/litellm `integrations/opentelemetry.py`",
    "livekit": "livekit/agents `telemetry/trace_types.py`",
    "logfire": "pydantic/logfire `integrations/llm_providers`",
    "mastra": "mastra-ai/mastra `observability/otel-exporter`",
    "mcp": "open-telemetry/semantic-conventions-genai `docs/gen-ai`, the Model Context Protocol's spans",
    "mlflow": "mlflow/mlflow 3.18 `mlflow/tracing/constant.py`, `mlflow/tracing/otel/translation`",
    "openinference": "Arize-ai/openinference `spec/`, `python/openinference-semantic-conventions`",
    "openlit": "openlit/openlit `sdk/python`",
    "openllmetry": "traceloop/openllmetry `semconv_ai`, `packages/*/tests`",
    "opik": "comet-ml/opik, its mapping of OpenTelemetry",
    "otel": "open-telemetry/semantic-conventions-genai `docs/gen-ai`, `model/`; semantic-conventions 1.36, 1.37, 1.41; "
    "opentelemetry-python-contrib `instrumentation-genai/*`",
    "pipecat": "pipecat-ai/pipecat `utils/tracing`",
    "pydantic-ai": "pydantic/pydantic-ai `instrumented.py`, `_instrumentation.py`",
    "semantic-kernel": "microsoft/semantic-kernel `model_diagnostics`",
    "spanhouse": "this project's SDK, docs/shim.md",
    "spring-ai": "spring-projects/spring-ai `observation/conventions`",
    "strands": "strands-agents/sdk-python `telemetry/tracer.py`",
    "vercel": "vercel/ai `packages/otel`, `packages/ai/src/telemetry`",
    "voltagent": "VoltAgent/voltagent, its observability documentation",
    "weave": "wandb/weave `trace_server/opentelemetry`",
}
