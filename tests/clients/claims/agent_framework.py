"""Microsoft's Agent Framework: agents, calls and tools as spans, each message once more as a log record."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import (
    EMBEDDING_MODEL,
    EMBEDDING_USAGE,
    WEATHER_CALL,
    SpanClaim,
    TraceClaim,
    openai_call,
    span,
    trace,
    weather_tool,
)

CHAT = "chat gpt-4o-mini"
TOOL = "execute_tool get_weather"
REFUSED: dict[str, Any] = {
    "input_text": script.ASK_REFUSED,
    "error": True,
    "error_message_contains": script.REFUSED,
    "error_type": ["ChatClientException", "agent_framework.exceptions.ChatClientException"],
}


def agent(name: str, asked: str, answered: str) -> SpanClaim:
    """The span of an agent's run, whose usage is the sum of its calls and whose provider is the framework."""
    texts = {"input_text": asked, "output_text": answered, "error": False}
    return span(f"invoke_agent {name}", "AGENT", agent_name=name, operation="invoke_agent", **texts)


def chat(asked: str | None, answered: str | None, **expected: Any) -> SpanClaim:
    """One call."""
    return openai_call(CHAT, asked, answered, operation="chat", **expected)


def one_call(scenario: str, name: str, asked: str, answered: str) -> TraceClaim:
    """A run with one call."""
    return trace(scenario, agent(name, asked, answered), chat(asked, answered))


TRACES = [
    trace(
        "agent with a tool, responses API: the second call holds the tool's result and not the question",
        agent("weather_agent", script.ASK_WEATHER, script.WEATHER),
        chat(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL),
        weather_tool(TOOL),
        chat(None, script.WEATHER),
        llm_calls=2,
        note="gen_ai.conversation.id of the second call is the id of the first response",
    ),
    trace(
        "agent with a tool, chat completions",
        agent("completions_agent", script.ASK_WEATHER, script.WEATHER),
        chat(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL),
        weather_tool(TOOL),
        chat(script.ASK_WEATHER, script.WEATHER),
        llm_calls=2,
    ),
    one_call("conversation, turn 1", "talk_agent", script.ASK_AMARA, script.AMARA),
    one_call("conversation, turn 2", "talk_agent", script.ASK_NAME, script.NAME),
    one_call("streaming", "poet_agent", script.ASK_HAIKU, script.HAIKU),
    trace(
        "embeddings; their text is not captured",
        span(
            "embeddings *",
            "EMBEDDING",
            operation="embeddings",
            model=EMBEDDING_MODEL,
            provider="openai",
            error=False,
            **EMBEDDING_USAGE,
        ),
        llm_calls=0,
        embeddings=1,
    ),
    trace("a workflow is built", span("workflow.build", error=False), llm_calls=0),
    trace(
        "a workflow with an agent runs",
        span("workflow.run", "WORKFLOW", error=False),
        span("edge_group.process *", error=False),
        span("executor.process first_agent", "TASK", error=False),
        agent("first_agent", script.ASK_PARIS, script.PARIS),
        chat(script.ASK_PARIS, script.PARIS),
        span("message.send", error=False),
    ),
    trace(
        "error; the provider refuses",
        span("invoke_agent broken_agent", "AGENT", agent_name="broken_agent", **REFUSED),
        span(CHAT, "LLM", model="gpt-4o-mini", provider="openai", **REFUSED),
        llm_calls=0,
        error=True,
    ),
]
