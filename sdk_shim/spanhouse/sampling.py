"""Keeping or dropping whole traces.

Owns: tracers for functions that have a ratio of their own, and changing the ratio of a provider that the shim made.
Otherwise the sampler of the environment or of the host decides, as OpenTelemetry has it.
"""

from __future__ import annotations

import copy
from functools import lru_cache

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Tracer, TracerProvider
from opentelemetry.sdk.trace.sampling import DEFAULT_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Tracer as AnyTracer
from opentelemetry.trace import get_current_span


def ratio_sampler(ratio: float) -> Sampler:
    """Keeps this share of the traces that start here; follows the parent in others."""
    return ParentBased(TraceIdRatioBased(ratio))


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
    if getattr(tracer, "sampler", None) is not DEFAULT_ON:
        return False
    if not context:
        return True
    parent = get_current_span(context).get_span_context()
    return not parent.is_valid or parent.trace_flags.sampled
