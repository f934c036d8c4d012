"""One model call, one span, when two instrumentors saw it.

Owns: recognising that spans of different layers are the same call, and keeping the outermost, which stands at its place
in the tree: ChatOpenAI of LangChain over ChatCompletion of openai's instrumentor, and that over what a provider's own
library emits. The inner one ends first and still waits in the queue. It is the same call when it happened within the
outer one's time, with the same answer's id, or the same tokens and the same words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan

from spanhouse import semconv
from spanhouse.faults import FAULTS

REMEMBERED_MAX: Final = 64
NATIVE_SCOPES: Final = ("com.anthropic.sdk",)
"""Libraries that emit spans by themselves as soon as there is a TracerProvider."""
_TOKENS: Final = (
    ("llm.token_count.prompt", "llm.token_count.completion"),
    (semconv.INPUT_TOKENS, semconv.OUTPUT_TOKENS),
    ("gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens"),
)
_TEXT: Final = "llm.output_messages.0.message.content"


class Duplicates:
    """Watches ended spans of layers of scopes, the innermost layer first."""

    def __init__(self, *layers: tuple[str, ...]) -> None:
        self._layers = [tuple(f"{scope}." for scope in scopes) for scopes in layers]  # openai is not openai_agents
        self._recent: deque[tuple[int, ReadableSpan]] = deque(maxlen=REMEMBERED_MAX)

    def of(self, span: ReadableSpan) -> list[ReadableSpan]:
        """The spans of inner layers that *span* makes superfluous."""
        rank = self._rank(span)
        if rank is None or not _said(span):
            return []
        found = [item for item in list(self._recent) if item[0] < rank and _is_same_call(span, item[1])]
        for item in found:
            with suppress(ValueError):  # another thread's append pushed it out
                self._recent.remove(item)
            FAULTS.count("duplicate_spans_left_out")
        self._recent.append((rank, span))
        return [item[1] for item in found]

    def _rank(self, span: ReadableSpan) -> int | None:
        scope = f"{span.instrumentation_scope.name if span.instrumentation_scope else ''}."
        return next((rank for rank, scopes in enumerate(self._layers) if scope.startswith(scopes)), None)


def _is_same_call(outer: ReadableSpan, inner: ReadableSpan) -> bool:
    times = (outer.start_time, inner.start_time, inner.end_time, outer.end_time)
    if None in times or list(times) != sorted(time or 0 for time in times):
        return False
    ours, theirs = _said(outer), _said(inner)
    if "id" in ours and "id" in theirs:
        return bool(ours["id"] == theirs["id"])
    shared = ours.keys() & theirs.keys()
    return bool(shared) and all(ours[name] == theirs[name] for name in shared)


def _said(span: ReadableSpan) -> dict[str, Any]:
    """The id, the tokens and the words of a model's answer, as far as the span has them."""
    attributes: Mapping[str, Any] = span.attributes or {}
    found: dict[str, Any] = {}
    for input_name, output_name in _TOKENS:
        if attributes.get(output_name):
            found["tokens"] = (attributes.get(input_name), attributes[output_name])
    for name, key in (("text", _TEXT), ("id", semconv.RESPONSE_ID)):
        if attributes.get(key):
            found[name] = attributes[key]
    return found
