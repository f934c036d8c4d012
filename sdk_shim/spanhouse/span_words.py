"""What live and stored spans both say under MLflow's names.

Owns: `SpanWords`, read from the attributes alone.
"""

from __future__ import annotations

from typing import Any

from spanhouse import semconv


class SpanWords:
    """Properties over `trace_id` and `get_attribute`."""

    __slots__ = ()

    @property
    def request_id(self) -> str:
        """MLflow 2's name for `trace_id`."""
        return str(self.trace_id)  # type: ignore[attr-defined]

    @property
    def description(self) -> str | None:
        """The sentence about the span; None where there is none."""
        return self._text(semconv.DESCRIPTION)

    @property
    def log_level(self) -> str | None:
        """DEBUG, INFO, WARNING, ERROR or CRITICAL; None where none was given."""
        return self._text(semconv.LOG_LEVEL)

    @property
    def model_name(self) -> str | None:
        """The model that answered, else the one that was asked."""
        return self._text(semconv.RESPONSE_MODEL) or self._text(semconv.REQUEST_MODEL)

    @property
    def llm_cost(self) -> float | None:
        """The cost in US dollars that the span reports; None where it reports none."""
        cost = self._said(semconv.COST_TOTAL)
        return float(cost) if isinstance(cost, (int, float)) else None

    def _text(self, key: str) -> str | None:
        said = self._said(key)
        return None if said is None else str(said)

    def _said(self, key: str) -> Any:
        return self.get_attribute(key)  # type: ignore[attr-defined]
