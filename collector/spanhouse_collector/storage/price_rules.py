"""The price rules of a model, as the mapper asks for them.

Owns reading `model_prices` and what belongs to it into memory, noticing that they changed, and finding a model's rules
by its name or by the package's patterns. Leaves what a rule is to `storage.prices_sql`, whose SQL prices stored spans
anew and must find the same.

Nothing of it stands on the server but the tables that people read, so a server that restarted loses nothing, and two
collectors on one database price alike from the first segment after a change on.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from spanhouse_collector.model.prices_match import ANY_PROVIDER
from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.prices_sql import PRICED_AS
from spanhouse_collector.storage.prices_tables import NO_PROVIDER, RULES

# Changes with each override that is set or taken back, and with another version of the package.
_VERSION: Final = (
    "SELECT count(), max(updated_at), (SELECT max(loaded_at) FROM model_price_catalogue) FROM model_prices"
)
_PATTERNS: Final = (
    "SELECT position, asked, pattern, provider, model, forbidden FROM model_price_patterns ORDER BY position"
)
_COMPACT_DATE: Final = re.compile(r"-(20[0-9]{2})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])(-|:|$)")
_NONE: Final[Sequence[float]] = ()


@dataclass(frozen=True)
class _Pattern:
    position: int
    asked: str
    pattern: re.Pattern[str]
    provider: str
    model: str
    forbidden: frozenset[int]


class PriceRules:
    """Rules by project, provider and model; for one thread."""

    def __init__(self) -> None:
        self._version: tuple[object, ...] = ()
        self._rules: dict[tuple[str, str, str], array[float]] = {}
        self._projects: frozenset[str] = frozenset()
        self._patterns: list[_Pattern] = []

    def refresh(self, connection: Connection) -> bool:
        """Read them anew if they changed; tells whether they did.

        Raises:
            StorageError: as the database has it.

        """
        version = tuple(connection.query(_VERSION).rows[0])
        if version == self._version:
            return False
        rows = connection.query(RULES).rows
        self._rules = {(project, provider, model): array("d", rules) for project, provider, model, rules in rows}
        self._projects = frozenset(project for project, _, _ in self._rules)
        self._patterns = [
            _Pattern(int(position), asked, re.compile(pattern), provider, model, frozenset(forbidden))
            for position, asked, pattern, provider, model, forbidden in connection.query(_PATTERNS).rows
        ]
        self._version = version
        return True

    def rules_for(self, project: str, provider: str, model: str) -> Sequence[float]:
        """Numbers of `prices_sql.RULE_FIELDS`, one rule after the other; provider and model are lower-case."""
        own = project if project in self._projects else ""
        listed = self._rules.get((own, provider, model))
        return listed or self._by_pattern(own, provider, model)

    def _by_pattern(self, own: str, provider: str, model: str) -> Sequence[float]:
        """The rules of a name that is not listed, found as the package finds it; also of a date without its dashes."""
        found: list[float] = []
        for name in dict.fromkeys((model, _COMPACT_DATE.sub(r"-\1-\2-\3\4", model, count=1))):
            text = f"{provider}\x1f{name}"
            matching = [each for each in self._patterns if each.pattern.search(text)]
            known = _first(matching, ANY_PROVIDER)
            provider_known = known.provider if known else NO_PROVIDER
            priced_as = _first(matching, provider_known)
            found += self._rules.get((own, provider_known, name), _NONE)
            if priced_as:
                found += self._rules.get((own, PRICED_AS + priced_as.provider, priced_as.model), _NONE)
        return found


def _first(matching: Sequence[_Pattern], asked: str) -> _Pattern | None:
    """The first that is asked for, unless another that matches forbids it."""
    positions = {each.position for each in matching}
    return next((each for each in matching if each.asked == asked and not positions & each.forbidden), None)
