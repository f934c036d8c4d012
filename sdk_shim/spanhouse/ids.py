"""Trace and span ids from the operating system's entropy.

Owns: `EntropyIds`. OpenTelemetry's own generator draws from `random`, so that a program which calls `random.seed(42)`
at its start makes the same ids in every run and every worker.
"""

from __future__ import annotations

import os
import struct
from typing import Final

from opentelemetry.sdk.trace.id_generator import IdGenerator

POOL_WORDS: Final = 512  # of 64 bits: one system call for a few hundred spans
_POOL: Final = struct.Struct(f"{POOL_WORDS}Q")


class EntropyIds(IdGenerator):
    """Ids from `os.urandom`, fetched in pools; a forked child starts a pool of its own."""

    def __init__(self) -> None:
        self._words: list[int] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._words.clear)

    def generate_span_id(self) -> int:
        """A random id of 64 bits, never 0."""
        try:
            return self._words.pop() or 1
        except IndexError:  # whoever finds the pool empty fills it; two at once fill it twice, which is no harm
            self._words.extend(_POOL.unpack(os.urandom(_POOL.size)))
            return self.generate_span_id()

    def generate_trace_id(self) -> int:
        """A random id of 128 bits, never 0."""
        return self.generate_span_id() << 64 | self.generate_span_id()

    def is_trace_id_random(self) -> bool:
        """All of its bits are: samplers may rely on it."""
        return True
