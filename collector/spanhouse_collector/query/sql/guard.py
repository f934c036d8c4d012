"""What a person's SQL may be, and the statement that runs instead of it.

Owns the decision. A statement passes when it is one SELECT (or a SHOW, DESCRIBE or EXISTS that can be told as one),
reads tables and calls functions of the lists, and sets nothing that may not be set. What runs is the engine's own
normal form of it with our tables put in; that text is read by the engine's parser once more before it runs, so that
it does not matter whether sqlglot understood it (decision 010). Leaves limits and running to `runner`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from urllib.parse import quote_plus

from sqlglot import TokenType

from spanhouse_collector.errors import SqlFailed, SqlRefused
from spanhouse_collector.query.sql.errors import READONLY, SYNTAX_ERROR, UNKNOWN_FUNCTION, UNKNOWN_TABLE, point_at
from spanhouse_collector.query.sql.functions import TABLE_FUNCTIONS, is_allowed
from spanhouse_collector.query.sql.rewrite import (
    Edit,
    Substitution,
    Token,
    apply_edits,
    identifier,
    locate,
    substitute,
    tokens_of,
)
from spanhouse_collector.query.sql.shows import as_select
from spanhouse_collector.query.sql.syntax import NODE_KINDS, Ask, Syntax, normal_form, syntax_of
from spanhouse_collector.query.sql.tables import TABLES
from spanhouse_collector.query.sql.tail import split_tail

STATEMENT_BYTES_MAX: Final = 256 * 1024  # ClickHouse's own max_query_size
TOKENS_MAX: Final = 50_000  # reading them takes a second, of which no other request gets a share
PARAMETERS_MAX: Final = 1000
# As they stand in a URL, where a server gets them: its own limits are http_max_field_value_size and http_max_uri_size.
PARAMETER_BYTES_MAX: Final = 128 * 1024
PARAMETERS_BYTES_MAX: Final = 768 * 1024
_OPENINGS: Final = ("SELECT", "WITH", "(")
# Words that stand before an opening parenthesis without being called.
_NOT_CALLED: Final = frozenset(
    [
        "all",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "between",
        "by",
        "case",
        "columns",
        "desc",
        "distinct",
        "div",
        "else",
        "except",
        "fetch",
        "fill",
        "from",
        "having",
        "ilike",
        "in",
        "intersect",
        "interpolate",
        "interval",
        "is",
        "join",
        "like",
        "limit",
        "materialized",
        "mod",
        "not",
        "offset",
        "on",
        "or",
        "over",
        "partition",
        "prewhere",
        "qualify",
        "regexp",
        "replace",
        "rows",
        "select",
        "sets",
        "step",
        "then",
        "to",
        "union",
        "using",
        "values",
        "when",
        "where",
        "with",
        "xor",
    ]
)


@dataclass(frozen=True)
class Checked:
    """A statement that may run."""

    sql: str
    parameters: Mapping[str, str]
    settings: tuple[tuple[str, str], ...] = ()  # of its SETTINGS clause, not judged yet
    format: str = ""  # of its FORMAT clause


def check(ask: Ask, statement: str, parameters: Mapping[str, str], *, database: str, project: str = "") -> Checked:
    """The statement to run instead of a person's.

    Args:
        ask: a read-only way to the engine.
        statement: what the person wrote.
        parameters: values of `{name:Type}`, as text.
        database: where the tables are.
        project: the only one whose rows may be read; '' for all.

    Raises:
        SqlRefused: it may not run.
        SqlFailed: the engine cannot parse it.

    """
    _check_sizes(statement, parameters)
    try:
        whole = normal_form(ask, statement)
    except SqlFailed as error:
        point_at(error, statement)
        raise
    tail = split_tail(whole, tokens_of(whole))
    body = tail.body
    if not body.upper().startswith(_OPENINGS):
        told = as_select(body, tokens_of(body), database)
        if told is None:
            raise SqlRefused(f"only SELECT may run here, not {body.split(' ', 1)[0]}", hint=_OFFERED, code=READONLY)
        body = normal_form(ask, told)
    tokens = tokens_of(body)
    if len(tokens) > TOKENS_MAX:
        raise SqlRefused(
            f"the statement has {len(tokens)} words and signs, more than {TOKENS_MAX}", hint=_LONG, code=SYNTAX_ERROR
        )
    _refuse_outfile(tokens)
    body = _with_identifiers(body, tokens, parameters)
    substitution = Substitution(database, project, f"_{secrets.token_hex(12)}")
    places = locate(body)
    sql = substitute(places, substitution)
    syntax = syntax_of(ask, sql, parameters)
    _check_kinds(syntax)
    _check_functions(syntax, tokens_of(sql))
    _check_tables(syntax, substitution, places.common_names)
    if syntax.applied != places.applied:
        raise SqlRefused("a column cannot be called apply here", code=SYNTAX_ERROR)
    return Checked(sql, parameters, tail.settings, tail.format)


_LONG: Final = "join or IN (SELECT …) in place of a long list"
_OFFERED: Final = "also: SHOW TABLES, SHOW DATABASES, DESCRIBE TABLE, EXISTS TABLE"


def _check_sizes(statement: str, parameters: Mapping[str, str]) -> None:
    size = len(statement.encode(errors="surrogatepass"))
    if size > STATEMENT_BYTES_MAX:
        raise SqlRefused(f"the statement has {size} bytes, more than {STATEMENT_BYTES_MAX}", code=SYNTAX_ERROR)
    if not statement.strip():
        raise SqlRefused("Empty query", code=SYNTAX_ERROR)
    if len(parameters) > PARAMETERS_MAX:
        raise SqlRefused(f"{len(parameters)} parameters, more than {PARAMETERS_MAX}", code=SYNTAX_ERROR)
    total = 0
    for name, value in parameters.items():
        try:
            size = len(quote_plus(value))
            total += len(quote_plus(name)) + size
        except UnicodeEncodeError:
            raise SqlRefused(
                f"the parameter {name!a} is no text: it has half of a surrogate pair", code=SYNTAX_ERROR
            ) from None
        if size > PARAMETER_BYTES_MAX:
            raise SqlRefused(
                f"the parameter {name[:60]} has {size} bytes in a URL, more than {PARAMETER_BYTES_MAX}",
                code=SYNTAX_ERROR,
            )
    if total > PARAMETERS_BYTES_MAX:
        raise SqlRefused(
            f"the parameters have {total} bytes in a URL, more than {PARAMETERS_BYTES_MAX}", code=SYNTAX_ERROR
        )


def _refuse_outfile(tokens: Sequence[Token]) -> None:
    words = [token.text.upper() for token in tokens if token.token_type is not TokenType.STRING]
    if ("INTO", "OUTFILE") in pairwise(words):
        raise SqlRefused("INTO OUTFILE would write a file of the collector's machine", code=READONLY)


def _with_identifiers(sql: str, tokens: Sequence[Token], parameters: Mapping[str, str]) -> str:
    """The statement with the values of `{name:Identifier}` put in, so that they are judged like any other name."""
    edits = []
    for index in range(len(tokens) - 4):
        opening, name, colon, kind, closing = tokens[index : index + 5]
        if (
            opening.token_type is TokenType.L_BRACE
            and colon.token_type is TokenType.COLON
            and kind.text == "Identifier"
            and closing.token_type is TokenType.R_BRACE
            and name.text in parameters
        ):
            value = ".".join(identifier(part) for part in parameters[name.text].split("."))
            edits.append(Edit(opening.start, closing.end + 1, value))
    return apply_edits(sql, edits)


def _check_kinds(syntax: Syntax) -> None:
    strange = syntax.kinds - NODE_KINDS
    if "Set" in strange:
        raise SqlRefused("SETTINGS may stand at the end of the whole statement only", code=READONLY)
    if strange:
        raise SqlRefused(
            f"this part of the language is not available here: {', '.join(sorted(strange))}", code=READONLY
        )


def _check_functions(syntax: Syntax, tokens: Sequence[Token]) -> None:
    for name in syntax.table_functions:
        if name.lower() not in TABLE_FUNCTIONS:
            raise SqlRefused(
                f"the table function {name} is not available here",
                hint=f"table functions: {', '.join(sorted(TABLE_FUNCTIONS))}",
                code=READONLY,
            )
    called = syntax.functions | _called(tokens)
    refused = sorted(name for name in called if not is_allowed(name))
    if refused:
        raise SqlRefused(
            f"the function {refused[0]} is not available here",
            hint="SELECT name FROM system.functions lists the engine's; docs/sql.md says which are left out",
            code=UNKNOWN_FUNCTION,
        )


def _called(tokens: Sequence[Token]) -> set[str]:
    """Every name before an opening parenthesis: a second look, for places that a syntax tree may not show."""
    names = set()
    in_braces = False  # of a parameter's type, as in {x:Array(String)}
    for index, token in enumerate(tokens):
        in_braces = token.token_type is TokenType.L_BRACE or (in_braces and token.token_type is not TokenType.R_BRACE)
        word, before = tokens[index - 1], tokens[index - 2].text.upper() if index > 1 else ""
        if token.token_type is not TokenType.L_PAREN or not index or word.token_type is TokenType.STRING:
            continue
        is_word = word.text.replace("_", "a").isalnum() and not word.text.isdigit()
        if is_word and before != "AS" and not in_braces and word.text.lower() not in _NOT_CALLED | TABLE_FUNCTIONS:
            names.add(word.text)
    return names


def _check_tables(syntax: Syntax, substitution: Substitution, common_names: frozenset[str]) -> None:
    """Every table of the statement that will run is one that we put in, or a name of WITH."""
    ours = {f"{substitution.database}.{name}" for name in TABLES}
    for table in syntax.tables:
        if substitution.mark and table.alias == substitution.mark:
            continue
        if table.name in common_names or (table.name in ours and not substitution.project):
            continue
        raise SqlRefused(
            f"there is no table {table.name} here", hint=f"tables: {', '.join(TABLES)}", code=UNKNOWN_TABLE
        )
    for name in syntax.asked_in:
        if "." in name:
            raise SqlRefused(
                f"IN {name} reads like a table",
                hint="write IN (SELECT … FROM …), or has(array, value)",
                code=UNKNOWN_TABLE,
            )
