"""Exceptions that steer a program and are no errors: ends of iteration, cancellation, exits, interrupts of frameworks.

Owns: which they are. A class of one of these names anywhere above an exception's own is enough: frameworks are not
imported to ask.
"""

from __future__ import annotations

from typing import Final

CONTROL_FLOW: Final = frozenset({
    "StopIteration", "StopAsyncIteration", "GeneratorExit",
    "CancelledError", "Cancelled",  # asyncio and concurrent.futures; trio
    "GraphBubbleUp", "GraphInterrupt", "NodeInterrupt", "ParentCommand",  # LangGraph
    "CallDeferred", "ApprovalRequired",  # Pydantic AI
    "HumanFeedbackPending",  # CrewAI
})  # fmt: skip


def is_control_flow(error: BaseException) -> bool:
    """Whether *error* steers the program: a graph that waits for a person, a task that was cancelled, `sys.exit(0)`."""
    if isinstance(error, SystemExit):
        return error.code is None or error.code == 0
    return any(kind.__name__ in CONTROL_FLOW for kind in type(error).__mro__)
