"""More cases: who asked, who answered, what failed, and the words to be found.

Owns those of sessions, users, providers, errors, tags and content; `dialect_cases` those of usage and types.
"""

from __future__ import annotations

import json
from typing import Any, Final

from tests.collector.trace_model.dialect_cases import CHAT, Case

_SESSIONS: Final = (
    *("langfuse.session.id", "session.id", "gen_ai.conversation.id", "gen_ai.session.id"),
    *(
        "traceloop.association.properties.thread_id",
        "ai.telemetry.metadata.conversationId",
        "ai.settings.context.sessionId",
    ),
    *("langsmith.metadata.thread_id", "gcp.vertex.agent.session_id", "lmnr.association.properties.session_id"),
    *("spring.ai.chat.client.conversation.id", "conversation.id", "wandb.thread_id", "thread_id", "gen_ai.thread.id"),
    *("voltagent.conversation_id", "genkit:sessionId", "mastra.metadata.threadId", "lk.pii.room_name", "group_id"),
)
_NO_SESSIONS: Final = (
    *("langsmith.trace.session_id", "langsmith.trace.session_name", "mcp.session.id", "hidden_params"),
)
_USERS: Final = (
    *("langfuse.user.id", "user.id", "enduser.id", "gen_ai.user.id", "gen_ai.user", "llm.user", "gen_ai.request.user"),
    *("traceloop.association.properties.user_id", "ai.telemetry.metadata.userId", "langsmith.metadata.user_id"),
    *("metadata.user_api_key_end_user_id", "metadata.user_api_key_user_id", "lmnr.association.properties.user_id"),
    *("gcp.vertex.agent.user_id", "mastra.metadata.userId", "lk.pii.participant_identity", "user.account_uuid"),
)
_TAGS: Final = (
    *(
        "langfuse.trace.tags",
        "tag.tags",
        "ai.telemetry.metadata.tags",
        "ai.settings.context.tags",
        "langsmith.span.tags",
    ),
    *("logfire.tags", "opik.tags", "lmnr.association.properties.tags", "mastra.tags", "langfuse.tags"),
)

AROUND: Final = (
    *(Case(f"session-{key}", {key: "s-1"}, {"session_id": "s-1"}) for key in _SESSIONS),
    *(Case(f"no-session-{key}", {key: "s-1"}, {"session_id": ""}) for key in _NO_SESSIONS),
    *(Case(f"user-{key}", {key: "u-1"}, {"user_id": "u-1"}) for key in _USERS),
    *(
        Case(f"tags-{key}", {key: value}, {"tags": ["a", "b"]})
        for key in _TAGS
        for value in ("a, b", '["a", "b"]', ["a", "b"], "['a', 'b']")[len(key) % 4 :][:1]
    ),
    Case("tags-union", {"tag.tags": ["a", "b"], "logfire.tags": '["b", "c"]'}, {"tags": ["a", "b", "c"]}),
    Case(
        "session-in-metadata",
        {"metadata": '{"session_id": "s-2", "user_id": "u-2"}'},
        {"session_id": "s-2", "user_id": "u-2"},
    ),
    Case("an-empty-session-is-none", {"gen_ai.conversation.id": "", "thread_id": "t"}, {"session_id": "t"}),
    Case("a-scrubbed-session-is-none", {"session.id": "[Scrubbed due to 'session']"}, {"session_id": ""}),
    Case("a-quoted-session", {"session.id": '"café"'}, {"session_id": "café"}),
    Case("litellm-empty-key-user", {"metadata.user_api_key_end_user_id": "", "llm.user": "u-3"}, {"user_id": "u-3"}),
    Case(
        "langsmith-tool-name",
        {"langsmith.span.kind": "tool", "langsmith.trace.name": "lookup"},
        {"tool_name": "lookup"},
    ),
    Case(
        "crewai-role", {"openinference.span.kind": "AGENT", "graph.node.id": "Researcher"}, {"agent_name": "Researcher"}
    ),
    Case(
        "traceloop-agent",
        {"traceloop.span.kind": "agent", "traceloop.entity.name": "planner"},
        {"agent_name": "planner"},
    ),
    Case("traceloop-tool", {"traceloop.span.kind": "tool", "traceloop.entity.name": "lookup"}, {"tool_name": "lookup"}),
    Case("prompt-of-langfuse", {"langfuse.observation.prompt.name": "greet"}, {"prompt_name": "greet"}),
    Case("prompt-of-traceloop", {"traceloop.prompt.key": "greet"}, {"prompt_name": "greet"}),
    Case("prompt-of-mlflow", {"mlflow.linkedPrompts": '[{"name": "greet", "version": "1"}]'}, {"prompt_name": "greet"}),
    Case("prompt-of-vercel", {"ai.telemetry.metadata.langfusePrompt": '{"name": "greet"}'}, {"prompt_name": "greet"}),
)


def _provider(system: str, provider: str, framework: str = "", **more: Any) -> Case:
    name = f"provider-{system}-{'-'.join(map(str, more.values()))}"
    attributes = {"gen_ai.system": system, **{key.replace("__", "."): value for key, value in more.items()}}
    return Case(name, attributes, {"provider": provider, "framework": framework})


PROVIDERS: Final = (
    _provider("VertexAI", "gcp.vertex_ai"),
    _provider("google-gla", "gcp.gemini"),
    _provider("google.vertex.chat", "gcp.vertex_ai"),
    _provider("openai.responses", "openai"),
    _provider("amazon-bedrock", "aws.bedrock"),
    _provider("Azure", "azure.ai.openai"),
    _provider("gcp.gen_ai", "gcp.gen_ai"),
    _provider("xai", "x_ai"),
    _provider("Brand-New", "brand-new"),
    _provider("az.ai.agents", "azure.ai.inference", "azure_ai_agents"),
    _provider("Langchain", "openai", "langchain", traceloop__association__properties__ls_provider="openai"),
    _provider("strands-agents", "aws.bedrock", "strands-agents", gen_ai__request__model="us.anthropic.claude-x"),
    _provider("langchain", "anthropic", "langchain", server__address="https://api.anthropic.com/v1"),
    _provider("crewai", "azure.ai.openai", "crewai", server__address="team.openai.azure.com:443"),
    _provider("spring_ai", "aws.bedrock", "spring_ai", server__address="bedrock-runtime.eu-west-1.amazonaws.com"),
    _provider("gcp.vertex.agent", "openai", "gcp.vertex.agent", gen_ai__request__model="openai/gpt-4o"),
    _provider("framework", "", "framework", gen_ai__request__model="home-made"),
    *(
        _provider(sent, provider)
        for sent, provider in (
            ("x-ai", "x_ai"),
            ("mistral-ai", "mistral_ai"),
            ("Moonshot-AI", "moonshot_ai"),
            ("together-ai", "together_ai"),
            ("fireworks-ai", "fireworks"),
            ("perplexity-ai", "perplexity"),
            ("cohere_chat", "cohere"),
            ("deepseek-ai", "deepseek"),
            ("groqcloud", "groq"),
            ("vertex_ai_beta", "gcp.vertex_ai"),
            ("google-genai", "gcp.gemini"),
            ("azure-ai", "azure.ai.inference"),
            ("open-ai", "openai"),
            ("bedrock-converse", "aws.bedrock"),
        )
    ),
    *(
        _provider("langchain", provider, "langchain", **{key.replace(".", "__"): address})
        for key, address, provider in (
            ("server.address", "openrouter.ai", "openrouter"),
            ("server.address", "api.moonshot.ai", "moonshot_ai"),
            ("server.address", "api.together.xyz", "together_ai"),
            ("server.address", "api.cerebras.ai", "cerebras"),
            ("server.address", "team.services.ai.azure.com", "azure.ai.inference"),
            ("gen_ai.openai.api_base", "https://api.groq.com/openai/v1/", "groq"),
            ("url.full", "https://api.deepseek.com/v1/chat/completions", "deepseek"),
            ("http.url", "https://api.fireworks.ai/inference/v1/chat", "fireworks"),
            ("net.peer.name", "api.perplexity.ai", "perplexity"),
        )
    ),
)

ERRORS: Final = (
    Case(
        "an-exception",
        {},
        {"is_error": True, "error_type": "ValueError"},
        events=(("exception", {"exception.type": "ValueError"}),),
    ),
    Case("an-error-type", {"error.type": "timeout"}, {"is_error": True, "error_type": "timeout"}),
    Case("an-unknown-error-type-is-none", {"error.type": "unknown"}, {"is_error": False, "error_type": ""}),
    Case("success-false", {"success": False}, {"is_error": True}),
    Case("success-false-as-text", {"success": "false"}, {"is_error": True}),
    Case("langfuse-level", {"langfuse.observation.level": "ERROR"}, {"is_error": True}),
    Case("logfire-level", {"logfire.level_num": 17}, {"is_error": True}),
    Case("logfire-warning", {"logfire.level_num": 13}, {"is_error": False}),
    Case("livekit-tool", {"lk.function_tool.is_error": True}, {"is_error": True}),
    *(
        Case(f"finish-{sent}", {**CHAT, "gen_ai.response.finish_reasons": sent}, {"finish_reasons": kept})
        for sent, kept in (
            ("end_turn", ["stop"]),
            ('["tool_use"]', ["tool_call"]),
            ("stop, MAX_TOKENS", ["length", "stop"]),
            ("['stop']", ["stop"]),
            ("SAFETY", ["content_filter"]),
            ("odd", ["odd"]),
            ('["cut', ["cut"]),
        )
    ),
)


def _words(id: str, attributes: dict[str, Any], columns: dict[str, Any], **more: Any) -> Case:
    return Case(f"words-{id}", {**CHAT, **attributes}, columns, **more)


_PARTS: Final = [
    {"role": "user", "parts": [{"type": "text", "content": "hé"}, {"type": "tool_call_response", "result": "4 C"}]}
]
WORDS: Final = (
    _words("structured", {"gen_ai.input.messages": _PARTS}, {"input": "hé\n4 C"}),
    _words("json", {"gen_ai.input.messages": json.dumps(_PARTS)}, {"input": "hé\n4 C"}),
    _words(
        "cut-off",
        {"gen_ai.input.messages": json.dumps(_PARTS)[:60]},
        {"input": '[{"role": "user", "parts": [{"type": "text", "content": "h'},
    ),
    _words(
        "flattened-with-gaps",
        {"gen_ai.prompt.0.content": "one", "gen_ai.prompt.7.content": "two"},
        {"input": "one\ntwo"},
    ),
    _words(
        "prompt-name-is-no-message", {"gen_ai.prompt.name": "greet", "gen_ai.prompt.0.content": "one"}, {"input": "one"}
    ),
    _words("openinference", {"llm.input_messages.0.message.contents.1.message_content.text": "one"}, {"input": "one"}),
    _words(
        "oldest-events",
        {},
        {"input": "user: hi", "output": "hello"},
        events=(
            ("gen_ai.content.prompt", {"gen_ai.prompt": "user: hi"}),
            ("gen_ai.content.completion", {"gen_ai.completion": "hello"}),
        ),
    ),
    _words(
        "details-in-several-events",
        {},
        {"input": "be nice\nhé\n4 C", "output": "yes"},
        events=(
            (
                "gen_ai.client.inference.operation.details",
                {"gen_ai.system_instructions": '[{"type":"text","content":"be nice"}]'},
            ),
            ("gen_ai.client.inference.operation.details", {"gen_ai.input.messages": json.dumps(_PARTS)}),
            (
                "gen_ai.client.inference.operation.details",
                {"gen_ai.output.messages": '[{"role":"assistant","content":"yes"}]'},
            ),
        ),
    ),
    _words("redacted", {"gen_ai.prompt.0.content": "__REDACTED__", "input.value": "<elided>"}, {"input": ""}),
    _words(
        "plain-system",
        {"gen_ai.system_instructions": "be nice", "gen_ai.prompt.0.content": "hi"},
        {"input": "be nice\nhi"},
    ),
    _words("answer-kept-whole", {"output.value": '{"id": "resp_1", "output": "né"}'}, {"response_id": "resp_1"}),
)
