"""Messages in span events and log records.

Owns the conventions that put one message into one event (`gen_ai.user.message`, `gen_ai.choice`), the whole call into
one (`…operation.details`), or a conversation into the body of a record (AgentCore). The order of events is the order of
the conversation. Leaves choosing between events, records and attributes to the vocabulary.

Source: semantic-conventions v1.26, v1.36 and v1.41 (`docs/gen-ai/gen-ai-events.md`); azure-sdk tracing
(`gen_ai.event.content`); semantic-kernel `model_diagnostics`; strands `telemetry/tracer.py`; AWS ADOT samples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from spanhouse_collector.model.content.messages import is_message, message_of, messages_of
from spanhouse_collector.model.content.parse import is_empty, parsed
from spanhouse_collector.model.content.parts import first_of, parts_of
from spanhouse_collector.model.content.reader import SpanReader, event_name
from spanhouse_collector.model.content.responses import trailing
from spanhouse_collector.model.content.shapes import (
    Message,
    Side,
    finish_reason_of,
    message,
    role_of,
    text_part,
)

CHOICE: Final = "gen_ai.choice"
_AGENT_RUN: Final = "process_thread_run"
_MESSAGE: Final = re.compile(r"gen_ai\.([a-z]+)\.message")
_LINE: Final = re.compile(r"^(system|user|assistant|tool|developer|human|ai|function): ?", re.MULTILINE)
_CONTENTS: Final = ("content", "gen_ai.prompt", "gen_ai.completion", "message", "text")
Payload = Mapping[str, Any]


def is_message_event(name: str) -> bool:
    """Whether events of this name carry one message."""
    return name == CHOICE or _MESSAGE.fullmatch(name) is not None


def of_events(reader: SpanReader, role: str) -> Side | None:
    """One side of the conversation in the span's events."""
    events = [(event.name, event.attributes) for event in reader.span.events]
    if reader.raw("gen_ai.operation.name") == _AGENT_RUN:
        return _of_run(events, role)
    return _side(events, role)


def _of_run(events: list[tuple[str, Payload]], role: str) -> Side | None:
    """Azure's run of an agent: all that the assistant said is its output, calls of tools between their results too."""
    named = [(matched[1], payload) for name, payload in events if (matched := _MESSAGE.fullmatch(name))]
    said = [each for said_role, payload in named for each in _spoken(payload, said_role)]
    messages = [each for each in said if (each["role"] == "assistant") == (role == "assistant")]
    return Side(messages=tuple(messages)) if messages else None


def of_logs(reader: SpanReader, role: str) -> Side | None:
    """One side of the conversation in the span's log records, in the order of time."""
    records = sorted(reader.span.logs, key=lambda log: log.time_unix_nano)
    return _side(((event_name(log), _log_payload(log.body, log.attributes)) for log in records), role)


def of_list(value: Any, role: str) -> Side | None:
    """One side of a conversation that one attribute holds as a list of events (`all_messages_events`, `events`)."""
    found = parsed(value)
    if not isinstance(found, list):
        return None
    events = [each for each in found if isinstance(each, dict)]
    return _side(((str(each.get("event.name") or _name_of(each)), each) for each in events), role)


def _name_of(event: Payload) -> str:
    return f"gen_ai.{role_of(event.get('role'), 'user')}.message" if "role" in event else ""


def _log_payload(body: Any, attributes: Payload) -> Payload:
    found = parsed(body)
    if isinstance(found, dict):
        return {**attributes, **found}
    return {**attributes, "content": found} if not is_empty(found) else attributes


def _side(events: Iterable[tuple[str, Payload]], role: str) -> Side | None:
    spoken: list[Message] = []
    chosen: list[Message] = []
    for name, payload in events:
        matched = _MESSAGE.fullmatch(name)
        if name == CHOICE:
            chosen += _choice(payload)
        elif matched is not None:
            spoken += _spoken(payload, matched[1])
    if not chosen:
        chosen = trailing(spoken)
        spoken = spoken[: len(spoken) - len(chosen)]
    messages = spoken if role == "user" else chosen
    return Side(messages=tuple(messages)) if messages else None


def _payload(attributes: Payload) -> Payload:
    """What an event says; Azure and .NET put all of it into one attribute."""
    inner = parsed(attributes.get("gen_ai.event.content"))
    if isinstance(inner, dict):
        return {**attributes, **inner}
    return attributes if is_empty(inner) else {**attributes, "content": inner}


def _spoken(attributes: Payload, said_role: str) -> list[Message]:
    payload = _payload(attributes)
    content = first_of(payload, _CONTENTS)
    found = parsed(content)
    if isinstance(found, dict) and is_message(found):
        return [message_of(found, said_role)]
    members = {key: payload[key] for key in ("role", "tool_calls", "name", "id", "tool_call_id") if payload.get(key)}
    role = role_of(members.get("role"), role_of(said_role, "user"))
    made = message_of({**members, "role": role, "content": content}, role)
    return [made] if made["parts"] else []


def _choice(attributes: Payload) -> list[Message]:
    payload = _payload(attributes)
    inner = parsed(payload.get("message"))
    if isinstance(inner, dict) and not is_empty(inner):
        made = message_of({**inner, "role": inner.get("role") or "assistant"}, "assistant")
        if not made["parts"]:
            made["parts"] = parts_of(inner) if "content" not in inner else []
    else:
        content = payload.get("message") if not is_empty(inner) else payload.get("content")
        members = {key: payload[key] for key in ("tool_calls", "role") if payload.get(key)}
        made = message_of({"role": "assistant", **members, "content": content}, "assistant")
    reason = finish_reason_of(payload.get("finish_reason"))
    if reason:
        made["finish_reason"] = reason
    result = payload.get("tool.result")
    after = [] if is_empty(result) else [message("tool", parts_of(result))]
    return [made, *after] if made["parts"] or reason else after


def of_details(values: Iterable[Any], role: str) -> Side | None:
    """The messages of several `operation.details`, each once."""
    messages: list[Message] = []
    for value in values:
        messages += [each for each in messages_of(value, role) if each not in messages]
    if role == "assistant":
        messages = _without_chunks(messages)
    return Side(messages=tuple(messages)) if messages else None


def _without_chunks(messages: list[Message]) -> list[Message]:
    """ADK writes every chunk of a stream and then the whole: the whole."""
    *chunks, whole = messages or [message("assistant", [])]
    texts = [part["content"] for each in chunks for part in each["parts"] if part["type"] == "text"]
    if len(texts) > 1 and [part["content"] for part in whole["parts"] if part["type"] == "text"] == ["".join(texts)]:
        return [whole]
    return messages


def of_content(value: Any, role: str) -> Side | None:
    """The single text of old conventions: JSON, or lines that begin with their roles."""
    if is_empty(value):
        return None
    found = parsed(value)
    if isinstance(found, str):
        return Side(messages=tuple(_lines(found, role)))
    return Side(messages=tuple(messages_of(found, role)))


def _lines(text: str, role: str) -> list[Message]:
    """Lines such as `user: Hi` as messages; text that does not begin with a role is one message."""
    starts = list(_LINE.finditer(text))
    if not starts or starts[0].start() != 0:
        return [message(role, [text_part(text)])]
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return [
        message(role_of(start[1], role), [text_part(text[start.end() : end].rstrip("\n"))])
        for start, end in zip(starts, ends, strict=True)
    ]


def of_bodies(reader: SpanReader, role: str) -> Side | None:
    """The conversation in the body of AgentCore's records: the longest input, the last output."""
    side = "input" if role == "user" else "output"
    best: list[Message] = []
    for log in sorted(reader.span.logs, key=lambda log: log.time_unix_nano):
        body = parsed(log.body)
        inner = body.get(side) if isinstance(body, dict) else None
        found = messages_of(inner.get("messages"), role) if isinstance(inner, dict) else []
        if len(found) >= (len(best) if role == "user" else 1):
            best = found
    return Side(messages=tuple(best)) if best else None
