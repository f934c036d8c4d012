"""The attribute names the shim writes, each once.

Owns: names. `gen_ai.*` follow open-telemetry/semantic-conventions-genai, `input.value` and its kin OpenInference; what
neither has is under `spanhouse.`. docs/shim.md lists them all; a test compares.
"""

from __future__ import annotations

from typing import Final

SPAN_TYPE: Final = "spanhouse.span_type"
TRUNCATED: Final = "spanhouse.truncated"
ABANDONED: Final = "spanhouse.abandoned"
CONTENT_DROPPED: Final = "spanhouse.content_dropped"
DESCRIPTION: Final = "spanhouse.description"
LOG_LEVEL: Final = "spanhouse.log_level"

TRACE_TAG: Final = "spanhouse.trace.tag."
TRACE_METADATA: Final = "spanhouse.trace.metadata."
TRACE_STATE: Final = "spanhouse.trace.state"
TRACE_REQUEST_PREVIEW: Final = "spanhouse.trace.metadata.mlflow.traceInputs"  # MLflow's names, which lists look for
TRACE_RESPONSE_PREVIEW: Final = "spanhouse.trace.metadata.mlflow.traceOutputs"
TRACE_CLIENT_REQUEST_ID: Final = "spanhouse.trace.tag.mlflow.clientRequestId"  # the name filters know
PROJECT: Final = "spanhouse.project"

INPUT: Final = "input.value"
INPUT_MIME_TYPE: Final = "input.mime_type"
OUTPUT: Final = "output.value"
OUTPUT_MIME_TYPE: Final = "output.mime_type"
JSON: Final = "application/json"

SESSION_ID: Final = "session.id"
USER_ID: Final = "user.id"
SHARED_OF_METADATA: Final = {"mlflow.trace.session": SESSION_ID, "mlflow.trace.user": USER_ID}
"""MLflow's reserved keys of a trace's metadata, and what they are on spans."""
ERROR_TYPE: Final = "error.type"

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_ID: Final = "gen_ai.response.id"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
REQUEST_PARAMETERS: Final = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "top_k": "gen_ai.request.top_k",
    "max_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
    "stop_sequences": "gen_ai.request.stop_sequences",
    "stream": "gen_ai.request.stream",
    "choice_count": "gen_ai.request.choice.count",
}

INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
TOTAL_TOKENS: Final = "gen_ai.usage.total_tokens"
CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_INPUT_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
REASONING_OUTPUT_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
COST_INPUT: Final = "llm.cost.prompt"
COST_OUTPUT: Final = "llm.cost.completion"
COST_TOTAL: Final = "llm.cost.total"

INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"

TOOL_NAME: Final = "gen_ai.tool.name"
TOOL_CALL_ID: Final = "gen_ai.tool.call.id"
TOOL_TYPE: Final = "gen_ai.tool.type"
TOOL_DESCRIPTION: Final = "gen_ai.tool.description"
TOOL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
TOOL_RESULT: Final = "gen_ai.tool.call.result"
AGENT_NAME: Final = "gen_ai.agent.name"
WORKFLOW_NAME: Final = "gen_ai.workflow.name"

RETRIEVAL_DOCUMENTS: Final = "gen_ai.retrieval.documents"
RETRIEVAL_QUERY: Final = "gen_ai.retrieval.query.text"
RETRIEVAL_TOP_K: Final = "gen_ai.retrieval.top_k"
DATA_SOURCE_ID: Final = "gen_ai.data_source.id"
PROMPT_NAME: Final = "gen_ai.prompt.name"
PROMPT_VERSION: Final = "gen_ai.prompt.version"

OPERATION_OF_SPAN_TYPE: Final = {
    "LLM": "chat",
    "EMBEDDING": "embeddings",
    "RERANKER": "rerank",
    "RETRIEVER": "retrieval",
    "TOOL": "execute_tool",
    "AGENT": "invoke_agent",
    "WORKFLOW": "invoke_workflow",
    "TASK": "run_step",
    "GUARDRAIL": "apply_guardrail",
    "EVALUATOR": "evaluate",
}
NAME_OF_SPAN_TYPE: Final = {"TOOL": TOOL_NAME, "AGENT": AGENT_NAME, "WORKFLOW": WORKFLOW_NAME}

CONTENT_KEYS: Final = frozenset({
    INPUT, OUTPUT, INPUT_MESSAGES, OUTPUT_MESSAGES, SYSTEM_INSTRUCTIONS, TOOL_DEFINITIONS, TOOL_ARGUMENTS, TOOL_RESULT,
    TOOL_DESCRIPTION, RETRIEVAL_DOCUMENTS, RETRIEVAL_QUERY, TRACE_REQUEST_PREVIEW, TRACE_RESPONSE_PREVIEW,
    "gen_ai.prompt", "gen_ai.completion", "gen_ai.event.content", "traceloop.entity.input", "traceloop.entity.output",
    "llm.invocation_parameters", "llm.prompt_template.variables", "tool.parameters", "exception.message",
    "exception.stacktrace", "mcp.request.argument", "mcp.response.value", "request_data", "response_data",
})  # fmt: skip
"""Keys that hold what users said and models answered, in our names and in those of the instrumentors we enable."""

CONTENT_PREFIXES: Final = (
    "llm.input_messages.", "llm.output_messages.", "llm.prompts.", "llm.choices.", "llm.tools.",
    "embedding.embeddings.", "retrieval.documents.", "reranker.input_documents.", "reranker.output_documents.",
    "reranker.query", "gen_ai.prompt.", "gen_ai.completion.", "gen_ai.request.functions.", "llm.request.functions.",
    "traceloop.prompt.template_variables.",
)  # fmt: skip
STRUCTURE_PREFIXES: Final = ("gen_ai.prompt.name", "gen_ai.prompt.version")
"""Names that a content prefix covers and that hold no content."""
