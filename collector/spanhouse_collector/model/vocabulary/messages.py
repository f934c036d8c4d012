"""Where messages stand: what went into a call and what came out, and the instructions beside them.

Owns the rows of input, output and system instructions, in the order of dialects.md section 2.3: attributes, then the
event or record that holds a whole call, then events and records of one message each, then spelled-out keys, then the
raw input or output of the span, then whole requests. Leaves tools, documents and all else to `content`, whose forms of
keys are used here.

Sources: those of `content`.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.vocabulary.source import Source, rows

OPERATION_DETAILS: Final = "gen_ai.client.inference.operation.details"
MASTRA_TYPES: Final = (
    "agent_run",
    "model_generation",
    "model_inference",
    "llm_generation",
    "model_step",
    "model_chunk",
    "tool_call",
    "mcp_tool_call",
    "client_tool_call",
    "workflow_run",
    "workflow_step",
    "workflow_conditional",
    "workflow_parallel",
    "workflow_loop",
    "workflow_sleep",
    "workflow_wait_event",
    "processor_run",
    "scorer_run",
    "memory_operation",
    "rag_embedding",
    "rag_vector_operation",
    "rag_action",
    "generic",
)
_RAW_PROVIDERS: Final = ("openai", "azure", "anthropic", "bedrock", "vertex_ai", "gemini", "mistral", "groq", "None")
MESSAGE_EVENTS: Final = (
    "gen_ai.system.message",
    "gen_ai.user.message",
    "gen_ai.assistant.message",
    "gen_ai.tool.message",
)


def _mastra(side: str, decoder: str) -> tuple[Source, ...]:
    return rows("mastra", *(f"mastra.{name}.{side}" for name in MASTRA_TYPES), decoder=decoder)


# What went into a span of any kind: chat if it looks like chat, else the plain input.
INPUT: Final = (
    *rows("langfuse", "langfuse.observation.input", decoder="request"),
    *rows("openinference", "input.value", decoder="request"),
    *rows("langsmith", "gen_ai.prompt", decoder="request"),
    *rows("mlflow", "mlflow.spanInputs", decoder="request"),
    *rows("openllmetry", "traceloop.entity.input", decoder="request"),
    *rows("laminar", "lmnr.span.input", decoder="request"),
    *rows("genkit", "genkit:input", decoder="request"),
    *_mastra("input", "request"),
    *rows(
        "haystack",
        "haystack.component.input",
        "haystack.agent.step.llm.input",
        "haystack.agent.step.tool.input",
        "haystack.agent.input",
        "haystack.pipeline.input_data",
        decoder="request",
    ),
    *rows("weave", "weave.input", "weave.inputs", decoder="request"),
    *rows("opik", "opik.input", decoder="request"),
    *rows("flue", "flue.turn.input", "flue.task.prompt", "flue.workflow.payload", decoder="request"),
    *rows("logfire", "raw_input", decoder="request"),
    *rows("pydantic-ai", "inputs", decoder="request"),
    *rows("livekit", "lk.pii.input_text", "lk.input_text", decoder="request"),
    *rows("openllmetry", "gen_ai.task.input", decoder="request"),
    *rows("mastra", "gen_ai.tool.input", decoder="request"),
    *rows("voltagent", "agent.messages", "llm.messages", decoder="request"),
    *rows("pipecat", "input", decoder="request"),
    *rows("langfuse", "langfuse.trace.input", decoder="request"),
    *rows("google-adk", "gcp.vertex.agent.llm_request", decoder="request"),
    *rows("logfire", "request_data", decoder="request"),
    *rows("crewai", "crewai.task.description", "crew_tasks", decoder="request"),
    *rows("litellm", *(f"llm.{name}.messages" for name in _RAW_PROVIDERS), decoder="request"),
)
OUTPUT: Final = (
    *rows("langfuse", "langfuse.observation.output", decoder="response"),
    *rows("openinference", "output.value", decoder="response"),
    *rows("langsmith", "gen_ai.completion", decoder="response"),
    *rows("mlflow", "mlflow.spanOutputs", decoder="response"),
    *rows("openllmetry", "traceloop.entity.output", decoder="response"),
    *rows("laminar", "lmnr.span.output", decoder="response"),
    *rows("genkit", "genkit:output", decoder="response"),
    *_mastra("output", "response"),
    *rows(
        "haystack",
        "haystack.component.output",
        "haystack.agent.step.llm.output",
        "haystack.agent.step.tool.output",
        "haystack.agent.output",
        "haystack.pipeline.output_data",
        decoder="response",
    ),
    *rows("pydantic-ai", "final_result", decoder="response"),
    *rows("weave", "weave.output", decoder="response"),
    *rows("opik", "opik.output", decoder="response"),
    *rows("flue", "flue.turn.output", "flue.task.result", decoder="response"),
    *rows("flue", "flue.operation.result", "flue.workflow.result", decoder="response"),
    *rows("livekit", "lk.pii.user_transcript", "lk.user_transcript", decoder="response"),
    *rows("openllmetry", "gen_ai.task.output", decoder="response"),
    *rows("mastra", "gen_ai.tool.output", decoder="response"),
    *rows("pipecat", "output", decoder="response"),
    *rows("langfuse", "langfuse.trace.output", decoder="response"),
    *rows("google-adk", "gcp.vertex.agent.llm_response", decoder="response"),
    *rows("logfire", "response_data", "response", decoder="response"),
    *rows("litellm", "guardrail_response", decoder="response"),
    *rows("crewai", "crewai.crew.result", "crewai.task.output", decoder="response"),
    *rows("litellm", *(f"llm.{name}.choices" for name in _RAW_PROVIDERS), decoder="response"),
    *rows("litellm", *(f"llm.{name}.content" for name in _RAW_PROVIDERS), decoder="response"),
    *rows("mlflow", "event:mlflow.chunk.item.0#mlflow.chunk.value", decoder="mlflow_chunks"),
)

INPUT_MESSAGES: Final = (
    *rows("otel", "gen_ai.input.messages", decoder="messages"),
    *rows("vercel", "ai.prompt.messages", decoder="messages"),
    *rows("vercel", "ai.prompt", decoder="request"),
    *rows("pydantic-ai", "pydantic_ai.all_messages", decoder="conversation"),
    *rows("pydantic-ai", "all_messages_events", "events", decoder="event_list"),
    *rows("livekit", "lk.pii.chat_ctx", "lk.chat_ctx", decoder="messages"),
    *rows("livekit", "lk.pii.user_input", "lk.user_input", decoder="plain_message"),
    *rows("claude-code", "new_context", "user_prompt", decoder="plain_message"),
    *rows("spring-ai", "spring.ai.chat.client.user.text", decoder="plain_message"),
    *rows("otel", f"event:{OPERATION_DETAILS}#gen_ai.input.messages", decoder="details_events"),
    *rows("otel", f"log:{OPERATION_DETAILS}#gen_ai.input.messages", decoder="details_logs"),
    *rows("otel", *(f"event:{name}#content" for name in MESSAGE_EVENTS), decoder="message_events"),
    *rows("otel", "event:gen_ai.content.prompt#gen_ai.prompt", decoder="content_event"),
    *rows("otel", *(f"log:{name}#content" for name in MESSAGE_EVENTS), decoder="message_logs"),
    *rows("otel", "log:gen_ai.content.prompt#gen_ai.prompt", decoder="content_event"),
    *rows("agentcore", "log:*#input.messages", decoder="adot_logs"),
    *rows("claude-code", "log:claude_code.user_prompt#prompt", "log:user_prompt#prompt", decoder="plain_message"),
    *rows("codex", "log:codex.user_prompt#prompt", decoder="plain_message"),
    *rows("gemini-cli", "log:gemini_cli.user_prompt#prompt", decoder="plain_message"),
    *rows("otel", "gen_ai.input.messages_ref", decoder="reference"),
    *rows("openinference", "llm.input_messages.N", decoder="openinference_messages"),
    *rows("openinference", "llm.prompts.N", decoder="openinference_texts"),
    *rows("openinference", "llm.prompts", decoder="messages"),
    *rows("openllmetry", "gen_ai.prompt.N", decoder="openllmetry_messages"),
    *INPUT,
)
OUTPUT_MESSAGES: Final = (
    *rows("otel", "gen_ai.output.messages", decoder="messages"),
    *rows(
        "vercel",
        "ai.response.text",
        "ai.response.toolCalls",
        "ai.response.object",
        "ai.response.reasoning",
        decoder="vercel",
    ),
    *rows("vercel", "ai.result.text", "ai.result.toolCalls", "ai.result.object", decoder="vercel"),
    *rows("pydantic-ai", "pydantic_ai.all_messages", decoder="conversation"),
    *rows("pydantic-ai", "all_messages_events", "events", decoder="event_list"),
    *rows(
        "livekit",
        "lk.pii.response.text",
        "lk.pii.response.function_calls",
        "lk.response.text",
        "lk.response.function_calls",
        decoder="livekit",
    ),
    *rows("claude-code", "response.model_output", decoder="plain_message"),
    *rows("otel", f"event:{OPERATION_DETAILS}#gen_ai.output.messages", decoder="details_events"),
    *rows("otel", f"log:{OPERATION_DETAILS}#gen_ai.output.messages", decoder="details_logs"),
    *rows("otel", "event:gen_ai.choice#message", decoder="message_events"),
    *rows("azure-ai", "event:gen_ai.assistant.message#gen_ai.event.content", decoder="message_events"),
    *rows("otel", "event:gen_ai.content.completion#gen_ai.completion", decoder="content_event"),
    *rows("otel", "log:gen_ai.choice#message", decoder="message_logs"),
    *rows("otel", "log:gen_ai.content.completion#gen_ai.completion", decoder="content_event"),
    *rows("agentcore", "log:*#output.messages", decoder="adot_logs"),
    *rows(
        "claude-code",
        "log:claude_code.assistant_response#response",
        "log:assistant_response#response",
        decoder="plain_message",
    ),
    *rows("gemini-cli", "log:gemini_cli.api_response#response_text", decoder="plain_message"),
    *rows("otel", "gen_ai.output.messages_ref", decoder="reference"),
    *rows("openinference", "llm.output_messages.N", decoder="openinference_messages"),
    *rows("openinference", "llm.choices.N", decoder="openinference_texts"),
    *rows("openllmetry", "gen_ai.completion.N", decoder="openllmetry_messages"),
    *OUTPUT,
)

SYSTEM: Final = (
    *rows("otel", "gen_ai.system_instructions", decoder="instructions"),
    *rows("otel", f"event:{OPERATION_DETAILS}#gen_ai.system_instructions", decoder="instructions"),
    *rows("otel", f"log:{OPERATION_DETAILS}#gen_ai.system_instructions", decoder="instructions"),
    *rows("livekit", "lk.pii.instructions", "lk.instructions", decoder="instructions"),
    *rows("spring-ai", "spring.ai.chat.client.system.text", decoder="instructions"),
    *rows("claude-code", "system_prompt_preview", decoder="instructions"),
    *rows("mlflow", "instructions", decoder="instructions"),
    *rows("voltagent", "agent.instructions", decoder="instructions"),
    *rows("langfuse", "langfuse.observation.metadata.instructions", decoder="instructions"),
    *rows("langfuse", "langfuse.observation.metadata#instructions", decoder="instructions"),
    *rows("openinference", "llm.invocation_parameters#instructions", decoder="instructions"),
    *rows("openinference", "llm.invocation_parameters#system", decoder="instructions"),
)
