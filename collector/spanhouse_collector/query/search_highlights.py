"""Where the words of a search stand: a snippet of each text found, and offsets in it.

Owns finding them again in the texts of one page. Offsets count characters (Unicode code points) of the snippet;
`snippet_start` is the snippet's own place in the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

from spanhouse_collector.query.filter import CompiledFilter
from spanhouse_collector.query.search_scope import Scope
from spanhouse_collector.storage.engine import Connection

BEFORE_CHARACTERS: Final = 80
SNIPPET_CHARACTERS: Final = 320
SNIPPETS_MAX: Final = 3  # of one trace or span
_SECONDS_MAX: Final = 3
_WORD: Final = r"0-9A-Za-z\x{80}-\x{10ffff}"  # RE2's spelling; Python's follows
_WORD_HERE: Final = "0-9A-Za-z\x80-\U0010ffff"
_META: Final = re.compile(r"([\\.^$|?*+()\[\]{}\-/])")


def highlights(
    connection: Connection,
    compiled: CompiledFilter,
    ids: Sequence[str],
    scope: Scope,
    *,
    by: Literal["trace_id", "span_id"],
    trace_ids: Sequence[str] = (),
    with_logs: bool = True,
) -> dict[str, list[dict[str, Any]]]:
    """Id → its snippets; of the traces `ids`, or of the spans `ids` in `trace_ids`.

    `with_logs` is for those who know that no log record has what is looked for.
    """
    words, texts = _wanted(compiled)
    if not ids or not (words or texts):
        return {}
    place = _re2(words, texts)
    condition = f"{scope.in_project} AND trace_id IN {{traces:Array(String)}}"
    if by == "span_id":
        condition += " AND span_id IN {ids:Array(String)}"
    # `place` matches up to and with the first word found; what stands before it ends before the word does.
    statement = " UNION ALL ".join(
        "SELECT trace_id, span_id, part.1 AS field, lengthUTF8(extract(part.2, {place:String})) AS position, "
        f"greatest(0, toInt64(position) - {BEFORE_CHARACTERS}) AS snippet_start, "
        f"substringUTF8(part.2, snippet_start + 1, {SNIPPET_CHARACTERS}) AS snippet "
        "FROM (SELECT trace_id, span_id, arrayJoin([('input', input), ('output', output)]) AS part "
        f"FROM {table} WHERE {condition}) WHERE match(part.2, {{found:String}}) "
        f"ORDER BY trace_id, span_id, field LIMIT {SNIPPETS_MAX} BY {by}"
        for table in (("spans", "logs") if with_logs else ("spans",))
    )
    bound = {
        "ids": list(ids),
        "traces": list(ids if by == "trace_id" else trace_ids),
        "place": place,
        "found": f"(?is){_re2_any(words, texts)}",
        **scope.parameters,
    }
    rows = connection.query(
        f"SELECT * FROM ({statement}) SETTINGS max_execution_time = {_SECONDS_MAX}, timeout_overflow_mode = 'break'",
        bound,
    ).dicts()
    here = _python(words, texts)
    shown: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["trace_id"], row["span_id"], row["field"])):
        snippets = shown.setdefault(row[by], [])
        if len(snippets) < SNIPPETS_MAX:
            snippets.append(_snippet(row, here))
    return shown


def _snippet(row: dict[str, Any], here: re.Pattern[str]) -> dict[str, Any]:
    return {
        "span_id": row["span_id"],
        "field": row["field"],
        "snippet": row["snippet"],
        "snippet_start": row["snippet_start"],
        "offsets": [[match.start(), match.end()] for match in here.finditer(row["snippet"])],
    }


def _wanted(compiled: CompiledFilter) -> tuple[list[tuple[str, ...]], list[str]]:
    """Words, and texts that may stand inside words: the longest piece of each pattern."""
    pieces = [max(_pieces(pattern), key=len) for pattern in compiled.patterns if _pieces(pattern)]
    return [term.tokens for term in compiled.terms], pieces


def _pieces(pattern: str) -> list[str]:
    """What LIKE takes literally."""
    return [
        re.sub(r"\\(.)", r"\1", piece, flags=re.DOTALL) for piece in re.split(r"(?<!\\)[%_]", pattern) if piece != ""
    ]


def _alternatives(words: Sequence[tuple[str, ...]], texts: Sequence[str], between: str, around: str) -> list[str]:
    phrases = [around.format(f"[^{between}]+".join(_META.sub(r"\\\1", each) for each in word)) for word in words]
    return [*phrases, *(_META.sub(r"\\\1", text) for text in texts)]


def _re2_any(words: Sequence[tuple[str, ...]], texts: Sequence[str]) -> str:
    around = f"(?:^|[^{_WORD}]){{0}}(?:[^{_WORD}]|$)".replace("{80}", "{{80}}").replace("{10ffff}", "{{10ffff}}")
    return "(?:" + "|".join(_alternatives(words, texts, _WORD, around)) + ")"


def _re2(words: Sequence[tuple[str, ...]], texts: Sequence[str]) -> str:
    return f"(?is)^(.*?){_re2_any(words, texts)}"


def _python(words: Sequence[tuple[str, ...]], texts: Sequence[str]) -> re.Pattern[str]:
    around = f"(?<![{_WORD_HERE}]){{0}}(?![{_WORD_HERE}])"
    return re.compile("|".join(_alternatives(words, texts, _WORD_HERE, around)), re.IGNORECASE | re.DOTALL)
