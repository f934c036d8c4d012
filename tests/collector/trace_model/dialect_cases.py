"""Spans as dialects without a fixture write them, and the columns that must come of them.

Owns the cases, one line of facts each; every one is a row of dialects' own documentation. Values are invented.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

Attributes = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A span and some of its columns."""

    id: str
    attributes: Attributes
    columns: Attributes
    name: str = "work"
    scope: str = ""
    events: tuple[tuple[str, Attributes], ...] = ()
    fields: Attributes = field(default_factory=dict)


def tokens(given: int, out: int, total: int, read: int | None = None, written: int | None = None) -> Attributes:
    """Columns of usage."""
    found = {"input_tokens": given, "output_tokens": out, "total_tokens": total}
    return found | {"cache_read_input_tokens": read, "cache_write_input_tokens": written}


def usage(given: int, out: int, **more: int) -> Attributes:
    return {"gen_ai.usage.input_tokens": given, "gen_ai.usage.output_tokens": out, **more}


CHAT: Final = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m-1"}
_LANGFUSE_USAGE: Final = "langfuse.observation.usage_details"
_LANGFUSE: Final = {"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o"}
_VERCEL: Final = {"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "anthropic.messages"}
_V5_ANTHROPIC: Final = {"anthropic": {"usage": {"input_tokens": 100, "cache_read_input_tokens": 23}}}
_RAW_ANTHROPIC: Final = {"usage": {"input_tokens": 100, "output_tokens": 45, "cache_read_input_tokens": 23}}
_RAW_OPENAI: Final = {
    "usage": {"input_tokens": 123, "output_tokens": 45, "input_tokens_details": {"cached_tokens": 23}}
}

USAGE: Final = (
    Case(
        "oldest-conventions",
        {**CHAT, "gen_ai.usage.prompt_tokens": 3, "gen_ai.usage.completion_tokens": 4},
        tokens(3, 4, 7),
    ),
    Case("zero-in-one-alias-does-not-shadow", {**CHAT, **usage(0, 0), "llm.token_count.prompt": 9}, tokens(9, 0, 9)),
    Case(
        "strings-and-doubles",
        {**CHAT, "gen_ai.usage.input_tokens": "13", "gen_ai.usage.output_tokens": 2.0},
        tokens(13, 2, 15),
    ),
    Case(
        "json-in-a-string",
        {"mlflow.spanType": '"LLM"', "mlflow.chat.tokenUsage": json.dumps('{"input_tokens": 26}')},
        {"input_tokens": 26, "span_type": "LLM"},
    ),
    Case(
        "absurd-numbers-are-absent",
        {**CHAT, "gen_ai.usage.input_tokens": -5, "gen_ai.usage.output_tokens": 1e300},
        {"input_tokens": None, "output_tokens": None, "usage_scope": "own"},
    ),
    Case(
        "bedrock-cache-proven-by-the-total",
        {
            **CHAT,
            "openinference.span.kind": "LLM",
            "llm.provider": "aws",
            "llm.token_count.prompt": 10,
            "llm.token_count.completion": 5,
            "llm.token_count.total": 115,
            "llm.token_count.prompt_details.cache_read": 100,
        },
        tokens(110, 5, 115, 100),
    ),
    Case(
        "more-cache-than-input-is-exclusive",
        {**CHAT, **usage(2, 8), "gen_ai.usage.cache_read.input_tokens": 84_562},
        tokens(84_564, 8, 84_572, 84_562),
    ),
    Case(
        "openlit-anthropic-is-exclusive",
        {
            **CHAT,
            **usage(100, 45),
            "gen_ai.provider.name": "anthropic",
            "gen_ai.usage.cache_read.input_tokens": 23,
            "gen_ai.usage.cache_creation.input_tokens": 0,
        },
        tokens(123, 45, 168, 23, 0),
        scope="openlit.otel.tracing",
    ),
    Case(
        "openlit-openai-is-inclusive",
        {
            **CHAT,
            **usage(123, 45),
            "gen_ai.provider.name": "openai",
            "gen_ai.usage.cache_read.input_tokens": 23,
            "gen_ai.usage.cost": 0,
        },
        {**tokens(123, 45, 168, 23)},
        scope="openlit.otel.tracing",
    ),
    Case(
        "thoughts-outside-the-output",
        {**CHAT, **usage(10, 5, **{"gen_ai.usage.total_tokens": 22}), "gen_ai.usage.reasoning_tokens": 7},
        {**tokens(10, 12, 22), "reasoning_output_tokens": 7},
    ),
    Case("total-below-its-parts", {**CHAT, **usage(10, 5, **{"gen_ai.usage.total_tokens": 3})}, tokens(10, 5, 15)),
    Case(
        "langfuse-buckets",
        {
            **_LANGFUSE,
            _LANGFUSE_USAGE: json.dumps(
                {"input": 10, "cache_read_input_tokens": 5, "input_audio_tokens": 1, "output": 2, "output_reasoning": 3}
            ),
        },
        {**tokens(16, 5, 21, 5), "span_type": "LLM"},
    ),
    Case(
        "langfuse-openai-shape",
        {**_LANGFUSE, _LANGFUSE_USAGE: json.dumps(_RAW_OPENAI["usage"])},
        tokens(123, 45, 168, 23),
    ),
    Case(
        "langfuse-cost-without-total",
        {**_LANGFUSE, "langfuse.observation.cost_details": '{"input": 0.25, "output": 0.5}'},
        {"cost_usd": 0.75, "cost_source": "reported"},
    ),
    Case(
        "vercel-v5-anthropic",
        {
            **_VERCEL,
            "ai.usage.promptTokens": 100,
            "ai.usage.completionTokens": 45,
            "ai.response.providerMetadata": json.dumps(_V5_ANTHROPIC),
        },
        {**tokens(123, 45, 168, 23), "provider": "anthropic"},
    ),
    Case(
        "vercel-v6-anthropic-object",
        {
            **_VERCEL,
            "ai.usage.promptTokens": 123,
            "ai.usage.completionTokens": 45,
            "ai.response.providerMetadata": json.dumps(_V5_ANTHROPIC),
        },
        tokens(123, 45, 168, 23),
    ),
    Case(
        "logfire-anthropic-raw",
        {"request_data": '{"model": "claude-x"}', "response_data": json.dumps(_RAW_ANTHROPIC)},
        {**tokens(123, 45, 168, 23), "model": "claude-x", "provider": "anthropic", "span_type": "LLM"},
        scope="logfire",
    ),
    Case("logfire-openai-raw", {"response_data": json.dumps(_RAW_OPENAI)}, tokens(123, 45, 168, 23), scope="logfire"),
    Case(
        "logfire-usage-raw-beside-the-conventions",
        {
            **CHAT,
            **usage(123, 45),
            "gen_ai.usage.raw": json.dumps(
                {"prompt_tokens": 123, "total_tokens": 168, "completion_tokens_details": {"reasoning_tokens": 5}}
            ),
        },
        {**tokens(123, 45, 168), "reasoning_output_tokens": 5},
        scope="logfire.openai",
    ),
    Case(
        "langsmith-details-are-python",
        {"langsmith.span.kind": "LLM", **usage(10, 2), "gen_ai.usage.input_token_details": "{'cache_read': 3}"},
        {**tokens(10, 2, 12, 3), "span_type": "LLM"},
    ),
    Case(
        "langsmith-langchain-run",
        {
            "langsmith.span.kind": "llm",
            "langsmith.metadata.usage_metadata": json.dumps(
                {"input_tokens": 7, "output_tokens": 2, "input_token_details": {"cache_read": 1}}
            ),
        },
        tokens(7, 2, 9, 1),
    ),
    Case(
        "litellm-python-usage",
        {
            **CHAT,
            **usage(12, 3),
            "metadata.usage_object": "{'prompt_tokens': 12, 'prompt_tokens_details': {'cached_tokens': 4, 'a': None}}",
        },
        tokens(12, 3, 15, 4),
    ),
    Case(
        "laminar-costs",
        {"lmnr.span.type": "LLM", "gen_ai.usage.input_cost": 0.1, "gen_ai.usage.output_cost": "0.2"},
        {"cost_usd": 0.30000000000000004, "span_type": "LLM"},
    ),
    Case(
        "weave-usage",
        {"weave.span.kind": "llm", "weave.usage": '{"prompt_tokens": 5, "completion_tokens": 6}'},
        {**tokens(5, 6, 11), "span_type": "LLM"},
    ),
    Case(
        "semantic-kernel-old",
        {
            "gen_ai.operation.name": "chat.completions",
            "gen_ai.response.prompt_tokens": 4,
            "gen_ai.response.completion_tokens": 1,
            "gen_ai.response.finish_reason": "FinishReason.STOP",
            "error.type": "<class 'app.Oops'>",
        },
        {
            **tokens(4, 1, 5),
            "operation": "chat",
            "span_type": "LLM",
            "finish_reasons": ["stop"],
            "error_type": "app.Oops",
            "is_error": True,
        },
    ),
    Case(
        "strands-milliseconds",
        {**CHAT, "gen_ai.server.time_to_first_token": 250},
        {"ttft_ns": 250_000_000},
        scope="strands.telemetry.tracer",
    ),
    Case("openlit-seconds", {**CHAT, "gen_ai.server.time_to_first_token": 0.25}, {"ttft_ns": 250_000_000}),
)

TYPES: Final = (
    *(
        Case(f"operation-{op}", {"gen_ai.operation.name": op}, {"span_type": kind, "operation": name})
        for op, kind, name in (
            ("acompletion", "LLM", "chat"),
            ("Text.Completions", "LLM", "text_completion"),
            ("arerank", "RERANKER", "rerank"),
            ("agent_handoff", "CHAIN", "handoff"),
            ("guardrail_check", "GUARDRAIL", "apply_guardrail"),
            ("stt", "SPEECH", "speech_to_text"),
            ("upsert_memory", "MEMORY", "upsert_memory"),
            ("llm_call", "LLM", "llm_call"),
            ("agent_call", "AGENT", "agent_call"),
            ("system_prompt", "CHAIN", "system_prompt"),
            ("process_thread_run", "AGENT", "process_thread_run"),
            ("workflow.run", "WORKFLOW", "workflow.run"),
            ("vector_db_retrieve", "RETRIEVER", "vector_db_retrieve"),
            ("brand_new", "UNKNOWN", "brand_new"),
        )
    ),
    Case(
        "an-operation-nobody-knows-is-no-hit",
        {"gen_ai.operation.name": "brand_new", "gen_ai.tool.name": "f"},
        {"span_type": "TOOL", "tool_name": "f"},
    ),
    Case(
        "operation-names-lie",
        {"langsmith.span.kind": "retriever", "gen_ai.operation.name": "embeddings"},
        {"span_type": "RETRIEVER"},
    ),
    Case("openlit-tool-names-on-chat", {**CHAT, "gen_ai.tool.name": "f,g"}, {"span_type": "LLM", "tool_name": ""}),
    Case(
        "operation-before-call-type",
        {"llm.request.type": "acompletion", "gen_ai.operation.name": "embeddings"},
        {"operation": "embeddings"},
    ),
    *(
        Case(f"mastra-{kind}", {"mastra.span.type": kind}, {"span_type": to})
        for kind, to in (
            ("model_inference", "LLM"),
            ("model_chunk", "EVENT"),
            ("workflow_loop", "TASK"),
            ("rag_embedding", "EMBEDDING"),
        )
    ),
    *(
        Case(f"laminar-{kind}", {"lmnr.span.type": kind}, {"span_type": to})
        for kind, to in (
            ("CACHED", "LLM"),
            ("EXECUTOR", "AGENT"),
            ("HUMAN_EVALUATOR", "EVALUATOR"),
            ("PIPELINE", "CHAIN"),
        )
    ),
    *(
        Case(f"genkit-{kind}", {"genkit:metadata:subtype": kind}, {"span_type": to})
        for kind, to in (
            ("embedder", "EMBEDDING"),
            ("tool.v2", "TOOL"),
            ("reranker", "RERANKER"),
            ("executablePrompt", "PROMPT"),
        )
    ),
    Case("genkit-util", {"genkit:type": "util", "genkit:name": "generate"}, {"span_type": "CHAIN"}),
    Case("voltagent-child", {"entity.type": "agent", "span.type": "llm", "llm.model": "gpt-4o"}, {"span_type": "LLM"}),
    Case(
        "voltagent-root",
        {"entity.type": "agent", "entity.name": "helper"},
        {"span_type": "AGENT", "agent_name": "helper"},
    ),
    Case(
        "spring-store-query",
        {"spring.ai.kind": "vector_store", "db.operation.name": "query", "db.vector.query.content": "seats?"},
        {"span_type": "RETRIEVER", "input": "seats?"},
    ),
    Case("spring-store-add", {"spring.ai.kind": "vector_store", "db.operation.name": "add"}, {"span_type": "MEMORY"}),
    Case("spring-advisor", {"spring.ai.kind": "advisor", "gen_ai.operation.name": "framework"}, {"span_type": "CHAIN"}),
    Case(
        "vector-database",
        {"db.system": "chroma", "db.operation": "query"},
        {"span_type": "RETRIEVER", "output": "found"},
        events=(("db.query.result", {"db.query.result.document": "found"}),),
    ),
    Case(
        "a-query-of-an-ordinary-database",
        {"db.system": "postgresql", "db.operation": "query"},
        {"span_type": "UNKNOWN"},
    ),
    Case("mcp-notification", {"mcp.method.name": "notifications/initialized"}, {"span_type": "UNKNOWN"}),
    Case(
        "mcp-prompt",
        {"mcp.method.name": "prompts/get", "gen_ai.prompt.name": "p"},
        {"span_type": "PROMPT", "prompt_name": "p"},
    ),
    Case(
        "weave-by-name",
        {"wandb.thread_id": "t-1"},
        {"span_type": "LLM", "operation": "chat", "session_id": "t-1"},
        "chat gpt",
    ),
    Case(
        "a-name-says-nothing-elsewhere", {"thread_id": "t-2"}, {"span_type": "UNKNOWN", "session_id": "t-2"}, "chat gpt"
    ),
    Case("pydantic-ai-tools-together", {"tools": "[]"}, {"span_type": "UNKNOWN"}, "running 2 tools", "pydantic-ai"),
    Case(
        "pydantic-ai-tool",
        {"gen_ai.tool.name": "f", "tool_arguments": "{}"},
        {"span_type": "TOOL", "tool_name": "f"},
        "running tool",
        "pydantic-ai",
    ),
    Case(
        "haystack-ranker",
        {"haystack.component.type": "TransformersSimilarityRanker"},
        {"span_type": "RERANKER"},
        "haystack.component.run",
    ),
    Case("litellm-guardrail", {"guardrail_name": "pii"}, {"span_type": "GUARDRAIL"}, "guardrail", "litellm"),
    Case(
        "claude-sdk-tool",
        {},
        {"span_type": "TOOL", "tool_name": "get_weather"},
        "anthropic.custom_tool_use get_weather",
    ),
    Case(
        "pipecat-speech",
        {"gen_ai.operation.name": "tts", "metrics.ttfb": 0.1},
        {"span_type": "SPEECH", "operation": "text_to_speech", "ttft_ns": 100_000_000},
        "tts",
    ),
    Case(
        "autogen-message",
        {"messaging.operation": "publish"},
        {"span_type": "CHAIN", "framework": "autogen"},
        "autogen publish topic",
        "autogen-core",
    ),
    Case("livekit-attempt", {}, {"span_type": "CHAIN"}, "llm_request_run", "livekit-agents"),
    Case(
        "crewai-noise",
        {"crew_key": "k"},
        {"span_type": "UNKNOWN", "framework": "crewai"},
        "Crew Created",
        "crewai.telemetry",
    ),
)
