"""Every query of the corpus runs as its author meant it, bound to a project and not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

import pytest

from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.query.sql.limits import Limits
from spanhouse_collector.query.sql.runner import Query, SqlRunner
from tests.collector.query.sql.corpus import PARAMETERS, QUERIES
from tests.collector.query.sql.rig import OURS
from tests.tables import Store

# A subquery has no PREWHERE: bound to a project the condition belongs into WHERE.
NEEDS_THE_TABLE_ITSELF = re.compile(r"\bPREWHERE\b")


async def failures(runner: SqlRunner, project: str) -> Mapping[str, str]:
    found = {}
    for text in QUERIES:
        statement = text.replace("spanhouse_database", runner.database)
        if project and NEEDS_THE_TABLE_ITSELF.search(statement):
            continue
        try:
            answer = await runner.run(Query(statement, PARAMETERS, project=project))
            async for _ in answer.chunks():
                pass
            answer.finish()
        except SpanhouseError as error:
            found[statement] = str(error)
    await runner.close()
    return found


@pytest.mark.parametrize("project", ["", OURS])
def test_every_query_of_the_corpus_runs(filled: Store, project: str) -> None:
    assert asyncio.run(failures(SqlRunner(filled.engine, Limits(nice=0)), project)) == {}
