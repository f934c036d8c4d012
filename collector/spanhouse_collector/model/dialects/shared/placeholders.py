"""Texts that stand for no value."""

from __future__ import annotations

from typing import Final

# Text that stands for no value, under keys that name things.
PLACEHOLDERS: Final = ("none", "null", "unknown", "<not specified>", "n/a", "undefined", "{}", "[]")
# Text that stands in place of content that was not captured.
NO_CONTENT: Final = (
    "{}",
    "[]",
    "null",
    '""',
    "N/A",
    "<REDACTED>",
    "[REDACTED]",
    "__REDACTED__",
    "<elided>",
    "<not serializable>",
)
SCRUBBED_PREFIX: Final = "[Scrubbed due to "
