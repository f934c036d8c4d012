"""MLflow's `mlflow.tracing.constant`: its reserved keys, and where their values stand here.

Owns: the words. Keys of a trace's metadata and tags are MLflow's; those of spans are the names that the shim writes.
"""

from __future__ import annotations

from typing import Final

from spanhouse import semconv


class TraceMetadataKey:
    """Keys of `trace.info.trace_metadata`."""

    INPUTS: Final = "mlflow.traceInputs"
    OUTPUTS: Final = "mlflow.traceOutputs"
    SOURCE_RUN: Final = "mlflow.sourceRun"
    MODEL_ID: Final = "mlflow.modelId"
    TOKEN_USAGE: Final = "mlflow.trace.tokenUsage"
    COST: Final = "mlflow.trace.cost"
    TRACE_USER: Final = "mlflow.trace.user"
    TRACE_SESSION: Final = "mlflow.trace.session"


class TraceTagKey:
    """Keys of `trace.info.tags`."""

    TRACE_NAME: Final = "mlflow.traceName"
    EVAL_REQUEST_ID: Final = "mlflow.eval.requestId"
    LINKED_PROMPTS: Final = "mlflow.linkedPrompts"


class SpanAttributeKey:
    """Keys of a span's attributes."""

    INPUTS: Final = semconv.INPUT
    OUTPUTS: Final = semconv.OUTPUT
    SPAN_TYPE: Final = semconv.SPAN_TYPE
    DESCRIPTION: Final = semconv.DESCRIPTION
    LOG_LEVEL: Final = semconv.LOG_LEVEL
    CHAT_TOOLS: Final = semconv.TOOL_DEFINITIONS
    MODEL: Final = semconv.REQUEST_MODEL
    MODEL_PROVIDER: Final = semconv.PROVIDER
    CHAT_USAGE: Final = "mlflow.chat.tokenUsage"
    LLM_COST: Final = "mlflow.llm.cost"
    FUNCTION_NAME: Final = "mlflow.spanFunctionName"
    INTERMEDIATE_OUTPUTS: Final = "mlflow.trace.intermediate_outputs"


class TokenUsageKey:
    """Keys of `token_usage`."""

    INPUT_TOKENS: Final = "input_tokens"
    OUTPUT_TOKENS: Final = "output_tokens"
    TOTAL_TOKENS: Final = "total_tokens"
    CACHE_READ_INPUT_TOKENS: Final = "cache_read_input_tokens"
    CACHE_CREATION_INPUT_TOKENS: Final = "cache_creation_input_tokens"


class CostKey:
    """Keys of `trace.info.cost`."""

    INPUT_COST: Final = "input_cost"
    OUTPUT_COST: Final = "output_cost"
    TOTAL_COST: Final = "total_cost"


class AssessmentMetadataKey:
    """Keys of an assessment's metadata."""

    SOURCE_RUN_ID: Final = "mlflow.assessment.sourceRunId"
    JUDGE_COST: Final = "mlflow.assessment.judgeCost"
    JUDGE_INPUT_TOKENS: Final = "mlflow.assessment.judgeInputTokens"
    JUDGE_OUTPUT_TOKENS: Final = "mlflow.assessment.judgeOutputTokens"
    SCORER_TRACE_ID: Final = "mlflow.assessment.scorerTraceId"
