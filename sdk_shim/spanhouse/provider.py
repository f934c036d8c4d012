"""The shim's place in OpenTelemetry's global TracerProvider.

Owns: the first use, `configure`, `enable`, `disable`, `flush`, `shutdown`, the end of the process. Where the host has a
provider, the shim adds one processor to it; only where there is none it makes one. Nothing is imported that opens a
socket before the first span is sent.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace as trace_api
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from spanhouse import semconv
from spanhouse._version import __version__
from spanhouse.export_queue import ExportQueue
from spanhouse.exporter_logs import COMPLAINT, silence_exporter_loggers
from spanhouse.faults import FAULTS, never_raises
from spanhouse.ids import EntropyIds
from spanhouse.masking import Mask, strip_content
from spanhouse.processor import SpanhouseProcessor, sees_no_start
from spanhouse.sampling import BLIND_SAMPLERS, change_ratio, quicken, ratio_sampler, with_ratio
from spanhouse.settings import Settings, changed, from_environment

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

SPAN_ATTRIBUTES_MAX: Final = 1024  # instrumentors flatten messages into hundreds of attributes; the SDK's own is 128
FLUSH_TIMEOUT_MS: Final = 30_000


class Runtime:
    """What the shim works with once it is set up."""

    def __init__(
        self,
        settings: Settings,
        provider: trace_api.TracerProvider,
        tracer: trace_api.Tracer,
        processor: SpanhouseProcessor,
        *,
        is_enabled: bool,
        is_own_provider: bool = False,
    ) -> None:
        self.settings = settings
        self.provider = provider
        self.tracer = tracer
        self.processor = processor
        self.is_enabled = is_enabled
        self.is_own_provider = is_own_provider
        self.clock: Callable[[], int] | None = None
        self._judged: tuple[object, bool] = (None, False)  # processors, and whether none of them sees a start

    def is_alone(self, tracer: trace_api.Tracer) -> bool:
        """Whether nobody but the shim sees with which attributes a span of *tracer* starts."""
        processors = getattr(getattr(tracer, "span_processor", None), "_span_processors", None)
        judged = self._judged
        if processors is not judged[0]:  # one that is added makes another tuple
            judged = self._judged = processors, type(processors) is tuple and all(map(sees_no_start, processors))
        return judged[1] and type(getattr(tracer, "sampler", None)) in BLIND_SAMPLERS


class _State:
    """The one runtime of the process."""

    runtime: Runtime | None = None
    failed = False
    lock = threading.RLock()


STATE: Final = _State()


def _renew_lock() -> None:
    STATE.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def runtime() -> Runtime | None:
    """The runtime, set up from the environment when this is the first use; None when it cannot be."""
    return STATE.runtime or _first_use()


def _first_use() -> Runtime | None:
    if STATE.failed:
        return None
    try:
        with STATE.lock:
            if STATE.runtime is None:
                STATE.runtime = _set_up(from_environment(), is_explicit=False)
                _show_in_notebooks(STATE.runtime)
            return STATE.runtime
    except Exception as error:  # noqa: BLE001 - the first span of the host must not fail
        STATE.failed = True
        FAULTS.swallowed("set-up", error)
        return None


def _set_up(settings: Settings, *, is_explicit: bool) -> Runtime:
    provider = trace_api.get_tracer_provider()
    is_own = isinstance(provider, trace_api.ProxyTracerProvider)
    if is_own:
        if not settings.tracing_enabled:
            processor = SpanhouseProcessor(None, settings.exit_timeout_ms)
            return Runtime(settings, provider, trace_api.NoOpTracer(), processor, is_enabled=False)
        provider = _own_provider(settings)
        trace_api.set_tracer_provider(provider)
        provider = trace_api.get_tracer_provider()
    queue = ExportQueue(_make_exporter, settings)
    has_exporter = settings.tracing_enabled and _wants_exporter(settings, provider, is_explicit=is_explicit)
    processor = SpanhouseProcessor(queue if has_exporter else None, settings.exit_timeout_ms)
    processor.masks = _masks((), settings)
    _follow(processor, settings)
    processor.is_enabled = settings.tracing_enabled
    if isinstance(provider, TracerProvider):
        provider.add_span_processor(processor)
    else:
        FAULTS.warn("the global TracerProvider is no SDK provider: spanhouse cannot export its spans")
    _import_what_cannot_wait(settings)
    atexit.register(_at_exit, processor)
    is_enabled = settings.tracing_enabled
    return Runtime(settings, provider, _tracer(provider), processor, is_enabled=is_enabled, is_own_provider=is_own)


def _follow(processor: SpanhouseProcessor, settings: Settings) -> None:
    """Give the processor what the settings say of it."""
    processor.flush_timeout_ms = settings.exit_timeout_ms
    processor.synchronous_ms = settings.export_timeout_ms if settings.synchronous else None
    if settings.flush_on_sigterm:
        from spanhouse.sigterm import flush_on_sigterm

        flush_on_sigterm(processor)


def _show_in_notebooks(current: Runtime) -> None:
    if current.settings.notebook and current.is_enabled and "ipykernel" in sys.modules:
        from spanhouse.notebook import enable_notebook_display

        enable_notebook_display()


def _import_what_cannot_wait(settings: Settings) -> None:
    """Modules of the gRPC exporter that use a thread pool when they are imported.

    The exporter is imported when the first batch is sent; in a short script the interpreter is going down by then, and
    has no thread pools any more.
    """
    if settings.resolved_protocol == "grpc":
        import_module("concurrent.futures.thread")
        import_module("opentelemetry.sdk._logs")


def _make_exporter(settings: Settings) -> SpanExporter:
    from spanhouse.exporters import make_exporter

    exporter = make_exporter(settings)
    silence_exporter_loggers()
    return exporter


def _own_provider(settings: Settings) -> TracerProvider:
    attributes = dict(settings.resource_attributes)
    if settings.project:
        attributes[semconv.PROJECT] = settings.project
    if settings.service_name:
        attributes["service.name"] = settings.service_name
    return TracerProvider(
        sampler=None if settings.sample_ratio is None else ratio_sampler(settings.sample_ratio),
        resource=Resource.create(attributes),
        shutdown_on_exit=False,  # ours is bounded
        id_generator=EntropyIds(),
        span_limits=_limits(),
    )


def _limits() -> SpanLimits | None:
    variables = ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT")
    if any(os.environ.get(variable) for variable in variables):
        return None
    return SpanLimits(max_span_attributes=SPAN_ATTRIBUTES_MAX)


def _tracer(provider: trace_api.TracerProvider) -> trace_api.Tracer:
    tracer = provider.get_tracer("spanhouse", __version__)
    if type(getattr(tracer, "id_generator", None)) is RandomIdGenerator:
        tracer.id_generator = EntropyIds()  # type: ignore[attr-defined]  # ours alone: `random.seed` must not reach it
    quicken(tracer)
    return tracer


def _wants_exporter(settings: Settings, provider: trace_api.TracerProvider, *, is_explicit: bool) -> bool:
    if os.environ.get("OTEL_TRACES_EXPORTER", "").strip() == "none":
        return False
    if is_explicit or settings.endpoint:
        return True
    return not _exports_otlp(provider)


def _exports_otlp(provider: trace_api.TracerProvider) -> bool:
    """Whether the host's own provider sends OTLP already: then a second sender would store every span twice."""
    for processor in _processors(provider):
        exporter = getattr(processor, "span_exporter", None)
        if type(exporter).__module__.startswith("opentelemetry.exporter.otlp"):
            return True
    return False


def _masks(given: Iterable[Mask], settings: Settings) -> tuple[Mask, ...]:
    return (*given, *(() if settings.capture_content else (strip_content,)))


def configure(
    *,
    endpoint: str | None = None,
    project: str | None = None,
    api_key: str | None = None,
    protocol: str | None = None,
    sample_ratio: float | None = None,
    resource_attributes: Mapping[str, Any] | None = None,
    service_name: str | None = None,
    span_processors: Iterable[SpanProcessor | Mask] | None = None,
    capture_content: bool | None = None,
    max_attribute_bytes: int | None = None,
    api_url: str | None = None,
    max_queue_spans: int | None = None,
    max_queue_bytes: int | None = None,
    schedule_delay_ms: int | None = None,
    export_timeout_ms: int | None = None,
    exit_timeout_ms: int | None = None,
    notebook: bool | None = None,
    synchronous: bool | None = None,
    flush_on_sigterm: bool | None = None,
) -> None:
    """Set the shim up, or change some of its settings; what is not given stays.

    *span_processors* are masking functions, called with every ended span before it leaves (an exception in one drops
    the span's content), or processors of OpenTelemetry, which are added to the provider, each once. They replace the
    masks of an earlier call. Where the host has a TracerProvider, its sampler and its resource stay the host's.

    Raises:
        ValueError: a value that is impossible, such as a ratio of 2: a mistake in the code, not in the environment.

    """
    given = {name: value for name, value in locals().items() if name != "span_processors"}
    with STATE.lock:
        before = STATE.runtime.settings if STATE.runtime else from_environment()
        settings = changed(before, given)
        try:
            _apply(settings, span_processors)
        except Exception as error:  # noqa: BLE001 - an SDK in an unexpected state must not stop the host
            FAULTS.swallowed("configure", error)


def _apply(settings: Settings, span_processors: Iterable[SpanProcessor | Mask] | None) -> None:
    if STATE.runtime is None:
        STATE.runtime = _set_up(settings, is_explicit=True)
        STATE.failed = False
        _show_in_notebooks(STATE.runtime)
    else:
        _reconfigure(STATE.runtime, settings)
    current = STATE.runtime
    masks = [mask for mask in current.processor.masks if mask is not strip_content]
    if span_processors is not None:
        masks = []
        for item in span_processors:
            if isinstance(item, SpanProcessor):
                if isinstance(current.provider, TracerProvider) and item not in _processors(current.provider):
                    current.provider.add_span_processor(item)
            elif callable(item):
                masks.append(item)
    current.processor.masks = _masks(masks, settings)


def _reconfigure(current: Runtime, settings: Settings) -> None:
    _import_what_cannot_wait(settings)
    before, current.settings = current.settings, settings
    provider = current.provider
    if current.processor.queue is None and settings.endpoint and settings.tracing_enabled:
        current.processor.queue = ExportQueue(_make_exporter, settings)
    elif current.processor.queue is not None and settings != before:
        current.processor.queue.reconfigure(settings)
    _follow(current.processor, settings)
    if not current.is_own_provider or not isinstance(provider, TracerProvider):
        return
    if settings.sample_ratio is not None and settings.sample_ratio != before.sample_ratio:
        change_ratio(provider, current.tracer, settings.sample_ratio)
    attributes = dict(settings.resource_attributes)
    if settings.project:
        attributes[semconv.PROJECT] = settings.project
    if attributes:
        _change_resource(provider, current.tracer, Resource(attributes))
        with_ratio.cache_clear()  # copies of the tracer with its resource


def _change_resource(provider: TracerProvider, tracer: trace_api.Tracer, added: Resource) -> None:
    if hasattr(provider, "_update_resource"):
        provider._update_resource(added)  # noqa: SLF001 - the SDK's own way after a fork
        return
    # Older SDKs: the tracers that others have by now keep what they have.
    changed_resource = provider.resource.merge(added)
    provider._resource = tracer.resource = changed_resource  # type: ignore[attr-defined]  # noqa: SLF001


def enable() -> None:
    """Trace again after `disable()`."""
    _switch(True)


def disable() -> None:
    """Stop making and sending spans until `enable()`; open spans end unsent."""
    _switch(False)


@never_raises(None)
def _switch(is_on: bool) -> None:
    current = runtime()
    if current is None:
        return
    if is_on and isinstance(current.tracer, trace_api.NoOpTracer):  # SPANHOUSE_TRACING_ENABLED was false
        with STATE.lock:
            STATE.runtime = _set_up(changed(current.settings, {"tracing_enabled": True}), is_explicit=True)
        return
    current.is_enabled = current.processor.is_enabled = is_on


@never_raises(False)
def flush(timeout_ms: int = FLUSH_TIMEOUT_MS) -> bool:
    """Send every span that has ended; False when that took longer than *timeout_ms*.

    Also flushes the host's other processors where the provider is the shim's own.
    """
    current = STATE.runtime
    if current is None:
        return True
    deadline = time.monotonic() + timeout_ms / 1000
    queue = current.processor.queue
    done = queue is None or queue.flush(timeout_ms)
    if not done:
        reason = COMPLAINT.said_of(current.settings.sent_to) or f"no answer from {current.settings.sent_to} so far"
        FAULTS.warn("spanhouse: flush gave up after %d ms: %s", timeout_ms, reason)
    left_ms = int((deadline - time.monotonic()) * 1000)
    if left_ms > 0:
        for processor in _other_processors(current):
            done = processor.force_flush(left_ms) and done
    return done


def flush_trace_async_logging(terminate: bool = False) -> None:
    """MLflow's name for `flush`; nothing is terminated, since there is nothing that could not be used afterwards."""
    flush()


def _other_processors(current: Runtime) -> tuple[SpanProcessor, ...]:
    """Further destinations of a provider that the shim made; those of the host's provider are the host's."""
    if not current.is_own_provider:
        return ()
    return tuple(processor for processor in _processors(current.provider) if processor is not current.processor)


def _processors(provider: trace_api.TracerProvider) -> tuple[SpanProcessor, ...]:
    """Those that a provider of the SDK has."""
    multi = getattr(provider, "_active_span_processor", None)
    found: tuple[SpanProcessor, ...] = getattr(multi, "_span_processors", ())
    return found


@never_raises(False)
def shutdown(timeout_ms: int | None = None) -> bool:
    """Send what waits and stop for good; False when not everything was sent within *timeout_ms*."""
    current = STATE.runtime
    if current is None or current.processor.queue is None:
        return True
    return current.processor.queue.shutdown(timeout_ms or current.settings.exit_timeout_ms)


@never_raises(None)
def _at_exit(processor: SpanhouseProcessor) -> None:
    processor.shutdown()
    current = STATE.runtime
    if current is not None and current.processor is processor:
        for other in _other_processors(current):
            other.shutdown()
