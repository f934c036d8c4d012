"""SHOW, DESCRIBE and EXISTS, told as a SELECT over what may be seen of the engine's own tables.

Owns the translation. The outcome goes through the guard like any other statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlglot import TokenType

from spanhouse_collector.errors import SqlRefused
from spanhouse_collector.query.sql.errors import UNKNOWN_DATABASE, UNKNOWN_TABLE
from spanhouse_collector.query.sql.rewrite import Token
from spanhouse_collector.query.sql.tables import DATABASE_ALIASES, TABLES
from spanhouse_collector.storage.engine import quoted

_LIKES: Final = ("LIKE", "ILIKE")
_DESCRIBE: Final = (
    "SELECT name, type, default_kind AS default_type, default_expression, comment, "
    "compression_codec AS codec_expression, '' AS ttl_expression "
    "FROM system.columns WHERE database = {database} AND table = {table} ORDER BY position"
)
_EXISTS: Final = "SELECT count() > 0 AS result FROM system.tables WHERE database = {database} AND name = {table}"


def as_select(sql: str, tokens: Sequence[Token], database: str) -> str | None:
    """The SELECT that answers a SHOW, DESCRIBE or EXISTS; None where there is none.

    Raises:
        SqlRefused: it is about a table or database that is not here.

    """
    words = [token.text for token in tokens]
    upper = [word.upper() for word in words]
    if upper[:2] == ["SHOW", "DATABASES"]:
        return _listed("SELECT name FROM system.databases WHERE 1", tokens[2:])
    if upper[:2] == ["SHOW", "TABLES"]:
        rest = _after_database(tokens[2:], database)
        return _listed(f"SELECT name FROM system.tables WHERE database = {quoted(database)}", rest)
    for opening, select in ((["DESCRIBE", "TABLE"], _DESCRIBE), (["EXISTS", "TABLE"], _EXISTS)):
        if upper[:2] == opening:
            table = _table(tokens[2:], database, must_exist=select is _DESCRIBE)
            return select.format(database=quoted(database), table=quoted(table))
    return None


def _names(tokens: Sequence[Token]) -> list[str]:
    return [token.text for token in tokens if token.token_type is not TokenType.DOT]


def _after_database(tokens: Sequence[Token], database: str) -> Sequence[Token]:
    if tokens and tokens[0].text.upper() == "FROM":
        _own(tokens[1].text, database)
        return tokens[2:]
    return tokens


def _own(name: str, database: str) -> None:
    if name not in (database, *DATABASE_ALIASES):
        raise SqlRefused(f"there is no database {name} here", hint=f"the database is {database}", code=UNKNOWN_DATABASE)


def _table(tokens: Sequence[Token], database: str, *, must_exist: bool) -> str:
    names = _names(tokens)
    if len(names) == 2:
        _own(names[0], database)
    if len(names) not in (1, 2) or (must_exist and names[-1] not in TABLES):
        raise SqlRefused(
            f"there is no table {'.'.join(names)} here", hint=f"tables: {', '.join(TABLES)}", code=UNKNOWN_TABLE
        )
    return names[-1]


def _listed(select: str, tokens: Sequence[Token]) -> str | None:
    """The list, with LIKE and LIMIT of the statement; None when there is more to it."""
    rest = list(tokens)
    negated = bool(rest) and rest[0].text.upper() == "NOT"
    rest = rest[1:] if negated else rest
    condition = limit = ""
    if len(rest) >= 2 and rest[0].text.upper() in _LIKES:
        condition = f" AND name {'NOT ' if negated else ''}{rest[0].text} {quoted(rest[1].text)}"
        rest = rest[2:]
    if len(rest) >= 2 and rest[0].text.upper() == "LIMIT" and rest[1].text.isdecimal():
        limit = f" LIMIT {rest[1].text}"
        rest = rest[2:]
    return None if rest else f"{select}{condition} ORDER BY name{limit}"
