"""Keeping or dropping whole traces.

Owns: tracers for functions that have a ratio of their own, and changing the ratio of a provider that the shim made.
Otherwise the sampler of the environment or of the host decides, as OpenTelemetry has it.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.sdk.trace.sampling import (
    DEFAULT_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, TraceState, get_current_span
from opentelemetry.trace import Tracer as AnyTracer
from opentelemetry.util.types import Attributes


class RatioSampler(ParentBased):
    """Keeps this share of the traces that start here; follows the parent in others."""

    def __init__(self, ratio: float) -> None:
        super().__init__(TraceIdRatioBased(ratio))


class QuickDefault(Sampler):
    """The decisions of `DEFAULT_ON`, which asks two more samplers, at once where there is nothing to decide."""

    _KEPT: Final = SamplingResult(Decision.RECORD_AND_SAMPLE)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Keep what starts here; follow the parent otherwise."""
        if parent_context is not None and not attributes:
            parent = get_current_span(parent_context).get_span_context()
            if not parent.is_valid or (parent.trace_flags.sampled and not parent.trace_state):
                return self._KEPT
        return DEFAULT_ON.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        """What it stands in for."""
        return str(DEFAULT_ON.get_description())  # type: ignore[no-untyped-call]


BLIND_SAMPLERS: Final = frozenset({RatioSampler, QuickDefault})
"""Those that do not look at a span's attributes."""


def quicken(tracer: AnyTracer) -> None:
    """Let the shim's own tracer decide what it decides by default, in fewer steps."""
    if isinstance(tracer, Tracer) and tracer.sampler is DEFAULT_ON:
        tracer.sampler = QuickDefault()


def ratio_sampler(ratio: float) -> Sampler:
    """Keeps this share of the traces that start here; follows the parent in others."""
    return RatioSampler(ratio)


@lru_cache(maxsize=256)
def with_ratio(tracer: AnyTracer, ratio: float) -> AnyTracer:
    """*tracer*, deciding by *ratio*; a tracer that is not the SDK's decides as it did."""
    if not isinstance(tracer, Tracer):
        return tracer
    deciding = copy.copy(tracer)
    deciding.sampler = ratio_sampler(ratio)
    return deciding


def change_ratio(provider: TracerProvider, tracer: AnyTracer, ratio: float) -> None:
    """Decide by *ratio* from now on, in this tracer and in those that the provider made or will make."""
    provider.sampler = ratio_sampler(ratio)
    for known in (tracer, *getattr(provider, "_tracers", {}).values()):
        if isinstance(known, Tracer):
            known.sampler = provider.sampler
    with_ratio.cache_clear()


def will_keep(tracer: AnyTracer, context: Context) -> bool:
    """Whether a new span will surely be kept; False where that is not known."""
    if type(getattr(tracer, "sampler", None)) is not QuickDefault:
        return False
    if not context:
        return True
    parent = get_current_span(context).get_span_context()
    return not parent.is_valid or parent.trace_flags.sampled
