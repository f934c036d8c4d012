"""What of a request is refused: how many items, and a few of them in words.

Owns counting and the sentence that the sender reads. Leaves why to `json_decode` and `validate`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from spanhouse_collector.otlp.signals import Signal

EXAMPLES_MAX: Final = 3  # so many refused items are described, the rest are counted


@dataclass
class Refusals:
    """Refused items by number, and a few reasons."""

    count: int = 0
    described: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, describe: Callable[[], str], items: int = 1) -> None:
        """Count `items` that one reason refuses; 0 for a group in which none were."""
        self.count += items
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(describe())
            self.described += items

    def text(self, signal: Signal) -> str:
        """What the sender is told; '' when nothing was refused."""
        if not self.examples:
            return ""
        reasons = "; ".join(self.examples)
        if not self.count:
            return f"a group without {signal.item}s was left out: {reasons}"
        more = self.count - self.described
        tail = f"; and {more} more" if more > 0 else ""
        return f"{self.count} {signal.item}{'s' if self.count > 1 else ''} refused: {reasons}{tail}"
