"""What is known about a field of a filter: its kind, its level, the column behind it.

Owns the types. Leaves the table of fields to `field_table`, finding a name to `names` and the SQL to `conditions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """How values compare."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "number"
    BOOLEAN = "boolean"
    TIME = "time"
    DURATION = "duration"
    TEXTS = "list of text"
    DOCUMENT = "full text"
    ATTRIBUTE = "any"
    TAG = "any text"
    ASSESSMENT = "any assessment"


class Level(Enum):
    """Which row answers."""

    SPAN = "span"
    TRACE = "trace"
    EITHER = "span or trace"  # every span carries it, and it is the same for all of the trace


NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
NO_TIME: Final = "toDateTime64(0, 9, 'UTC')"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field. `column` is SQL over a row of the table of its level.

    `absent` is the SQL literal that stands for no value: '' for text, NULL for optional numbers, none when the column
    always has a value. `unit_ns` is what a bare number counts; None when a number needs a unit.
    """

    name: str
    kind: Kind
    meaning: str
    column: str = ""
    level: Level = Level.SPAN
    aliases: tuple[str, ...] = ()
    absent: str | None = None
    unit_ns: int | None = None
    upper: bool = False  # a closed set of words in capitals: any case is understood
    is_id: bool = False  # hex: any case is understood, and MLflow's prefix tr-
    searched: tuple[str, ...] = ()  # columns that `:` looks into
    scanned: tuple[str, ...] = ()  # texts in SQL that patterns look into besides, without an index
    is_picked: bool = False  # a trace has the value that one of its spans has in the column of the same name


@dataclass(frozen=True, kw_only=True)
class Family:
    """Fields without number, one for each key: `prefix.KEY`."""

    prefix: str
    kind: Kind
    meaning: str
    column: str = ""
    level: Level = Level.SPAN
    aliases: tuple[str, ...] = ()
    assessment_kind: str = ""
