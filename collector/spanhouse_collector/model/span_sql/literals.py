"""SQL literals of Python values, and the few forms that the generated SQL repeats."""

from __future__ import annotations

from collections.abc import Iterable


def text(value: str) -> str:
    """A String literal."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def texts(values: Iterable[str]) -> str:
    """An Array(String) literal."""
    return "[" + ", ".join(text(value) for value in values) + "]"


def numbers(values: Iterable[int]) -> str:
    """An array of integers, as UInt32."""
    return "CAST([" + ", ".join(map(str, values)) + "], 'Array(UInt32)')"


def is_one_of(expression: str, values: Iterable[str]) -> str:
    """Whether a text is one of these."""
    return f"{expression} IN ({', '.join(text(value) for value in values)})"


def starts_with_any(expression: str, prefixes: Iterable[str]) -> str:
    """Whether a text starts with one of these."""
    return "(" + " OR ".join(f"startsWith({expression}, {text(prefix)})" for prefix in prefixes) + ")"


def first_pair(condition: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The second of the first pair of texts for which a condition on `pair` holds, '' for none.

    One constant and one lambda: a chain of branches would be analysed, branch by branch, at each insert.
    """
    listed = ", ".join(f"({text(first)}, {text(second)})" for first, second in pairs)
    return f"tupleElement(arrayFirst(pair -> {condition}, [{listed}]), 2)"
