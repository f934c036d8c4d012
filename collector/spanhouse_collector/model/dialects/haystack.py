"""deepset's Haystack: each component's input and output as JSON."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, NamedSpan, keys, usage
from spanhouse_collector.model.dialects.shared.usage_shapes import OPENAI_CHAT, RESPONSES_OR_MESSAGES

DIALECT: Final = Dialect(
    name="haystack",
    source="deepset-ai/haystack `tracing/`, `core/pipeline`",
    key_prefixes=("haystack",),
    framework="haystack",
    component_types={
        "Generator": "LLM",
        "Retriever": "RETRIEVER",
        "Embedder": "EMBEDDING",
        "Ranker": "RERANKER",
        "PromptBuilder": "PROMPT",
        "ToolInvoker": "TOOL",
        "Agent": "AGENT",
        "Parser": "PARSER",
        "Validator": "PARSER",
    },
    spans=(
        NamedSpan("", "haystack.pipeline.run", "WORKFLOW"),
        NamedSpan("", "haystack.async_pipeline.run", "WORKFLOW"),
        NamedSpan("", "haystack.component.run", "CHAIN"),
        NamedSpan("", "haystack.agent.run", "AGENT"),
        NamedSpan("", "haystack.agent.step", "TASK"),
        NamedSpan("", "haystack.agent.step.llm", "LLM"),
        NamedSpan("", "haystack.chat_generator.run", "LLM"),
        NamedSpan("", "haystack.agent.step.tool", "TOOL"),
        NamedSpan("", "haystack.tool.run", "TOOL"),
    ),
    keys=(
        *keys("component_type", "haystack.component.type"),
        *keys(
            "other_model",
            "haystack.component.output#replies.meta.model",
            "haystack.component.output#replies._meta.model",
            "haystack.component.output#meta.model",
            "haystack.agent.step.llm.output#replies.meta.model",
            "haystack.agent.step.llm.output#replies._meta.model",
            tier=2,
        ),
        *keys("dialect_keys", "haystack.component.name", "haystack.pipeline.execution_mode"),
        *keys("session_id", "haystack.pipeline.metadata#session_id", tier=6),
        *keys("user_id", "haystack.pipeline.metadata#user_id", tier=4),
        *keys("tool_name", "haystack.tool.name"),
        *keys(
            "finish_reasons",
            "haystack.component.output#replies.meta.finish_reason",
            "haystack.component.output#replies._meta.finish_reason",
            tier=3,
        ),
        *usage("haystack.component.output#replies.meta.usage.", OPENAI_CHAT, tier=2),
        *usage("haystack.component.output#replies._meta.usage.", OPENAI_CHAT, tier=2),
        *usage("haystack.component.output#meta.usage.", OPENAI_CHAT, tier=2),
        *usage("haystack.agent.step.llm.output#replies.meta.usage.", OPENAI_CHAT, tier=2),
        *usage("haystack.agent.step.llm.output#replies._meta.usage.", OPENAI_CHAT, tier=2),
        *usage("haystack.chat_generator.output#replies.meta.usage.", OPENAI_CHAT, tier=2),
        *usage("haystack.chat_generator.output#replies._meta.usage.", OPENAI_CHAT, tier=2),
        *usage("haystack.component.output#replies.meta.usage.", RESPONSES_OR_MESSAGES, tier=4),
        *usage("haystack.component.output#replies._meta.usage.", RESPONSES_OR_MESSAGES, tier=4),
        *keys(
            "input",
            "haystack.component.input",
            "haystack.agent.step.llm.input",
            "haystack.agent.step.tool.input",
            tier=3,
        ),
        *keys("input", "haystack.chat_generator.input", tier=3),
        *keys("input", "haystack.agent.input", "haystack.pipeline.input_data", tier=3),
        *keys(
            "output",
            "haystack.component.output",
            "haystack.agent.step.llm.output",
            "haystack.agent.step.tool.output",
            tier=3,
        ),
        *keys("output", "haystack.chat_generator.output", tier=3),
        *keys("output", "haystack.agent.output", "haystack.pipeline.output_data", tier=3),
        *keys("tool_definitions", "haystack.agent.tools", "haystack.component.input#tools", tier=7),
        *keys("tool_call_id", "haystack.tool.call.id", tier=2),
        *keys("tool_description", "haystack.tool.description", tier=1),
        *keys("documents_in", "haystack.component.input#documents"),
        *keys("top_k", "haystack.component.input#top_k", tier=1),
        *keys("metadata", "haystack.pipeline.metadata", decoder="object", tier=3),
        *keys("usage_raw", "haystack.component.output#meta.usage", tier=6),
        *keys("request.extra", "haystack.component.input#generation_kwargs", tier=3),
    ),
)
