"""Spans that carry the vocabulary's keys with values that no dialect would send.

Owns the strategies: every kind of key (plain, flattened, inside JSON, of an event, of the resource), and values empty,
huge, of the wrong type, cut off, in other alphabets, standing for nothing, and numbers that contradict each other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from spanhouse_collector.model import targets, vocabulary
from spanhouse_collector.model.source import EVENT, RESOURCE
from tests.builders import START_UNIX_NANO, any_value, make_span, span_id, trace_id, traces

TARGETS = targets.WRITTEN
KEYS = sorted(
    {source.key for target in TARGETS for source in vocabulary.written(target) if not source.key.startswith(RESOURCE)}
)
LONG = "long"  # stands for a text of twenty thousand letters, which failures would show
WORDS = (
    *(
        "",
        " ",
        "chat",
        "LLM",
        "tool",
        "gpt-4o",
        "claude-sonnet-4-5",
        "openai",
        "Anthropic",
        "langchain",
        "s-1",
        "né 日本",
    ),
    *("none", "None", "null", "unknown", "N/A", "<not specified>", "undefined", "{}", "[]", '""', "[REDACTED]"),
    *("__REDACTED__", "<elided>", "[Scrubbed due to 'session']", '"quoted"', '"caf\\u00e9"', '"', "a,b , c", "stop"),
    *("['a', 'b']", '["stop", "length"]', '["cut', LONG, "false", "ERROR", "17", "<class 'app.Oops'>"),
    *("2026-11-18T12:00:00.5Z", '"2026-11-18T12:00:00Z"', "https://api.openai.com/v1", "api.mistral.ai:443"),
    *("google.vertex.chat", "openai.responses", "us.anthropic.claude", "end_turn", "FinishReason.STOP", "[1, null]"),
)
NUMBERS = (
    *("0", "1", "12", "13.0", '"26"', "1e3", "-1", "-0", "", "NaN", "inf", "1e400", "9223372036854775808"),
    *("1_000", " 5", "5 ", "+5", ".5", "5.", "0x10", "12,5", "twelve", "100", "123", "145", "168", "23", "5", "45"),
)
CONTENT = (
    *("", "plain words", "né 日本", "line\nline", LONG, "[REDACTED]", "null", '"said"', '"cut', "{}", "[]"),
    *('[{"role":"user","content":"hello"}]', '[{"role":"user","parts":[{"type":"text","content":"né"}]}]'),
    *(
        '[{"role":"user","content":"caf\\u00e9"}',
        '{"messages":[{"content":"caf\\u00e9\\nnoir"}]}',
        '{"id":"resp_1","n":1}',
    ),
    *('[{"text":"block"},{"toolUse":{"name":"f"}}]', '[{"content":[{"type":"text","text":"a \\"b\\""}]}]', "[1, 2]"),
    *('[{"content":null,"parts":[{"arguments":{"city":"Oslo"}}]}]', '{"a":"\\ud83d', '"{\\"double\\": \\"encoded\\"}"'),
    *("{'python': 'repr'}", '[["nested"]]', '{"a": "tab\\tend"}', "{broken", '["truncated mid'),
    *('{"a": "日\\u672', '{"a": "\\ud83d\\ude', '{"a": "b\\\\', '{"a": "b\\', '["\\u65e5\\u67...[truncated]', '{"\\u'),
)
SCOPES = sorted(set(vocabulary.SCOPES) | set(vocabulary.WHOLE_SCOPES) | {"tests", "", "openlit/x", "a/b.c"})
NAMES = sorted(
    {span.name.replace("*", "X") for span in vocabulary.NAMED_SPANS} | {"work", "", "running tool: f", "chat"}
)

keys = st.integers(0, len(KEYS) - 1).map(lambda at: KEYS[at])
numbers = st.sampled_from(NUMBERS)
words, contents = (
    st.sampled_from(texts).map(lambda text: text * 5000 if text is LONG else text) for texts in (WORDS, CONTENT)
)
typed = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 200),
    st.floats(),
    st.booleans(),
    st.none(),
    st.just({"k": ["v", 1]}),
)
anything = st.one_of(words, numbers, contents, typed)


def likely(key: str) -> st.SearchStrategy[Any]:
    """Values such as stand under a key, hostile ones among them."""
    kinds: dict[str, st.SearchStrategy[Any]] = {"number": numbers, "money": numbers, "seconds": numbers}
    sources = [(target, source) for target in TARGETS for source in vocabulary.written(target) if source.key == key]
    target, source = sources[0]
    if target in targets.TEXTS:
        return st.one_of(contents, contents, anything)
    if target is targets.SPAN_TYPE:
        return st.one_of(st.sampled_from([*vocabulary.SPAN_TYPES_OF[source.decoder], "Span", "LLM"]), words)
    return st.one_of(kinds.get(source.decoder, numbers if target in targets.NUMBERS else words), anything)


@st.composite
def in_json(draw: st.DrawFn, key: str) -> tuple[str, Any]:
    """An attribute whose JSON holds this member, if nobody damaged it."""
    blob, _, path = key.partition("#")
    value: Any = draw(likely(key))
    if not isinstance(value, str | int | bool | None):
        value = "7"
    inner: Any = value if not isinstance(value, int) or abs(value) < 2**53 else 7
    for step in reversed(path.split(".")):
        inner = {step: inner, "other": None} if draw(st.booleans()) else {step: inner}
    whole = json.dumps(inner, ensure_ascii=draw(st.booleans()))
    damage = draw(st.sampled_from(("", "", "", "list", "encoded", "cut", "python")))
    damaged = {"list": f"[{whole}]", "encoded": json.dumps(whole), "cut": whole[:-2], "python": repr(inner)}
    return blob, damaged.get(damage, whole)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """One span with a handful of keys."""
    attributes: dict[str, Any] = {}
    events: dict[str, dict[str, Any]] = {}
    for key in draw(st.lists(keys, min_size=1, max_size=9)):
        if key.startswith(EVENT):
            name, _, inner = key.removeprefix(EVENT).partition("#")
            events.setdefault(name, {})[inner] = draw(likely(key))
        elif ".#." in key:
            attributes[key.replace("#", str(draw(st.sampled_from((0, 1, 7, 9999, 12345)))))] = draw(likely(key))
        elif "#" in key:
            blob, value = draw(in_json(key))
            attributes[blob] = value
        else:
            attributes[key] = draw(likely(key))
    marks = draw(st.lists(st.sampled_from(("exception", "First Token Stream Event", "other")), max_size=2))
    start = START_UNIX_NANO
    span = make_span(
        draw(st.sampled_from(NAMES)),
        attributes=attributes,
        start_time_unix_nano=start,
        end_time_unix_nano=draw(st.sampled_from((0, start + 10**9, start + 10**9))),
        status=Status(code=draw(st.sampled_from(list(Status.StatusCode.values())))),
    )
    for name, pairs in {**events, **{mark: {} for mark in marks}}.items():
        event = span.events.add(name=name, time_unix_nano=start + draw(st.sampled_from((0, 5, 10**6))))
        for key, value in pairs.items():
            event.attributes.add(key=key, value=any_value(value))
    return span


scopes = st.sampled_from(SCOPES)
RESOURCES: tuple[dict[str, Any], ...] = (
    {},
    {"session.id": "r-s", "user.id": "r-u"},
    {"session.id": ""},
    {"session.id": 5},
)
resources = st.sampled_from(RESOURCES)


@dataclass(frozen=True)
class Batch:
    """Requests for one insert; shows nothing of itself, because it is long and a difference shows its span."""

    requests: tuple[ExportTraceServiceRequest, ...] = field(repr=False)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Several dozen spans, of several scopes."""
    requests = []
    number = 0
    groups = draw(
        st.lists(st.tuples(scopes, resources, st.lists(spans(), min_size=1, max_size=6)), min_size=6, max_size=12)
    )
    for scope_name, resource, group in groups:
        for span in group:
            number += 1
            span.trace_id, span.span_id = trace_id(number), span_id(number)
        requests.append(traces(*group, resource=resource, scope_name=scope_name))
    return Batch(tuple(requests))
