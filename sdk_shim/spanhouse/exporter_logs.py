"""What OpenTelemetry's exporters log in our worker's thread: kept out of the host's log, and read for the reason.

Owns: the filter, and `Complaint`, the last thing that went wrong with a request. The exporters answer only SUCCESS or
FAILURE; why, and that they are trying again, stands in their log alone.
"""

from __future__ import annotations

import logging
from typing import Any, Final

THREAD_NAME: Final = "spanhouse-export"
EXPORTER_LOGGERS: Final = ("opentelemetry.exporter.otlp", "opentelemetry.sdk.trace.export", "urllib3")
REASON_CHARACTERS_MAX: Final = 200
_ATTEMPT_FAILED: Final = ("Transient error", "Failed to export")
_NO_CONNECTION: Final = (
    "onnection refused",
    "ailed to connect",
    "onnectionError",
    "resolve",
    "unreachable",
    "HTTPConn",
)


class Complaint:
    """Why the last attempt failed; `text` is None while none has, since the last success."""

    text: str | None = None
    is_unreachable = False

    def clear(self) -> None:
        """An attempt went well."""
        self.text = None
        self.is_unreachable = False

    def take(self, record: logging.LogRecord) -> None:
        """Learn from one line of an exporter."""
        if record.levelno < logging.WARNING or not str(record.msg).startswith(_ATTEMPT_FAILED):
            return
        said: Any = record.args if isinstance(record.args, tuple) else ()
        if not said or "due to timeout" in str(record.msg):  # the attempts before it said more
            return
        text = record.getMessage()
        # An exception in place of an answer's reason, or what gRPC says of a connection.
        self.is_unreachable = isinstance(said[0], Exception) or any(mark in text for mark in _NO_CONNECTION)
        self.text = _reason(said, text)[:REASON_CHARACTERS_MAX]

    def take_error(self, error: Exception) -> None:
        """Learn from what an exporter raised."""
        self.is_unreachable = isinstance(error, OSError)
        self.text = type(error).__qualname__

    def said_of(self, url: str) -> str | None:
        """As the end of a sentence; None where there is nothing to say."""
        if self.text is None:
            return None
        return f"nothing answers at {url}" if self.is_unreachable else f"{url} refused them ({self.text})"


def _reason(said: tuple[Any, ...], text: str) -> str:
    if text.startswith("Transient error"):
        return str(getattr(said[0], "name", said[0]))
    return ", ".join(str(getattr(item, "name", item)) for item in said[-2:])  # a code and what it means


class _OwnThreadFilter(logging.Filter):
    """Keeps the exporter's log lines of our own worker out of the host's log: we count, and warn once a minute."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.threadName != THREAD_NAME:
            return True
        COMPLAINT.take(record)
        return False


COMPLAINT: Final = Complaint()


def silence_exporter_loggers() -> None:
    """To be called again when an exporter's modules were imported: they make loggers of their own."""
    for name in EXPORTER_LOGGERS:
        _filter_once(name)


def _filter_once(name: str) -> None:
    """Filters of a logger do not reach its children: every logger below *name* gets one."""
    known: dict[str, Any] = logging.root.manager.loggerDict
    for child in [name, *(known_name for known_name in list(known) if known_name.startswith(name + "."))]:
        logger = logging.getLogger(child)
        if not any(isinstance(present, _OwnThreadFilter) for present in logger.filters):
            logger.addFilter(_OwnThreadFilter())
