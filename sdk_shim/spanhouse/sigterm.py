"""SIGTERM in a process that has no handler for it: what waits is sent, then the signal does what it does.

Owns: the handler behind `flush_on_sigterm`. It is asked for, never put there by itself: a handler of Python runs only
when the main thread comes back to Python, so a program that sits in a library's own loop would no longer end.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, Any

from spanhouse.faults import FAULTS

if TYPE_CHECKING:
    from spanhouse.processor import SpanhouseProcessor


def flush_on_sigterm(processor: SpanhouseProcessor) -> None:
    """Take the signal, unless somebody has it."""
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return
    if threading.current_thread() is not threading.main_thread():
        FAULTS.warn("spanhouse cannot take SIGTERM from here: call configure() in the main thread")
        return

    def handle(number: int, frame: Any) -> None:
        try:
            processor.shutdown()
        except Exception as error:  # noqa: BLE001 - the process ends all the same
            FAULTS.swallowed("SIGTERM", error)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, handle)
