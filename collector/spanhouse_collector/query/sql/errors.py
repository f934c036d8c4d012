"""The engine's complaints about a person's SQL, told apart and made fit to show.

Owns which of ClickHouse's error numbers blame the statement, which a limit, and which the database itself, and showing
the place of a syntax error.
"""

from __future__ import annotations

import difflib
import re
from typing import Final

from spanhouse_collector.errors import SpanhouseError, SqlFailed, SqlLimitExceeded
from spanhouse_collector.query.filter.limits import excerpt
from spanhouse_collector.storage.error_codes import OUTAGE_CODES, is_of_stored, translate, without_paths

# src/Common/ErrorCodes.cpp at 26.9.
LIMIT_CODES: Final = {
    158: "TOO_MANY_ROWS",
    159: "TIMEOUT_EXCEEDED",
    160: "TOO_SLOW",
    161: "TOO_MANY_COLUMNS",
    167: "TOO_DEEP_AST",
    168: "TOO_BIG_AST",
    191: "SET_SIZE_LIMIT_EXCEEDED",
    241: "MEMORY_LIMIT_EXCEEDED",
    306: "TOO_DEEP_RECURSION",
    307: "TOO_MANY_BYTES",
    396: "TOO_MANY_ROWS_OR_BYTES",
}
CANCELLED: Final = 394
_OURS: Final = frozenset({159, CANCELLED})  # outage codes of an insert, not of a query that somebody limits or stops
_ACCESS: Final = 291  # a bare name that is neither a table of ours nor a name of WITH
UNKNOWN_FUNCTION: Final = 46
UNKNOWN_TABLE: Final = 60
SYNTAX_ERROR: Final = 62
UNKNOWN_FORMAT: Final = 73
UNKNOWN_DATABASE: Final = 81
READONLY: Final = 164
_CODE: Final = re.compile(r"Code:\s*(\d+)\.\s*DB::Exception:\s*")
_VERSION: Final = re.compile(r"\s*\(version [^)]*\)")
# What the parser would have taken: a few are help, all of them a page.
_EXPECTED: Final = re.compile(r"(Expected one of: (?:[^,()]+, ){5}[^,()]+), .*?(?=\s*\([A-Z0-9_]+\)\s*$|$)", re.DOTALL)
# The statement that ran, which is not the one that was written; the error's name behind it stays.
_STATEMENT: Final = re.compile(r"[:,.]?\s*\b[Ii]n (?:scope|query) .*?(?=\s*\([A-Z0-9_]+\)\s*$|$)", re.DOTALL)
_NAME: Final = re.compile(r"\.?\s*(\([A-Z0-9_]+\))\s*$")
_MESSAGE_MAX: Final = 1000
_POSITION: Final = re.compile(r"failed at position (\d+)")
_FIRST_WORDS: Final = ("SELECT", "WITH", "SHOW", "DESCRIBE", "EXISTS")


def told(error: BaseException) -> SpanhouseError:
    """An exception of the driver or engine as what a person should read."""
    text = str(error)
    found = [int(code) for code in _CODE.findall(text)]
    code = found[0] if found else 0
    if not code or is_of_stored(text, code) or (code in OUTAGE_CODES and code not in _OURS):
        return translate(error)
    if code == _ACCESS:
        return SqlFailed("Unknown table expression identifier", hint="a table is not here", code=UNKNOWN_TABLE)
    said = _VERSION.sub("", _CODE.sub("", without_paths(text[text.index("Code:") :]))).strip()
    message = _EXPECTED.sub(r"\1, …", _NAME.sub(r" \1", _STATEMENT.sub("", said)))[-_MESSAGE_MAX:]
    if code in LIMIT_CODES:
        return SqlLimitExceeded(message, code=code, hint="ask for less: a shorter time range, fewer columns or rows")
    return SqlFailed(message, code=code)


def point_at(error: SqlFailed, statement: str) -> None:
    """Say where in the statement, as it was written, its syntax error is; ClickHouse counts bytes, from 1."""
    found = _POSITION.search(error.message)
    if error.code != SYNTAX_ERROR or found is None:
        return
    error.position = len(statement.encode()[: int(found[1]) - 1].decode(errors="ignore"))
    error.excerpt = excerpt(statement, error.position)
    word = (statement.split() or [""])[0].upper()
    close = [] if word in _FIRST_WORDS else difflib.get_close_matches(word, _FIRST_WORDS, n=1)
    error.hint = error.hint or (f"did you mean {close[0]}?" if close else "")
