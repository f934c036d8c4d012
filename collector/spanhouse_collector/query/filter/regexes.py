"""Regular expressions are RE2, and only the engine knows its rules: asked before the search, so that the refusal points
at the expression and not at a statement nobody wrote.

Owns that question. A filter without MATCHES asks nothing.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.errors import StorageError
from spanhouse_collector.query.filter.compile import CompiledFilter
from spanhouse_collector.query.filter.limits import invalid
from spanhouse_collector.storage.engine import Connection

CANNOT_COMPILE_REGEXP: Final = 427


def check_regexes(compiled: CompiledFilter, connection: Connection) -> None:
    """Have the engine compile each regular expression of a filter.

    Raises:
        FilterInvalid: one does not compile; points at it.

    """
    for regex in compiled.regexes:
        try:
            connection.query("SELECT match('', {pattern:String})", {"pattern": regex.pattern})
        except StorageError as error:
            if error.code != CANNOT_COMPILE_REGEXP:
                raise
            raise invalid(
                compiled.text,
                regex.at,
                "the regular expression does not compile",
                hint="RE2 syntax: no look-around, no back references",
            ) from error
