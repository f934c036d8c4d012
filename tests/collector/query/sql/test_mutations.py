"""Queries of the corpus with something foreign put somewhere into them: read nothing that they may not.

The same places in every run. Most of them are refused or no SQL; what runs is bound to a project.
"""

from __future__ import annotations

import random
from itertools import pairwise

from sqlglot import TokenType

from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.query.sql.rewrite import tokens_of
from spanhouse_collector.query.sql.runner import backend_of
from spanhouse_collector.query.sql.syntax import normal_form
from tests.collector.query.sql.corpus import PARAMETERS, QUERIES
from tests.collector.query.sql.rig import OURS, SECRET, checked, rows
from tests.tables import Store

MUTATIONS = 150
FOREIGN = [
    "file('/spanhouse-probe')",
    "(SELECT name FROM {database}.spans LIMIT 9)",
    "(SELECT groupArray(name) FROM `{database}`.`spans`)",
    "{database}.spans",
    "`{database}.spans`",
    "{database}.logs",
    "spans",
    "otel_traces",
    "in(1, {database}.spans)",
    "x -> file(x)",
    "url('http://127.0.0.1:1/')",
]


def mutated(choose: random.Random, statement: str, foreign: str) -> str:
    """The statement with a word of it replaced by something foreign, or beside it."""
    token = choose.choice(tokens_of(statement))
    before, word, after = statement[: token.start], statement[token.start : token.end + 1], statement[token.end + 1 :]
    put = choose.choice([foreign, foreign, f"{foreign} {word}", f"{word}, {foreign}"])
    return f"{before} {put} {after}"


def calls_outside(sql: str) -> bool:
    """Whether a function that reads files or calls servers is called in what would run."""
    words = [token.text.lower() for token in tokens_of(sql) if token.token_type is not TokenType.STRING]
    return any(word in ("file", "url") and after == "(" for word, after in pairwise(words))


def test_nothing_foreign_reads_files_or_the_rows_of_others(filled: Store) -> None:
    choose = random.Random(20)
    database = filled.engine.database
    backend = backend_of(filled.engine)
    with backend.asking() as ask:
        corpus = [normal_form(ask, text.replace("spanhouse_database", database)) for text in choose.sample(QUERIES, 40)]
    backend.close()
    passed = 0
    for _ in range(MUTATIONS):
        statement = mutated(choose, choose.choice(corpus), choose.choice(FOREIGN).format(database=database))
        try:
            assert not calls_outside(checked(filled.engine, statement, PARAMETERS, project=OURS).sql), statement
            passed += 1
            found = str(rows(filled.engine, statement, PARAMETERS, project=OURS))
        except SpanhouseError as error:
            found = str(error)
        assert SECRET not in found, statement
    assert passed >= MUTATIONS // 15  # the others are refused or no SQL
