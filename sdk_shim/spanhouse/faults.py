"""What goes wrong inside the shim stays inside it: counted, and said at most once a minute.

Owns: the counters, the one warning, and `never_raises`, the guard of public functions. The host's own exceptions are
never touched; KeyboardInterrupt and SystemExit always pass.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D")

logger: Final = logging.getLogger("spanhouse")
WARNING_INTERVAL_S: Final = 60.0
SAID_MAX: Final = 500  # characters of a value in a warning


class Faults:
    """Counters by reason, and when the last warning was given."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a generator may be collected, and counted, while this thread counts
        self._counts: dict[str, int] = {}
        self._warned_at = -WARNING_INTERVAL_S

    def count(self, reason: str, number: int = 1) -> None:
        """Add *number* to the counter of *reason*."""
        with self._lock:
            self._counts[reason] = self._counts.get(reason, 0) + number

    def counts(self) -> dict[str, int]:
        """A copy of the counters."""
        with self._lock:
            return dict(self._counts)

    def warn(self, message: str, *values: object, is_last: bool = False) -> bool:
        """Log a warning, unless one was logged within the last minute; the last one of a process always."""
        now = time.monotonic()
        with self._lock:
            if now - self._warned_at < WARNING_INTERVAL_S and not is_last:
                return False
            self._warned_at = now
        said = tuple(value if isinstance(value, int) else str(value)[:SAID_MAX] for value in values)
        text = message % said if said else message
        more = "" if is_last else " (counted in spanhouse.health(); further warnings wait a minute)"
        logger.warning("%s%s", text, more)
        return True

    def swallowed(self, where: str, error: BaseException) -> None:
        """Count an exception that was kept from the host."""
        self.count("internal_errors")
        self.warn("spanhouse kept a %s of its own from the application, in %s", type(error).__qualname__, where)
        logger.debug("kept from the application in %s", where, exc_info=error)

    def reset(self) -> None:
        """Forget everything: after a fork, and between tests."""
        self.__init__()  # type: ignore[misc]


FAULTS: Final = Faults()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=FAULTS.reset)


def health() -> dict[str, int]:
    """What was exported, dropped and swallowed since the process started, by reason."""
    return FAULTS.counts()


def pass_over(value: object, argument: str) -> None:
    """Tell that an argument of MLflow's has no meaning here, where one was given."""
    if value is not None:
        FAULTS.count("settings_ignored")
        FAULTS.warn("%s says nothing here: spans go where configure(endpoint=…, project=…) says", argument)


def never_raises(default: D) -> Callable[[Callable[P, R]], Callable[P, R | D]]:
    """Make a function answer *default* where it would raise, and count it."""

    def decorate(function: Callable[P, R]) -> Callable[P, R | D]:
        @wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | D:
            try:
                return function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the promise: nothing of ours reaches the host
                FAULTS.swallowed(function.__qualname__, error)
                return default

        return guarded

    return decorate
