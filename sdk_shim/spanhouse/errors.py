"""Exceptions of the host, on its spans; and the exceptions that the reading client raises.

Owns: what of an exception is written down, bounded, and safe against exceptions whose own `__str__` raises. The error
tree of reading back:

    SpanhouseError
    ├── CollectorUnreachable   no answer, or none in time
    ├── RequestRefused         the collector answered with an error: status, code, hint
    ├── TraceNotFound          no such trace
    └── InvalidArgument        an argument that is impossible; also a ValueError
"""

from __future__ import annotations

import traceback
from typing import Final

from opentelemetry.trace import Span
from opentelemetry.trace.status import StatusCode

from spanhouse import semconv
from spanhouse.control_flow import is_control_flow
from spanhouse.span_attributes import add_clean, event_attributes

MESSAGE_CHARACTERS_MAX: Final = 16_384
STACK_CHARACTERS_MAX: Final = 65_536
ERROR_CODES: Final = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    409: "RESOURCE_CONFLICT",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "TEMPORARILY_UNAVAILABLE",
}
"""MLflow's words for statuses of HTTP."""


class SpanhouseError(Exception):
    """What reading back raises; tracing itself raises nothing. `error_code` is MLflow's word for what went wrong."""

    error_code = "INTERNAL_ERROR"

    @property
    def message(self) -> str:
        """The text."""
        return str(self)


class CollectorUnreachable(SpanhouseError):
    """No answer from the collector, or none in time."""

    error_code = "TEMPORARILY_UNAVAILABLE"


class RequestRefused(SpanhouseError):
    """The collector answered with an error."""

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message} [{status} {code}]" + (f" ({hint})" if hint else ""))
        self.status = status
        self.code = code
        self.hint = hint
        self.error_code = ERROR_CODES.get(status, self.error_code)


class TraceNotFound(SpanhouseError):
    """The collector has no trace of this id."""

    error_code = "RESOURCE_DOES_NOT_EXIST"


class InvalidArgument(SpanhouseError, ValueError):
    """An argument that is impossible: a mistake in the code."""

    error_code = "INVALID_PARAMETER_VALUE"


def record_error(span: Span, error: BaseException) -> bool:
    """The exception as an event with its stack, `error.type`, and the status ERROR; False where it is no error.

    What only steers the program (`control_flow`) is the event `control_flow`, and leaves the status alone.
    """
    if not span.is_recording():
        return True
    kind = type(error)
    module = kind.__module__
    name = kind.__qualname__ if module in ("builtins", None) else f"{module}.{kind.__qualname__}"
    message = _message(error)
    if is_control_flow(error):
        span.add_event("control_flow", event_attributes(span, {"exception.type": name, "exception.message": message}))
        return False
    said = {"exception.type": name, "exception.message": message, "exception.stacktrace": _stack(error)}
    span.add_event("exception", event_attributes(span, said))
    add_clean(span, {semconv.ERROR_TYPE: name})
    span.set_status(StatusCode.ERROR, f"{kind.__qualname__}: {message}")
    return True


def _message(error: BaseException) -> str:
    try:
        return str(error)[:MESSAGE_CHARACTERS_MAX]
    except Exception:  # noqa: BLE001 - a hostile __str__
        return "<the exception's own text raises>"


def _stack(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))[-STACK_CHARACTERS_MAX:]
    except Exception:  # noqa: BLE001 - a hostile __str__ or __repr__ on the way
        return "".join(traceback.format_tb(error.__traceback__))[-STACK_CHARACTERS_MAX:]
