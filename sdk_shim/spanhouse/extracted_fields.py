"""MLflow's `extract_fields` of a search: parts of spans as columns of the table.

Owns: reading `span name.inputs.field` (the name in backticks where it has a dot) and finding its values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from spanhouse.errors import InvalidArgument
from spanhouse.trace_data import Trace

_FIELD: Final = re.compile(
    r"(?:`(?P<quoted>[^`]+)`|(?P<name>.+?))\.(?P<side>inputs|outputs)(?:\.(?:`(?P<quoted_key>[^`]+)`|(?P<key>.+)))?"
)


class Field(NamedTuple):
    """A column: its heading, whose content, which side of it, and which member, None for the whole."""

    heading: str
    span_name: str
    side: str
    key: str | None

    def of(self, trace: Trace) -> Any:
        """The value in the first span of the name; None where there is none."""
        span = next(iter(trace.search_spans(name=self.span_name)), None)
        value = None if span is None else getattr(span, self.side)
        if self.key is None:
            return value
        return value.get(self.key) if isinstance(value, Mapping) else None


def fields_of(texts: Sequence[str]) -> list[Field]:
    """The columns that are asked for.

    Raises:
        InvalidArgument: a text that names no inputs or outputs of a span.

    """
    fields = []
    for text in texts:
        found = _FIELD.fullmatch(text)
        if found is None:
            raise InvalidArgument(f"extract_fields: {text!r} is not `span name`.inputs, .outputs, .inputs.field …")
        fields.append(Field(text, found["quoted"] or found["name"], found["side"], found["quoted_key"] or found["key"]))
    return fields
