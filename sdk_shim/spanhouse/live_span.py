"""A span of this process, with methods that write the current names.

Owns: `LiveSpan`, a `SpanView` that can be written: it has no state of its own, so any span of OpenTelemetry can be,
those of instrumentors too. Every setter is safe: it never raises, and does nothing on a span that is not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opentelemetry.trace import INVALID_SPAN_CONTEXT, NonRecordingSpan, StatusCode

from spanhouse import semconv
from spanhouse.calls import close_span
from spanhouse.documents import documents_of
from spanhouse.errors import record_error
from spanhouse.faults import never_raises
from spanhouse.links import link_of
from spanhouse.span_attributes import add_clean, event_attributes, held_attributes, room_of
from spanhouse.span_status import SpanStatus, status_of
from spanhouse.span_types import attributes_of, input_key, output_key, short_name
from spanhouse.span_view import SpanView
from spanhouse.values import (
    EVENT_ATTRIBUTES_MAX,
    as_attribute,
    set_json,
    texts_of,
    typed_attributes,
    write_value,
)


class LiveSpan(SpanView):
    """A span that can be written until it ends."""

    __slots__ = ()

    # What went in and came out.

    @never_raises(None)
    def set_inputs(self, inputs: Any) -> None:
        """The inputs: text as it is, anything else as JSON."""
        write_value(self._span, input_key(held_attributes(self._span).get(semconv.SPAN_TYPE)), inputs)

    @never_raises(None)
    def set_outputs(self, outputs: Any) -> None:
        """The outputs: text as it is, anything else as JSON."""
        write_value(self._span, output_key(held_attributes(self._span).get(semconv.SPAN_TYPE)), outputs)

    @never_raises(None)
    def set_attribute(self, key: str, value: Any) -> None:
        """One attribute, with its type; what OpenTelemetry has no type for becomes JSON."""
        self.set_attributes({key: value})

    @never_raises(None)
    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Several attributes."""
        if self._span.is_recording() and attributes:
            add_clean(self._span, typed_attributes(attributes, room_of(self._span)))

    # What it means.

    @never_raises(None)
    def set_span_type(self, span_type: str) -> None:
        """What the span stands for: a word of `SpanType` or one of your own."""
        add_clean(self._span, attributes_of(short_name(span_type), short_name(self.name)))

    @never_raises(None)
    def set_model(
        self,
        model: str | None = None,
        *,
        provider: str | None = None,
        response_model: str | None = None,
        response_id: str | None = None,
        **parameters: Any,
    ) -> None:
        """The model asked for, the one that answered, and parameters: temperature, top_p, top_k, max_tokens, seed,
        frequency_penalty, presence_penalty, stop_sequences, stream, choice_count.
        """
        self._write({
            semconv.REQUEST_MODEL: model,
            semconv.PROVIDER: provider,
            semconv.RESPONSE_MODEL: response_model,
            semconv.RESPONSE_ID: response_id,
            **{semconv.REQUEST_PARAMETERS.get(key, f"gen_ai.request.{key}"): item for key, item in parameters.items()},
        })  # fmt: skip

    @never_raises(None)
    def set_usage(
        self,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        total_tokens: int | None = None,
        *,
        cache_read_input_tokens: int | None = None,
        cache_write_input_tokens: int | None = None,
        reasoning_output_tokens: int | None = None,
        cost_usd: float | None = None,
        input_cost_usd: float | None = None,
        output_cost_usd: float | None = None,
    ) -> None:
        """Tokens (input includes the cached ones, output the reasoning) and, where known, the cost in US dollars."""
        if total_tokens is not None and total_tokens == (input_tokens or 0) + (output_tokens or 0):
            total_tokens = None
        self._write({
            semconv.INPUT_TOKENS: input_tokens,
            semconv.OUTPUT_TOKENS: output_tokens,
            semconv.TOTAL_TOKENS: total_tokens,
            semconv.CACHE_READ_INPUT_TOKENS: cache_read_input_tokens,
            semconv.CACHE_WRITE_INPUT_TOKENS: cache_write_input_tokens,
            semconv.REASONING_OUTPUT_TOKENS: reasoning_output_tokens,
            semconv.COST_INPUT: _float(input_cost_usd),
            semconv.COST_OUTPUT: _float(output_cost_usd),
            semconv.COST_TOTAL: _float(cost_usd),
        })  # fmt: skip

    @never_raises(None)
    def set_messages(
        self,
        inputs: Any = None,
        outputs: Any = None,
        *,
        system: Any = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        finish_reasons: Iterable[str] | None = None,
    ) -> None:
        """What was said to a model and what it answered: strings, OpenAI's or Anthropic's messages, or the
        conventions' own.
        """
        if not self._span.is_recording():
            return
        from spanhouse.messages import instruction_parts, some_of, to_semconv

        if inputs is not None:
            set_json(self._span, semconv.INPUT_MESSAGES, to_semconv(inputs, "user"))
        if outputs is not None:
            set_json(self._span, semconv.OUTPUT_MESSAGES, to_semconv(outputs, "assistant"))
        if system is not None:
            set_json(self._span, semconv.SYSTEM_INSTRUCTIONS, instruction_parts(system))
        if tools is not None:
            set_json(self._span, semconv.TOOL_DEFINITIONS, some_of(tools))
        if finish_reasons is not None:
            add_clean(self._span, {semconv.FINISH_REASONS: texts_of(finish_reasons)})

    @never_raises(None)
    def set_documents(
        self,
        documents: Iterable[Any],
        *,
        query: str | None = None,
        top_k: int | None = None,
        data_source_id: str | None = None,
    ) -> None:
        """What a retriever found: strings, dicts, or documents of LangChain or LlamaIndex."""
        if not self._span.is_recording():
            return
        set_json(self._span, semconv.RETRIEVAL_DOCUMENTS, documents_of(documents))
        if query is not None:
            write_value(self._span, semconv.RETRIEVAL_QUERY, str(query))
        self._write({semconv.RETRIEVAL_TOP_K: top_k, semconv.DATA_SOURCE_ID: data_source_id})

    @never_raises(None)
    def set_tool(
        self,
        name: str | None = None,
        *,
        call_id: str | None = None,
        tool_type: str | None = None,
        description: str | None = None,
        arguments: Any = None,
        result: Any = None,
    ) -> None:
        """The tool that was called, with what and what came of it."""
        self._write({
            semconv.TOOL_NAME: name,
            semconv.TOOL_CALL_ID: call_id,
            semconv.TOOL_TYPE: tool_type,
            semconv.TOOL_DESCRIPTION: description,
        })  # fmt: skip
        if arguments is not None:
            write_value(self._span, semconv.TOOL_ARGUMENTS, arguments)
        if result is not None:
            write_value(self._span, semconv.TOOL_RESULT, result)

    @never_raises(None)
    def set_prompt(self, name: str, version: str | int | None = None) -> None:
        """The managed prompt that was used."""
        self._write({semconv.PROMPT_NAME: name, semconv.PROMPT_VERSION: None if version is None else str(version)})

    @never_raises(None)
    def set_description(self, description: str) -> None:
        """A sentence about the span."""
        self._write({semconv.DESCRIPTION: description})

    @never_raises(None)
    def set_log_level(self, level: str) -> None:
        """DEBUG, INFO, WARNING, ERROR or CRITICAL."""
        self._write({semconv.LOG_LEVEL: str(level).rpartition(".")[2].upper()})

    def _write(self, values: Mapping[str, Any]) -> None:
        if self._span.is_recording():
            add_clean(self._span, {key: as_attribute(value) for key, value in values.items() if value is not None})

    # What happened.

    @never_raises(None)
    def set_status(self, status: str | StatusCode | SpanStatus | Any, description: str | None = None) -> None:
        """`OK` or `ERROR`, as a string, OpenTelemetry's code, or a status with a description."""
        code, text = status_of(status, description)
        if code is not None and self._span.is_recording():
            self._span.set_status(code, (text or None) if code is StatusCode.ERROR else None)

    @never_raises(None)
    def add_event(
        self,
        name: str | Any = None,
        attributes: Mapping[str, Any] | None = None,
        timestamp_ns: int | None = None,
        *,
        event: Any = None,
    ) -> None:
        """Something that happened at a moment: a name, or an *event* with name, attributes and timestamp."""
        given = name if event is None else event
        if not isinstance(given, str):
            given, attributes, timestamp_ns = given.name, given.attributes, given.timestamp
        if self._span.is_recording():
            self._span.add_event(
                short_name(given),
                event_attributes(self._span, typed_attributes(attributes or {}, EVENT_ATTRIBUTES_MAX)),
                timestamp_ns,
            )

    @never_raises(None)
    def add_link(self, link: Any, attributes: Mapping[str, Any] | None = None) -> None:
        """A span of another trace that this one has to do with: a span, a span context, a link."""
        target = link_of(link, attributes)
        if self._span.is_recording():
            self._span.add_link(target.context, target.attributes)

    @never_raises(None)
    def record_exception(self, exception: BaseException | str) -> None:
        """An exception, with its stack; the status becomes ERROR."""
        record_error(self._span, exception if isinstance(exception, BaseException) else Exception(exception))

    @never_raises(None)
    def update_name(self, name: str) -> None:
        """Another name."""
        if self._span.is_recording():
            self._span.update_name(short_name(name))

    @never_raises(None)
    def end(
        self,
        outputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        status: str | StatusCode | SpanStatus | None = None,
        end_time_ns: int | None = None,
    ) -> None:
        """End the span: OK unless it says otherwise. A second end does nothing."""
        self.finish(outputs, attributes, status, end_time_ns)

    def finish(self, outputs: Any, attributes: Any = None, status: Any = None, end_time_ns: int | None = None) -> None:
        """As `end`, for callers that keep exceptions to themselves."""
        span = self._span
        if not span.is_recording():
            return
        if outputs is not None:
            write_value(span, output_key(held_attributes(span).get(semconv.SPAN_TYPE)), outputs)
        if attributes:
            self.set_attributes(attributes)
        if status is not None:
            self.set_status(status)
        close_span(span, end_time_ns)


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


class NoOpSpan(LiveSpan):
    """A span of nothing: tracing is off, or the trace is not kept. Every method works and does nothing."""

    __slots__ = ()


NO_SPAN = NoOpSpan(NonRecordingSpan(INVALID_SPAN_CONTEXT))
"""What is handed out when nothing is traced: every method works and does nothing."""
