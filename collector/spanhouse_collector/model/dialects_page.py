"""docs/dialects.md, made from the vocabulary: `python -m spanhouse_collector.model.dialects_page > docs/dialects.md`.

Owns the page's form. Leaves what is understood to the dialects, whose keys it lists.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Final

from spanhouse_collector.model.dialects import DIALECTS
from spanhouse_collector.model.source import Source
from spanhouse_collector.model.span_sql.columns import MAPPING_VERSION
from spanhouse_collector.model.targets import NAMES, NUMBERS, PARAMETER_OBJECTS, PARAMETERS, SHOWN, TEXTS, Target
from spanhouse_collector.model.vocabulary import shown, written

# Title, meaning, targets, their sources.
_PARTS: Final[tuple[tuple[str, str, tuple[Target, ...], Callable[[Target], tuple[Source, ...]]], ...]] = (
    (
        "Names and facts",
        "Columns of `spans`, written when the span is; placeholders such as `unknown` are absent.",
        NAMES,
        written,
    ),
    ("Tokens, money and times", "Columns of `spans`; numbers in strings and doubles are numbers.", NUMBERS, written),
    ("Searchable text", "What `input` and `output` of `spans` are made of.", TEXTS, written),
    ("Content", "Read when a trace is shown, from the attributes as they were sent.", SHOWN, shown),
    ("Parameters of requests", "Read when a trace is shown.", (*PARAMETERS, PARAMETER_OBJECTS), shown),
)
_HEAD: Final = """\
# What is understood

Generated from the dialects (`model/dialects`, one file each) by `python -m spanhouse_collector.model.dialects_page`; a
test keeps it current. Mapping version {version}: spans that an older one mapped are mapped again by `spanhouse remap`.

Keys of a target stand in order of precedence: the first that has a value counts. `a#b.c` is a member of the JSON in
attribute `a`, `event:e#a` an attribute of the event `e`, `resource:a` one of the resource, `log:e#a` a member of a log
record's body, `#` or `N` between dots an index, `a.*` every key that begins so. A span's scope tells a dialect by the
beginning of its name.
"""
_RULES: Final = """\
## Tokens that mean the same
`input_tokens` includes what was read from and written to a cache, `output_tokens` includes reasoning, whatever the
instrumentation counts. Rules, in this order:

1. Of a target's keys the first with a positive number counts; a zero counts when there is nothing else.
2. Langfuse's `usage_details` are buckets that exclude one another: those of the input are added up, so are those of
   the output.
3. The input excludes the cache, and the cache is added, when the dialect says so (Claude Code, OpenLIT with Anthropic
   or Bedrock), when the total is input + output + cache, or when the cache is larger than the input.
4. The output excludes reasoning, and reasoning is added, when the total is input + output + reasoning.
5. `total_tokens` is the total as sent, and never less than input + output.

How tokens of nested spans are counted once: [decision 011](decisions/011-usage-counted-once.md).
"""


def page() -> str:
    """The whole page."""
    lines = [
        *_HEAD.format(version=MAPPING_VERSION).splitlines(),
        "",
        "## Dialects",
        "| dialect | keys | scopes that tell it | names as in |",
        "|---|---|---|---|",
        *_dialect_rows(),
        "",
        *_RULES.splitlines(),
    ]
    for title, meaning, targets, sources in _PARTS:
        lines += ["", f"## {title}", meaning, "", "| target | keys by dialect, best first |", "|---|---|"]
        lines += [f"| `{target.name}` | {_listed(sources(target))} |" for target in targets if sources(target)]
    return "\n".join(lines) + "\n"


def _dialect_rows() -> Iterable[str]:
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for _, _, targets, sources in _PARTS:
        for target in targets:
            for source in sources(target):
                keys[source.dialect].add(source.key)
    for name, dialect in sorted(DIALECTS.items()):
        scopes = sorted(f"`{_cell(scope)}`" for scope in (*dialect.scopes, *dialect.whole_scopes))
        yield f"| {name} | {len(keys[name])} | {', '.join(scopes)} | {dialect.source} |"


def _listed(sources: Iterable[Source]) -> str:
    """Neighbours of one dialect under its name once."""
    parts = []
    for dialect, group in groupby(sources, key=lambda source: source.dialect):
        keys = dict.fromkeys(f"`{_cell(each.key)}`" for each in group)
        parts.append(f"{dialect}: {' '.join(keys)}")
    return "; ".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
