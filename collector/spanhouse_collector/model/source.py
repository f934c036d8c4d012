"""One place where a target's value may stand, and how such places are written.

A key is written

- `gen_ai.request.model`: an attribute of the span;
- `mlflow.chat.tokenUsage#input_tokens`: a member of the JSON object in that attribute, deeper ones as `#a.b`;
- `event:gen_ai.choice#message`: an attribute of a span event of that name;
- `resource:session.id`: an attribute of the resource;
- `gen_ai.prompt.#.content`: the attributes that have an index between these dots, when a span is written.

When a trace is read, also

- `log:gen_ai.choice#message.content`: a member of the body of a log record of that event name;
- `llm.input_messages.N`: the array of all keys `llm.input_messages.0.…`, `llm.input_messages.1.…`;
- `mlflow.traceTag.*`: the object of all keys with that beginning.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

EVENT: Final = "event:"
RESOURCE: Final = "resource:"
LOG: Final = "log:"
NUMBERED: Final = ".N"
ANY_SUFFIX: Final = ".*"
INDEX: Final = ".#."  # an index between dots


class Source(NamedTuple):
    """A key that may hold a target's value, the dialect that writes it, and how it is read there."""

    key: str
    dialect: str
    decoder: str = "text"

    @property
    def attribute(self) -> str:
        """The attribute's own key, without place and member."""
        return _parts(self.key)[0]

    @property
    def member(self) -> str:
        """The path of the member inside the attribute's JSON, '' for the whole value."""
        return _parts(self.key)[1]


@cache
def _parts(key: str) -> tuple[str, str]:
    """Attribute and member. Few keys are asked for, these at every trace that is read."""
    attribute, _, member = key.removeprefix(EVENT).removeprefix(RESOURCE).removeprefix(LOG).partition("#")
    return attribute, member
