"""How a span went.

Owns: `SpanStatus`, its codes, and reading a status from the many ways in which people say one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from opentelemetry.trace import StatusCode

from spanhouse.errors import MESSAGE_CHARACTERS_MAX
from spanhouse.span_types import short_name
from spanhouse.values import text_of


class SpanStatusCode(StrEnum):
    """How a span went."""

    UNSET = "UNSET"
    OK = "OK"
    ERROR = "ERROR"


class SpanStatus(NamedTuple):
    """`UNSET`, `OK` or `ERROR`, and why."""

    status_code: SpanStatusCode | str
    description: str = ""


def status_of(status: Any, description: str | None) -> tuple[StatusCode | None, str]:
    """OpenTelemetry's code, None where it is none of them, and the description."""
    code = getattr(status, "status_code", status)
    text = text_of(description or getattr(status, "description", None) or "")[:MESSAGE_CHARACTERS_MAX]
    name = short_name(getattr(code, "name", code)).upper().removeprefix("STATUS_CODE_")
    return {"OK": StatusCode.OK, "ERROR": StatusCode.ERROR}.get(name), text
