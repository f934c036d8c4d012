"""What reaches a terminal.

Owns making text harmless there: names and messages come from whoever sends spans, and a control character in one can
move the cursor, set the window's title or turn the direction of what follows. C0 and C1 controls, DEL and what Unicode
calls format characters (the bidirectional ones among them) are shown by their escapes. Into a pipe or a file JSON and
CSV go as they are; tables and messages never hold such characters.
"""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Mapping
from typing import IO, Any, Final

import click

_KEPT: Final = "\n\t"  # of CSV on a terminal: they are its form


def printable(text: str, keep: str = "") -> str:
    """The text with every character that is not for showing as its escape in Python; those of `keep` stay."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in keep else repr(letter)[1:-1] for letter in text)


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def say(text: str, *, err: bool = False) -> None:
    """A message of one or more lines, on stdout or stderr."""
    click.echo(printable(text, keep="\n"), err=err)


def json_text(value: Any) -> str:
    """JSON on one line; for a terminal, what is not for showing stands in JSON's own escapes."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable() or not is_terminal():
        return text
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def json_line(value: Mapping[str, Any]) -> None:
    """One JSON object on a line of its own, at once."""
    click.echo(json_text(value))
    sys.stdout.flush()


class TerminalBytes:
    """A file for text in UTF-8 that shows it on a terminal, piece by piece."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def write(self, piece: bytes) -> int:
        """Show the next piece; a character may be cut between two."""
        self._out.write(printable(self._decoder.decode(piece), keep=_KEPT))
        return len(piece)
