"""How a span went.

Owns: `SpanStatus`, its codes, and reading a status from the many ways in which people say one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple, Self

from opentelemetry.trace import StatusCode
from opentelemetry.trace.status import Status

from spanhouse.errors import MESSAGE_CHARACTERS_MAX, InvalidArgument
from spanhouse.span_types import short_name
from spanhouse.values import text_of


class SpanStatusCode(StrEnum):
    """How a span went."""

    UNSET = "UNSET"
    OK = "OK"
    ERROR = "ERROR"


class _Status(NamedTuple):
    status_code: SpanStatusCode
    description: str = ""


class SpanStatus(_Status):
    """`UNSET`, `OK` or `ERROR`, and why.

    Raises:
        InvalidArgument: another word.

    """

    __slots__ = ()

    def __new__(cls, status_code: SpanStatusCode | str, description: str = "") -> Self:
        """From a code or its word."""
        try:
            code = SpanStatusCode(str(status_code))
        except ValueError:
            raise InvalidArgument(f"status_code={status_code!r:.100}: it is UNSET, OK or ERROR") from None
        return super().__new__(cls, code, description)

    def to_otel_status(self) -> Status:
        """OpenTelemetry's."""
        code = StatusCode[self.status_code.value]
        return Status(code, (self.description or None) if code is StatusCode.ERROR else None)


def status_of(status: Any, description: str | None) -> tuple[StatusCode | None, str]:
    """OpenTelemetry's code, None where it is none of them, and the description."""
    code = getattr(status, "status_code", status)
    text = text_of(description or getattr(status, "description", None) or "")[:MESSAGE_CHARACTERS_MAX]
    name = short_name(getattr(code, "name", code)).upper().removeprefix("STATUS_CODE_")
    return {"OK": StatusCode.OK, "ERROR": StatusCode.ERROR}.get(name), text
