"""Putting the collector's tables into a person's SELECT, without touching anything else of it.

Owns finding the table names of a statement in the engine's normal form (sqlglot says where they stand) and replacing
exactly those characters. The rest of the text stays as it is: sqlglot's own SQL is not equal to what it read for one
query in six (decision 010). Leaves checking the outcome to `guard`, which asks the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlglot import TokenType, exp
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.errors import ErrorLevel, SqlglotError

from spanhouse_collector.errors import SqlRefused
from spanhouse_collector.query.sql.errors import SYNTAX_ERROR, UNKNOWN_FUNCTION, UNKNOWN_TABLE
from spanhouse_collector.query.sql.functions import is_allowed
from spanhouse_collector.query.sql.tables import DATABASE_ALIASES, SYSTEM_TABLES, TABLES
from spanhouse_collector.storage.engine import quoted

_DATABASE_FUNCTIONS: Final = frozenset({"currentdatabase", "current_database", "database", "schema"})
_USER_FUNCTIONS: Final = frozenset({"currentuser", "current_user", "user"})
USER: Final = "spanhouse"  # what JDBC is told when it asks; who asked is not the engine's to know
_DIALECT: Final = ClickHouse()
# What sqlglot raises, besides its own errors, over texts that it does not know (found by feeding it 50,000).
_STUMBLES: Final = (RecursionError, IndexError, KeyError, AttributeError, TypeError, ValueError)


@dataclass(frozen=True)
class Token:
    """A word or sign of a statement, from `start` to `end` (included)."""

    token_type: TokenType
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Edit:
    """Characters `start` to `end` (not included) become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Places:
    """Where things stand in a statement of the engine's normal form."""

    sql: str
    tokens: list[Token]
    tree: exp.Expression
    common_names: frozenset[str]  # of WITH name AS (SELECT …)
    applied: int  # APPLY transformers


@dataclass(frozen=True)
class Substitution:
    """How tables are replaced: `database` is ours, `project` limits the rows ('' for all), `mark` is unguessable."""

    database: str
    project: str = ""
    mark: str = ""


def identifier(name: str) -> str:
    """A name in backquotes."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def tokens_of(sql: str) -> list[Token]:
    """The statement's tokens, with their places.

    Raises:
        SqlRefused: it cannot be cut into tokens.

    """
    try:
        # After the parenthesis, SHOW and its like are words: at the start they would swallow the rest as one token.
        found = _DIALECT.tokenize("(" + sql)[1:]
    except SqlglotError as error:
        raise SqlRefused("the statement cannot be analysed", hint=str(error)[:200], code=SYNTAX_ERROR) from None
    return [Token(token.token_type, token.text, token.start - 1, token.end - 1) for token in found]


def locate(sql: str) -> Places:
    """Read a SELECT in normal form.

    Raises:
        SqlRefused: it cannot be read.

    """
    tokens = tokens_of(sql)
    blanked, applied = _without_applied(sql, tokens)
    try:
        # Tolerant of what sqlglot does not know (LIMIT BY before LIMIT): what it misses, the guard finds.
        trees = _DIALECT.parser(error_level=ErrorLevel.IGNORE).parse(_DIALECT.tokenize(blanked), blanked)
    except (SqlglotError, *_STUMBLES) as error:
        raise SqlRefused("the statement cannot be analysed", hint=str(error)[:200], code=SYNTAX_ERROR) from None
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Expression):
        raise SqlRefused("one SELECT is expected", code=SYNTAX_ERROR)
    common = {cte.alias_or_name for cte in tree.find_all(exp.CTE) if isinstance(cte.this, (exp.Query, exp.Subquery))}
    for name in common:
        if "." in name:  # the engine's print-out would not tell it from a table of a database
            raise SqlRefused(f"a name of WITH has no dot here: {name}", code=SYNTAX_ERROR)
    return Places(sql, tokens, tree, frozenset(common), applied)


def _without_applied(sql: str, tokens: list[Token]) -> tuple[str, int]:
    """The statement with blanks for each `APPLY function`, and how many there were.

    The engine's print-out hides the function and sqlglot does not know every form, so it is checked here: each bare
    word APPLY must be a transformer (the guard counts them) and is followed by the function's name.

    Raises:
        SqlRefused: something other than an allowed function is applied.

    """
    count = 0
    for index, token in enumerate(tokens):
        if token.token_type in (TokenType.IDENTIFIER, TokenType.STRING):
            continue
        if _is_matcher(tokens, index):  # sqlglot reads COLUMNS('regexp') and not COLUMNS(a, b)
            sql = sql[: token.start] + "columnz" + sql[token.end + 1 :]
        if token.text.upper() != "APPLY":
            continue
        count += 1
        end = _applied_end(tokens, index)
        sql = sql[: token.start] + " " * (end - token.start) + sql[end:]
    return sql, count


def _is_matcher(tokens: list[Token], index: int) -> bool:
    """Whether COLUMNS stands there as in `COLUMNS(a, b)`."""
    is_called = index + 1 < len(tokens) and tokens[index + 1].token_type is TokenType.L_PAREN
    return tokens[index].text.upper() == "COLUMNS" and is_called


def _applied_end(tokens: list[Token], index: int) -> int:
    """Where `APPLY name` or `APPLY name(literals)` ends."""
    following = tokens[index + 1 :]
    if not following or following[0].token_type is TokenType.IDENTIFIER or not is_allowed(following[0].text):
        raise SqlRefused(
            "APPLY takes the name of an available function",
            hint="a lambda cannot be applied here, and a column cannot be called apply",
            code=UNKNOWN_FUNCTION,
        )
    depth, end = 0, following[0].end + 1
    for token in following[1:]:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if depth <= 0 and token.token_type is not TokenType.R_PAREN:
            break
        if depth < 0:
            break
        end = token.end + 1
    return end


def substitute(places: Places, substitution: Substitution) -> str:
    """The statement with the collector's tables in it.

    Raises:
        SqlRefused: it names a table that is not available.

    """
    edits = [
        *_table_edits(places, substitution),
        *_in_edits(places, substitution),
        *_qualifier_edits(places, substitution),
        *_session_edits(places, substitution),
    ]
    return apply_edits(places.sql, edits)


def apply_edits(sql: str, edits: Iterable[Edit]) -> str:
    """The text after all edits, which do not overlap."""
    for edit in sorted(set(edits), key=lambda edit: edit.start, reverse=True):
        sql = sql[: edit.start] + edit.text + sql[edit.end :]
    return sql


def _parts(node: exp.Expression) -> list[exp.Identifier]:
    parts = [node.args.get("catalog"), node.args.get("db"), node.this]
    return [part for part in parts if isinstance(part, exp.Identifier)]


def _table_edits(places: Places, substitution: Substitution) -> Iterable[Edit]:
    for table in places.tree.find_all(exp.Table):
        parts = _parts(table)
        if not isinstance(table.this, exp.Identifier) or not parts or "start" not in parts[0].meta:
            continue
        name = [part.name for part in parts]
        if len(name) == 1 and name[0] in places.common_names:
            if name[0] in TABLES:
                raise SqlRefused(f"WITH gives the name of a table to something else: {name[0]}", code=UNKNOWN_TABLE)
            continue
        text = stand_in(name, substitution)
        if text.startswith("(") and not table.alias:
            text = f"{text} AS {identifier(name[-1])}"
        yield Edit(parts[0].meta["start"], parts[-1].meta["end"] + 1, text)


def _in_edits(places: Places, substitution: Substitution) -> Iterable[Edit]:
    """`x IN spans`: a table without FROM."""
    for test in places.tree.find_all(exp.In):
        candidates = [test.args.get("field"), *(test.expressions if len(test.expressions) == 1 else [])]
        for column in candidates:
            column = column.unnest() if isinstance(column, exp.Paren) else column
            if not isinstance(column, exp.Column) or not _is_table(column, places, substitution):
                continue
            parts = [part for part in (column.args.get("db"), column.args.get("table"), column.this) if part]
            text = stand_in([part.name for part in parts], substitution)
            if not text.startswith("("):
                text = f"(SELECT * FROM {text})"
            yield Edit(parts[0].meta["start"], parts[-1].meta["end"] + 1, text)


def _is_table(column: exp.Column, places: Places, substitution: Substitution) -> bool:
    if not column.table:
        return column.name in TABLES and column.name not in places.common_names
    return column.table in (substitution.database, *DATABASE_ALIASES) and column.name in TABLES


def _qualifier_edits(places: Places, substitution: Substitution) -> Iterable[Edit]:
    """`database.table.column`: the database goes, since the table may be a subquery now."""
    for column in places.tree.find_all(exp.Column):
        database, table = column.args.get("db"), column.args.get("table")
        if database and table and database.name in (substitution.database, *DATABASE_ALIASES):
            yield Edit(database.meta["start"], table.meta["start"], "")


def _session_edits(places: Places, substitution: Substitution) -> Iterable[Edit]:
    """`currentDatabase()`: queries run beside the database, not in it, so that a bare name finds nothing by itself.

    `currentUser()` would be the collector's own.
    """
    tokens = places.tokens
    for index in range(len(tokens) - 2):
        word, opening, closing = tokens[index : index + 3]
        is_call = opening.token_type is TokenType.L_PAREN and closing.token_type is TokenType.R_PAREN
        if not is_call or word.token_type is TokenType.STRING:
            continue
        if word.text.lower() in _DATABASE_FUNCTIONS:
            yield Edit(word.start, closing.end + 1, _named_literal(tokens, index, substitution.database))
        elif word.text.lower() in _USER_FUNCTIONS:
            yield Edit(word.start, closing.end + 1, _named_literal(tokens, index, USER))


def _named_literal(tokens: list[Token], index: int, text: str) -> str:
    """The text, called like the function where a column of the answer would be."""
    before = tokens[index - 1].token_type if index else None
    after = tokens[index + 3].token_type if index + 3 < len(tokens) else None
    is_item = before in (TokenType.SELECT, TokenType.COMMA) and after in (None, TokenType.COMMA, TokenType.FROM)
    return quoted(text) + (f" AS {identifier(tokens[index].text + '()')}" if is_item else "")


def stand_in(name: list[str], substitution: Substitution) -> str:
    """What a table's name becomes: the table itself, or a subquery that shows the part of it that may be seen.

    Raises:
        SqlRefused: there is no such table here.

    """
    database = identifier(substitution.database)
    fill: Mapping[str, str] = {"database": database, "project": quoted(substitution.project)}
    if len(name) == 2 and name[0].lower() == "system" and name[1] in SYSTEM_TABLES:
        filled = SYSTEM_TABLES[name[1]].replace("{database}", quoted(substitution.database))
        return f"({_marked(filled, f'system.{name[1]}', substitution.mark)})"
    known = len(name) == 1 or (len(name) == 2 and name[0] in (substitution.database, *DATABASE_ALIASES))
    if not known or name[-1] not in TABLES:
        raise SqlRefused(
            f"there is no table {'.'.join(name)} here", hint=f"tables: {', '.join(TABLES)}", code=UNKNOWN_TABLE
        )
    table = TABLES[name[-1]]
    if not substitution.project:
        return f"{database}.{identifier(table.name)}"
    if table.select:
        inner = table.select.format_map(fill)
        return f"({_marked(inner, _first_table(inner), substitution.mark)})"
    condition = table.condition.format_map(fill)
    return f"(SELECT * FROM {database}.{identifier(table.name)} AS {substitution.mark} WHERE {condition})"


def _first_table(select: str) -> str:
    return select.split(" FROM ", 1)[1].split(" ", 1)[0]


def _marked(select: str, table: str, mark: str) -> str:
    """The subquery with its table called by the mark."""
    return select.replace(f" FROM {table}", f" FROM {table} AS {mark}", 1) if mark else select
