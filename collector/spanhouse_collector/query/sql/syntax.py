"""A statement as the engine itself reads it: its normal form, and the syntax tree that `EXPLAIN AST` prints.

Owns asking the engine and reading the print-out. The statement travels as hexadecimal digits and comes back as text, so
that asking cannot run it; the tree is asked for inside parentheses, where ClickHouse's grammar has no INTO OUTFILE, no
FORMAT and no second statement. Leaves what may stand in a statement to `guard`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from spanhouse_collector.errors import SqlRefused
from spanhouse_collector.query.sql.errors import SYNTAX_ERROR

# What a SELECT may consist of. A kind that is not here is refused, so a new one cannot slip through.
NODE_KINDS: Final = frozenset(
    {
        "ArrayJoin",
        "Asterisk",
        "ColumnsApplyTransformer",
        "ColumnsExceptTransformer",
        "ColumnsListMatcher",
        "ColumnsRegexpMatcher",
        "ColumnsReplaceTransformer",
        "ColumnsReplaceTransformer::Replacement",
        "ColumnsTransformerList",
        "ExpressionList",
        "Function",
        "Identifier",
        "InterpolateElement",
        "Literal",
        "OrderByElement",
        "QualifiedAsterisk",
        "QualifiedColumnsListMatcher",
        "QualifiedColumnsRegexpMatcher",
        "SampleRatio",
        "SelectIntersectExceptQuery",
        "SelectQuery",
        "SelectWithUnionQuery",
        "Subquery",
        "TableExpression",
        "TableIdentifier",
        "TableJoin",
        "TablesInSelectQuery",
        "TablesInSelectQueryElement",
        "WindowDefinition",
        "WindowListElement",
        "WithElement",
    }
)
_LINE: Final = re.compile(r"( *)(\S+)(?: (.*))?")
_ALIAS: Final = re.compile(r"\(alias ([^)]*)\)")
_IN_FUNCTIONS: Final = frozenset(
    {"in", "notin", "nullin", "notnullin", "globalin", "globalnotin", "globalnullin", "globalnotnullin"}
)


class Ask(Protocol):
    """Run a SELECT or EXPLAIN on a read-only connection and give its one column, lines joined."""

    def __call__(self, statement: str, parameters: Mapping[str, str]) -> str:
        """See the class."""


@dataclass(frozen=True)
class TableName:
    """A table in a FROM clause."""

    name: str
    alias: str = ""


@dataclass(frozen=True)
class Syntax:
    """What stands in a statement."""

    tables: tuple[TableName, ...] = ()
    table_functions: tuple[str, ...] = ()
    functions: frozenset[str] = frozenset()
    asked_in: frozenset[str] = frozenset()  # names at the right of IN: a table, a WITH name or an alias
    kinds: frozenset[str] = frozenset()
    applied: int = 0  # APPLY transformers, whose functions the print-out leaves out


def normal_form(ask: Ask, statement: str) -> str:
    """The statement on one line as the engine prints it: without comments, one spelling for each construct.

    Raises:
        SqlFailed: the engine cannot parse it, or it is more than one statement.

    """
    return ask(f"SELECT formatQuerySingleLine(unhex('{statement.encode().hex()}'))", {})


def syntax_of(ask: Ask, select: str, parameters: Mapping[str, str]) -> Syntax:
    """What the engine's parser finds in a SELECT.

    Raises:
        SqlFailed: it is not a SELECT, or a parameter is missing or wrong.

    """
    return read_tree(ask(f"EXPLAIN AST SELECT * FROM ({select})", parameters))


@dataclass(frozen=True)
class _Node:
    depth: int
    kind: str
    rest: str

    @property
    def name(self) -> str:
        return self.rest.split(" (", 1)[0]


def read_tree(text: str) -> Syntax:
    """The facts in a print-out of `EXPLAIN AST`."""
    nodes = [_node(line) for line in text.splitlines() if line.strip()]
    tables: list[TableName] = []
    table_functions: list[str] = []
    functions: set[str] = set()
    asked_in: set[str] = set()
    for index, node in enumerate(nodes):
        if node.kind == "TableIdentifier":
            alias = _ALIAS.search(node.rest)
            tables.append(TableName(node.name, alias[1] if alias else ""))
        elif node.kind == "Function":
            if index and nodes[index - 1].kind == "TableExpression" and nodes[index - 1].depth == node.depth - 1:
                table_functions.append(node.name)
                continue
            functions.add(node.name)
            if node.name.lower() in _IN_FUNCTIONS:
                asked_in.update(_right_side(nodes, index))
    return Syntax(
        tuple(tables),
        tuple(table_functions),
        frozenset(functions),
        frozenset(asked_in),
        frozenset(node.kind for node in nodes),
        sum(node.kind == "ColumnsApplyTransformer" for node in nodes),
    )


def _node(line: str) -> _Node:
    match = _LINE.fullmatch(line)
    if match is None:
        raise SqlRefused("the statement cannot be analysed", hint="use names without line breaks", code=SYNTAX_ERROR)
    return _Node(len(match[1]), match[2], match[3] or "")


def _right_side(nodes: list[_Node], index: int) -> list[str]:
    """The second argument of the function at `index`, when it is a bare name."""
    depth = nodes[index].depth + 2
    arguments = 0
    for node in nodes[index + 1 :]:
        if node.depth <= nodes[index].depth:
            break
        if node.depth == depth:
            arguments += 1
            if arguments == 2:
                return [node.name] if node.kind in ("Identifier", "TableIdentifier") else []
    return []
