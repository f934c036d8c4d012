"""What a span stands for.

Owns: the words of `SpanType` and how a word becomes attributes. Custom words are allowed and sent as they are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from spanhouse import semconv
from spanhouse.convert import short_repr


class SpanType:
    """The kinds of spans, as plain strings."""

    LLM: Final = "LLM"
    CHAT_MODEL: Final = "CHAT_MODEL"  # MLflow's second word for LLM; sent as LLM
    EMBEDDING: Final = "EMBEDDING"
    RERANKER: Final = "RERANKER"
    RETRIEVER: Final = "RETRIEVER"
    TOOL: Final = "TOOL"
    AGENT: Final = "AGENT"
    WORKFLOW: Final = "WORKFLOW"
    CHAIN: Final = "CHAIN"
    TASK: Final = "TASK"
    PARSER: Final = "PARSER"
    PROMPT: Final = "PROMPT"
    MEMORY: Final = "MEMORY"
    GUARDRAIL: Final = "GUARDRAIL"
    EVALUATOR: Final = "EVALUATOR"
    SPEECH: Final = "SPEECH"
    EVENT: Final = "EVENT"
    UNKNOWN: Final = "UNKNOWN"


NAME_CHARACTERS_MAX: Final = 4_096


def short_name(name: object) -> str:
    """*name* as text, cut: names are not bounded by the size of attributes, and kept by caches."""
    if type(name) is str:
        return name if len(name) <= NAME_CHARACTERS_MAX else name[:NAME_CHARACTERS_MAX]
    text = short_repr(name) if isinstance(name, (dict, list, tuple, set, frozenset)) else str(name)
    return text[:NAME_CHARACTERS_MAX]


@lru_cache(maxsize=1024)
def attributes_of(span_type: str, name: str) -> dict[str, str]:
    """The attributes that say *span_type*, for a span of this name. Shared: do not change the answer."""
    word = sent_type(span_type)
    if word.upper() in ("", SpanType.UNKNOWN):
        return {}
    attributes = {semconv.SPAN_TYPE: word}
    if operation := semconv.OPERATION_OF_SPAN_TYPE.get(word.upper()):
        attributes[semconv.OPERATION] = operation
    if (name_key := semconv.NAME_OF_SPAN_TYPE.get(word.upper())) and name:
        attributes[name_key] = name
    return attributes


def sent_type(span_type: object) -> str:
    """The word that is sent for a word of `SpanType`."""
    word = str(span_type)
    return SpanType.LLM if word.upper() == SpanType.CHAT_MODEL else word


def input_key(span_type: object) -> str:
    """Where a span of this type keeps its input."""
    return semconv.TOOL_ARGUMENTS if span_type == SpanType.TOOL else semconv.INPUT


def output_key(span_type: object) -> str:
    """Where a span of this type keeps its output."""
    return semconv.TOOL_RESULT if span_type == SpanType.TOOL else semconv.OUTPUT
