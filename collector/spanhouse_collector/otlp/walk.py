"""Walking a protobuf message by its descriptor: the slow paths' only way to visit every field.

Owns the traversal. Leaves to `repair` and `structured` what is done at each stop. Never on the hot path: requests
with flat attributes and valid UTF-8 do not come here.
"""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message


def messages(root: Message) -> Iterator[Message]:
    """Yield `root` and every message below it, parents before children; iterative, so depth costs no stack."""
    stack = [root]
    while stack:
        message = stack.pop()
        yield message
        for field, value in message.ListFields():
            if field.type != FieldDescriptor.TYPE_MESSAGE:
                continue
            if field.is_repeated:
                stack.extend(value)
            else:
                stack.append(value)
