"""The numbered migrations: the tables that people read, and how an older database gets what came later.

Owns reading `sql/migrations/NNN_*.sql`, applying each once, in order, and refusing a database that others made. The
first ones are the schema. `sql/migrations/checksums.txt` freezes them all: a test compares, and what a release
had is never edited; a change is a new number.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from spanhouse_collector.errors import StorageRefused
from spanhouse_collector.storage.engine import Connection, quoted
from spanhouse_collector.storage.reader_schema import attribute_type_enum

logger = logging.getLogger(__name__)

# How many inserts a replay may reach back: each loaded segment is one insert into each target.
DEDUPLICATION_WINDOW: Final = 10_000

# Synced when inserted, so that a segment may be deleted as soon as its insert returned.
DURABLE_SETTINGS: Final = (
    f"non_replicated_deduplication_window = {DEDUPLICATION_WINDOW}, fsync_after_insert = 1, fsync_part_directory = 1, "
    # One data file for a part as large as a segment: one sync instead of one for each of a hundred files.
    "min_bytes_for_wide_part = 134217728, ttl_only_drop_parts = 1"
)


@dataclass(frozen=True)
class Migration:
    """One numbered file; `checksum` is of its statements as applied, comments left out."""

    version: int
    name: str
    statements: tuple[str, ...]
    checksum: str

    @property
    def label(self) -> str:
        """As its file is named."""
        return f"{self.version:03d}_{self.name}"


def migrations() -> tuple[Migration, ...]:
    """All migrations of this version, in order."""
    listed: list[Migration] = []
    for file in sorted((files(__package__) / "sql" / "migrations").iterdir(), key=lambda file: file.name):
        match = re.fullmatch(r"(\d{3})_(\w+)\.sql", file.name)
        if match is not None:
            listed.append(migration(int(match[1]), match[2], file.read_text("utf-8")))
    return tuple(listed)


def migration(version: int, name: str, text: str) -> Migration:
    """A migration of a file's text."""
    statements = _statements(_filled(text))
    return Migration(version, name, statements, checksum(";\n".join(statements)))


def frozen_checksums() -> dict[str, str]:
    """Label → checksum, as `checksums.txt` has them."""
    text = (files(__package__) / "sql" / "migrations" / "checksums.txt").read_text("utf-8")
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {label: value for value, label in lines}


def checksum(text: str) -> str:
    """By which a text is known again."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def apply_migrations(connection: Connection) -> None:
    """Apply those that the database lacks; changes nothing in a database that is refused.

    Raises:
        StorageRefused: a development version made the database, or a newer one changed it.
        StorageError: as the database has it.

    """
    rows = connection.query("SELECT version, any(name), any(checksum) FROM schema_migrations GROUP BY version").rows
    applied = {int(version): (str(name), str(text)) for version, name, text in rows}
    known = migrations()
    _refuse_development(applied, known)
    newer = sorted(set(applied) - {each.version for each in known})
    if newer:
        raise StorageRefused(
            f"the database has migration {newer[-1]:03d} ({applied[newer[-1]][0]}), which this version of "
            "Spanhouse does not know",
            hint="run the newer version, or use another database",
        )
    for each in known:
        if each.version not in applied:
            _apply(connection, each)


def _refuse_development(applied: dict[int, tuple[str, str]], known: tuple[Migration, ...]) -> None:
    """Before a release the schema changed in place: nothing leads from such a database to this one."""
    for each in known:
        if each.version in applied and applied[each.version][1] != each.checksum:
            name, _ = applied[each.version]
            raise StorageRefused(
                f"a development version of Spanhouse made this database: its migration {each.version:03d}_{name} "
                f"differs from {each.label} of this version",
                hint="with the version that made it, write traces to a file (`spanhouse export FILE --format otlp`), "
                "start this one with a new data directory or database and send them (`spanhouse import FILE`)",
            )


def _apply(connection: Connection, each: Migration) -> None:
    logger.info("applying migration %s", each.label)
    for statement in each.statements:
        connection.execute(statement)
    # Recorded after it is done: a start killed in between applies it again, which IF NOT EXISTS makes harmless.
    connection.execute(
        f"INSERT INTO schema_migrations (version, name, checksum) VALUES "
        f"({each.version}, {quoted(each.name)}, {quoted(each.checksum)})"
    )


def _filled(text: str) -> str:
    """A migration's text with the parts that are decided in Python put in."""
    enum = attribute_type_enum()
    return (
        text.replace("{attribute_type}", enum)
        .replace("{attribute_type_quoted}", enum.replace("'", "\\'"))
        .replace("{durable_settings}", DURABLE_SETTINGS)
    )


def _statements(text: str) -> tuple[str, ...]:
    """The statements of a file; a semicolon ends one where it ends a line."""
    bare = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return tuple(statement.strip() for statement in re.split(r";\s*$", bare, flags=re.MULTILINE) if statement.strip())


def _main() -> None:
    """Print `checksums.txt` as it would be for the files as they are."""
    print("# Checksums of the migrations, see storage/migrations.py. What a release had is never changed here.")  # noqa: T201
    for each in migrations():
        print(each.checksum, each.label)  # noqa: T201


if __name__ == "__main__":
    _main()
