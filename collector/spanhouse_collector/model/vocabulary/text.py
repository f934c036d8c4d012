"""Where the words of a span's input and output stand: what the columns `input` and `output` are searched for.

Three forms: one value that holds messages or anything else (the best source that has one), pieces (all of them, in the
order sent: flattened messages and events), and plain values. A model's span prefers messages to plain values, any other
span plain values to messages. `#` in a key stands for an index.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.vocabulary.source import Source, Target, rows

_OPERATION_DETAILS: Final = "event:gen_ai.client.inference.operation.details"
_MESSAGE_EVENTS: Final = (
    "gen_ai.system.message",
    "gen_ai.user.message",
    "gen_ai.assistant.message",
    "gen_ai.tool.message",
)
_ASKED_EVENTS: Final = tuple(name for name in _MESSAGE_EVENTS if name != "gen_ai.assistant.message")


def _events(names: tuple[str, ...], *attributes: str) -> tuple[Source, ...]:
    return tuple(Source(f"event:{name}#{attribute}", "otel") for name in names for attribute in attributes)


SYSTEM_TEXT: Final = Target(
    "system_text",
    (
        *rows("otel", "gen_ai.system_instructions", f"{_OPERATION_DETAILS}#gen_ai.system_instructions"),
        *rows("livekit", "lk.instructions", "lk.pii.instructions"),
        *rows("claude-code", "system_prompt_preview"),
        *rows("spring-ai", "spring.ai.chat.client.system.text"),
    ),
)
INPUT_MESSAGES: Final = Target(
    "input_messages",
    (
        *rows("otel", "gen_ai.input.messages", f"{_OPERATION_DETAILS}#gen_ai.input.messages"),
        *rows("pydantic-ai", "pydantic_ai.all_messages", "all_messages_events", "events"),
        *rows("vercel", "ai.prompt.messages", "ai.prompt"),
        *rows("livekit", "lk.chat_ctx", "lk.pii.chat_ctx"),
        *rows("voltagent", "llm.messages", "agent.messages"),
        *rows("google-adk", "gcp.vertex.agent.llm_request"),
        *rows("logfire", "request_data", "raw_input"),
        *rows("genkit", "genkit:input"),
    ),
)
INPUT_PIECES: Final = Target(
    "input_pieces",
    (
        *rows(
            "openinference",
            "llm.input_messages.#.message.content",
            "llm.input_messages.#.message.contents.#.message_content.text",
            "llm.input_messages.#.message.tool_calls.#.tool_call.function.arguments",
            "llm.input_messages.#.message.function_call_arguments_json",
            "llm.prompts.#.prompt.text",
            "embedding.embeddings.#.embedding.text",
        ),
        *rows(
            "openllmetry",
            "gen_ai.prompt.#.content",
            "gen_ai.prompt.#.tool_calls.#.arguments",
            "gen_ai.prompt.#.tool_calls.#.function.arguments",
        ),
        *_events(("gen_ai.content.prompt",), "gen_ai.prompt"),
        *_events(_MESSAGE_EVENTS, "content", "gen_ai.prompt"),
        *_events(_ASKED_EVENTS, "gen_ai.event.content"),
    ),
)
INPUT_PLAIN: Final = Target(
    "input_plain",
    (
        *rows("otel", "gen_ai.tool.call.arguments", "gen_ai.retrieval.query.text", "gen_ai.memory.query.text"),
        *rows("vercel", "ai.toolCall.args", "ai.value", "ai.values", "ai.documents"),
        *rows("langfuse", "langfuse.observation.input", "langfuse.trace.input"),
        *rows("openinference", "input.value", "reranker.query", "llm.prompts"),
        *rows("mlflow", "mlflow.spanInputs"),
        *rows("openllmetry", "traceloop.entity.input", "gen_ai.task.input"),
        *rows("langsmith", "gen_ai.prompt"),
        *rows("pydantic-ai", "tool_arguments", "inputs"),
        *rows("laminar", "lmnr.span.input"),
        *rows(
            "livekit",
            "lk.user_input",
            "lk.pii.user_input",
            "lk.function_tool.arguments",
            "lk.pii.function_tool.arguments",
        ),
        *rows("livekit", "lk.input_text", "lk.pii.input_text", "lk.user_transcript", "lk.pii.user_transcript"),
        *rows("google-adk", "gcp.vertex.agent.tool_call_args"),
        *rows(
            "spring-ai", "spring.ai.tool.call.arguments", "spring.ai.chat.client.user.text", "db.vector.query.content"
        ),
        *rows("claude-code", "user_prompt", "tool_input", "new_context", "full_command"),
        *rows("haystack", "haystack.component.input", "haystack.agent.input", "haystack.agent.step.llm.input"),
        *rows(
            "haystack",
            "haystack.agent.step.tool.input",
            "haystack.chat_generator.input",
            "haystack.pipeline.input_data",
        ),
        *rows("weave", "weave.input", "weave.inputs"),
        *rows(
            "mastra",
            *(
                f"mastra.{kind}.input"
                for kind in (
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
                    "memory_operation",
                    "processor_run",
                    "scorer_run",
                    "rag_query",
                    "rag_embedding",
                    "generic",
                )
            ),
            "gen_ai.tool.input",
        ),
        *rows("voltagent", "tool.arguments", "input"),
        *rows("flue", "flue.turn.input", "flue.tool.arguments", "flue.task.prompt", "flue.workflow.payload"),
    ),
)
OUTPUT_MESSAGES: Final = Target(
    "output_messages",
    (
        *rows("otel", "gen_ai.output.messages", f"{_OPERATION_DETAILS}#gen_ai.output.messages"),
        *rows("vercel", "ai.response.text", "ai.result.text", "ai.response.object", "ai.result.object"),
        *rows("google-adk", "gcp.vertex.agent.llm_response"),
        *rows("logfire", "response_data"),
        *rows("genkit", "genkit:output"),
        *rows("livekit", "lk.response.text", "lk.pii.response.text"),
    ),
)
OUTPUT_PIECES: Final = Target(
    "output_pieces",
    (
        *rows(
            "openinference",
            "llm.output_messages.#.message.content",
            "llm.output_messages.#.message.contents.#.message_content.text",
            "llm.output_messages.#.message.tool_calls.#.tool_call.function.name",
            "llm.output_messages.#.message.tool_calls.#.tool_call.function.arguments",
            "llm.output_messages.#.message.function_call_arguments_json",
            "llm.choices.#.completion.text",
            "retrieval.documents.#.document.content",
            "reranker.output_documents.#.document.content",
        ),
        *rows(
            "openllmetry",
            "gen_ai.completion.#.content",
            "gen_ai.completion.#.tool_calls.#.name",
            "gen_ai.completion.#.tool_calls.#.arguments",
            "gen_ai.completion.#.tool_calls.#.function.arguments",
            "gen_ai.completion.#.function_call.arguments",
        ),
        *_events(("gen_ai.content.completion",), "gen_ai.completion"),
        # Azure's agents answer in events of the assistant's messages.
        *_events(("gen_ai.assistant.message",), "gen_ai.event.content"),
        *_events(("gen_ai.choice",), "message", "content", "gen_ai.event.content", "tool_calls", "tool.result"),
        *rows("vercel", "ai.response.toolCalls", "ai.result.toolCalls", "ai.response.reasoning"),
        *rows("openlit", "gen_ai.response.tool_calls"),
        *rows("livekit", "lk.response.function_calls", "lk.pii.response.function_calls"),
        *rows("openllmetry", "event:db.query.result#db.query.result.document"),
        *rows("claude-code", "event:tool.output#output", "event:tool.output#content"),
    ),
)
OUTPUT_PLAIN: Final = Target(
    "output_plain",
    (
        *rows("otel", "gen_ai.tool.call.result", "gen_ai.retrieval.documents", "gen_ai.memory.records"),
        *rows("vercel", "ai.toolCall.result", "ai.ranking"),
        *rows("langfuse", "langfuse.observation.output", "langfuse.trace.output"),
        *rows("openinference", "output.value"),
        *rows("mlflow", "mlflow.spanOutputs"),
        *rows("openllmetry", "traceloop.entity.output", "gen_ai.task.output"),
        *rows("langsmith", "gen_ai.completion"),
        *rows("pydantic-ai", "final_result", "tool_response"),
        *rows("laminar", "lmnr.span.output"),
        *rows("livekit", "lk.function_tool.output", "lk.pii.function_tool.output"),
        *rows("google-adk", "gcp.vertex.agent.tool_response"),
        *rows("spring-ai", "spring.ai.tool.call.result", "db.vector.query.response.documents"),
        *rows("claude-code", "response.model_output"),
        *rows("claude-sdk", "anthropic.tool_result.content"),
        *rows("haystack", "haystack.component.output", "haystack.agent.output", "haystack.agent.step.llm.output"),
        *rows(
            "haystack",
            "haystack.agent.step.tool.output",
            "haystack.chat_generator.output",
            "haystack.pipeline.output_data",
        ),
        *rows("weave", "weave.output"),
        *rows("logfire", "response"),
        *rows(
            "mastra",
            *(
                f"mastra.{kind}.output"
                for kind in (
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
                    "memory_operation",
                    "processor_run",
                    "scorer_run",
                    "rag_query",
                    "rag_embedding",
                    "generic",
                )
            ),
            "gen_ai.tool.output",
        ),
        *rows("voltagent", "tool.result", "output"),
        *rows("flue", "flue.turn.output", "flue.tool.result", "flue.task.result", "flue.operation.result"),
        *rows("flue", "flue.workflow.result"),
    ),
)

TEXT: Final = (
    SYSTEM_TEXT,
    INPUT_MESSAGES,
    INPUT_PIECES,
    INPUT_PLAIN,
    OUTPUT_MESSAGES,
    OUTPUT_PIECES,
    OUTPUT_PLAIN,
)
