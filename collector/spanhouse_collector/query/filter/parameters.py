"""Values on their way into a statement, never in its text.

Owns the names and types of bound parameters: `{f0:String}` stands in the statement, the value in `values`.
"""

from __future__ import annotations

from typing import Any, Final

_UINT64: Final = range(2**64)
_INT64: Final = range(-(2**63), 0)


class Parameters:
    """Collects the parameters of one filter; equal values share a name."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._names: dict[tuple[str, str], str] = {}
        self.values: dict[str, Any] = {}

    def bind(self, value: Any, kind: str) -> str:
        """The placeholder of a value of a ClickHouse type."""
        name = self._names.setdefault((kind, repr(value)), f"{self._prefix}{len(self._names)}")
        self.values[name] = value
        return f"{{{name}:{kind}}}"

    def text(self, value: str) -> str:
        """A String."""
        return self.bind(value, "String")

    def texts(self, values: list[str]) -> str:
        """An array of String."""
        return self.bind(values, "Array(String)")

    def number(self, value: int | float) -> str:
        """A number in the narrowest type that holds it exactly; the engine compares across types by value."""
        if isinstance(value, float):
            return self.bind(value, "Float64")
        if value in _UINT64:
            return self.bind(value, "UInt64")
        return self.bind(value, "Int64" if value in _INT64 else "Int128")

    def time(self, unix_nano: int) -> str:
        """A moment, as the time columns have it."""
        return f"fromUnixTimestamp64Nano({self.bind(unix_nano, 'Int64')}, 'UTC')"
