"""What belongs to a whole trace: tags, metadata, session, user, previews, state.

Owns: `update_current_trace` and `context`. Both write on the trace's root in this process; session and user go to every
span that starts afterwards, and through baggage to other services.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ContextDecorator
from contextvars import Token
from types import TracebackType
from typing import Any

from opentelemetry import baggage
from opentelemetry import context as context_api
from opentelemetry import trace as trace_api
from opentelemetry.context import Context
from opentelemetry.trace import Span

from spanhouse import semconv
from spanhouse.active_traces import ACTIVE, BAGGAGE_KEY, ROOT_KEY, SHARED_KEY
from spanhouse.calls import DISABLED_KEY, leave
from spanhouse.faults import FAULTS, never_raises
from spanhouse.live_span import LiveSpan
from spanhouse.span_attributes import add_clean
from spanhouse.span_types import short_name
from spanhouse.spans import shared_attributes, trace_attributes
from spanhouse.values import as_attribute, text_of

PREVIEW_CHARACTERS_MAX = 10_000


@never_raises(None)
def update_current_trace(
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    client_request_id: str | None = None,
    request_preview: str | None = None,
    response_preview: str | None = None,
    state: str | None = None,
    *,
    session_id: str | None = None,
    user: str | None = None,
    model_id: str | None = None,
) -> None:
    """Write on the current trace; without one, nothing happens but a count.

    *state* is `OK` or `ERROR`, and becomes the status of the root, whatever its end says. Session and user reach the
    spans that start from now on, those that are open, and the services that this context calls. *model_id* becomes
    MLflow's metadata for it.
    """
    span = trace_api.get_current_span()
    if not span.get_span_context().is_valid:
        FAULTS.count("no_current_trace")
        return
    metadata = metadata if model_id is None else {**(metadata or {}), "mlflow.modelId": model_id}
    written: dict[str, Any] = dict(trace_attributes(tags, metadata))
    if client_request_id is not None:
        written[semconv.TRACE_CLIENT_REQUEST_ID] = text_of(client_request_id)
    if request_preview is not None:
        written[semconv.TRACE_REQUEST_PREVIEW] = _preview(request_preview)
    if response_preview is not None:
        written[semconv.TRACE_RESPONSE_PREVIEW] = _preview(response_preview)
    if state is not None:
        written[semconv.TRACE_STATE] = _state(state)
    shared = shared_attributes(session_id, user, metadata)
    root = write_on_trace(span, {**written, **shared}, shared)
    if state is not None:
        LiveSpan(root).set_status(state)
    if shared:
        # No token is kept: the span whose context this is restores what was before it.
        context_api.attach(_with_baggage(shared, context_api.get_current()))


def write_on_trace(span: Span, attributes: Mapping[str, Any], shared: Mapping[str, str]) -> Span:
    """Write on the root of the span's trace, on the span itself where the root is not ours or has ended: on which."""
    trace = ACTIVE.find(span.get_span_context().trace_id)
    root = trace.root if trace is not None and trace.root.is_recording() else span
    add_clean(root, {key: as_attribute(value) for key, value in attributes.items()})
    if shared:
        if span is not root:
            add_clean(span, shared)
        if trace is not None:
            trace.shared = {**trace.shared, **shared}
    return root


class context(ContextDecorator):  # noqa: N801 - it is called as a function is
    """For the block: session and user on every span, tags and metadata on every trace; `enabled=False` traces nothing.

    Works for traces that start inside and for the one that is current. Also a decorator.
    """

    def __init__(
        self,
        *,
        session_id: str | None = None,
        user: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        enabled: bool | None = None,
    ) -> None:
        self._said = (session_id, user, tags, metadata, enabled)
        self._tokens: list[Token[Context] | None] = []

    def __enter__(self) -> None:
        token = None
        try:
            token = context_api.attach(_made_context(*self._said))
        except Exception as error:  # noqa: BLE001 - called in the host's code
            FAULTS.swallowed("context", error)
        self._tokens.append(token)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        token = self._tokens.pop() if self._tokens else None
        if token is not None:
            leave(token)


def _made_context(
    session_id: str | None,
    user: str | None,
    tags: Mapping[str, Any] | None,
    metadata: Mapping[str, Any] | None,
    enabled: bool | None,
) -> Context:
    made: dict[str, object] = dict(context_api.get_current())
    if tags or metadata:
        on_root = trace_attributes(tags, metadata)
        span = trace_api.get_current_span()
        if span.get_span_context().is_valid:
            write_on_trace(span, on_root, {})
        outer: Any = made.get(ROOT_KEY) or {}
        made[ROOT_KEY] = {**outer, **on_root}
    shared = shared_attributes(session_id, user, metadata)
    if shared:
        outer = made.get(SHARED_KEY) or {}
        made[SHARED_KEY] = {**outer, **shared}
        made = dict(_with_baggage(shared, made))
    if enabled is False:
        made |= {DISABLED_KEY: True, context_api._SUPPRESS_INSTRUMENTATION_KEY: True}  # noqa: SLF001
    elif enabled is True and DISABLED_KEY in made:
        del made[DISABLED_KEY]
        made[context_api._SUPPRESS_INSTRUMENTATION_KEY] = False  # noqa: SLF001
    return Context(made)


def _with_baggage(shared: Mapping[str, str], context: Mapping[str, object]) -> Context:
    if BAGGAGE_KEY is not None:  # all at once: each `set_baggage` copies the baggage and the context
        carried: Any = context.get(BAGGAGE_KEY) or {}
        return Context({**context, BAGGAGE_KEY: {**carried, **shared}})
    made = Context(dict(context))
    for name, value in shared.items():
        made = baggage.set_baggage(name, value, made)
    return made


def _preview(text: object) -> str:
    return text_of(text)[:PREVIEW_CHARACTERS_MAX]


def _state(state: object) -> str:
    word = short_name(getattr(state, "value", state)).upper()
    if word not in ("OK", "ERROR"):
        FAULTS.warn("update_current_trace(state=%s): only OK and ERROR can be set", word)
    return word
