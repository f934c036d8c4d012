"""The price tables in the database: loaded from the package, made into what the ingest view looks up.

Owns `model_prices` and the tables derived from it. Leaves what the package says to `model.prices`, and reading them in
SQL to `storage.prices_sql`.

Two collectors may do this at once on one server: each step leaves tables that the other can go on from, and the last
one to finish has made them from the same rows.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from spanhouse_collector.errors import StorageError
from spanhouse_collector.model.prices import FORMAT, PROVIDER_NAMES, TOKEN_PRICES, Catalogue, Price, catalogue, source
from spanhouse_collector.model.prices_match import PatternRow
from spanhouse_collector.storage.engine import Connection, quoted
from spanhouse_collector.storage.prices_sql import PRICED_AS, RULE_FIELDS

logger = logging.getLogger(__name__)

OVERRIDE: Final = "override"
_SYNC: Final = {"mutations_sync": 1, "async_insert": 0}
NO_PROVIDER: Final = "?"
_ARE_RULES_LOST: Final = (
    "SELECT (SELECT count() FROM price_rules) = 0 AND (SELECT count() FROM model_price_catalogue) > 0"
)
_NEVER_MATCHES: Final = r"^\x00$"
_FOR_EVER_S: Final = 2**53


def load_catalogue(connection: Connection) -> None:
    """Bring the price tables to the installed version of the package, and make what the ingest view looks up.

    Called after `migrate` at each start; cheap when the version is already there. Overrides are kept.
    """
    held = connection.query("SELECT source, format FROM model_price_catalogue ORDER BY loaded_at DESC LIMIT 1").rows
    if [tuple(row) for row in held] != [(source(), FORMAT)]:
        _replace(connection, catalogue())
    refresh_rules(connection)


def refresh_rules(connection: Connection) -> None:
    """Make the look-up tables anew from `model_prices`. Each is exchanged at once: no insert sees half of one."""
    for table, contents in _LOOKUPS.items():
        _exchange(connection, table, *contents)


def ensure_rules(connection: Connection) -> bool:
    """Make the look-up tables anew if they are empty, as a restart of the server leaves them; tells if they were.

    Cheap enough to be asked before each insert.
    """
    if not connection.query(_ARE_RULES_LOST).rows[0][0]:
        return False
    refresh_rules(connection)
    return True


def _replace(connection: Connection, new: Catalogue) -> None:
    """Put the package's rows in the place of those of another version."""
    for clause in new.skipped:
        logger.warning("a price cannot be looked up by this clause of %s: %s", source(), clause)
    connection.execute("TRUNCATE TABLE model_price_catalogue SYNC")
    connection.execute(f"ALTER TABLE model_prices DELETE WHERE source != {quoted(OVERRIDE)}", _SYNC)
    for table in ("model_price_aliases", "model_price_patterns", "model_price_providers"):
        connection.execute(f"TRUNCATE TABLE {table} SYNC")
    insert_rows(connection, "model_prices", (price_row(price, "", source()) for price in new.prices))
    insert_rows(connection, "model_price_aliases", (vars(alias) for alias in new.aliases))
    insert_rows(connection, "model_price_patterns", _checked_patterns(connection, new.patterns))
    names = {**PROVIDER_NAMES, **{price.provider: price.provider for price in new.prices}, "": ""}
    insert_rows(
        connection, "model_price_providers", ({"name": name, "provider": names[name]} for name in sorted(names))
    )
    # Last: a load that was killed before is done again.
    insert_rows(connection, "model_price_catalogue", [{"source": source(), "format": FORMAT}])


def price_row(price: Price, project: str, origin: str) -> dict[str, Any]:
    """A row of `model_prices`."""
    return {
        "project": project,
        "provider": price.provider,
        "model": price.model,
        "rank": price.rank,
        "valid_from": int(price.valid_from.timestamp()),
        "valid_to": None if price.valid_to is None else int(price.valid_to.timestamp()),
        "day_from_s": price.day_from_s,
        "day_until_s": price.day_until_s,
        "above_input_tokens": price.above_input_tokens,
        **{column: price.usd.get(column) for column in TOKEN_PRICES},
        "request_usd": price.request_usd,
        "source": origin,
    }


def insert_rows(connection: Connection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Insert a few thousand rows as one block, which is all or nothing."""
    lines = b"\n".join(map(orjson.dumps, rows)).decode()
    if lines:
        connection.execute(f"INSERT INTO {table} FORMAT JSONEachRow\n{lines}", {"async_insert": 0})


def _checked_patterns(connection: Connection, patterns: Sequence[PatternRow]) -> list[dict[str, Any]]:
    """The patterns as rows; one that this engine cannot search would fail every insert, so it will match nothing."""
    rows = [vars(pattern) for pattern in patterns]
    if _can_search(connection, [pattern.pattern for pattern in patterns]):
        return rows
    for row in rows:
        if not _can_search(connection, [row["pattern"]]):
            logger.warning(
                "this engine cannot search for the pattern %s: what it stands for has no price", row["pattern"]
            )
            row["pattern"] = _NEVER_MATCHES
    return rows


def _can_search(connection: Connection, patterns: list[str]) -> bool:
    listing = ", ".join(map(quoted, patterns))
    try:
        connection.query(f"SELECT multiMatchAllIndices(materialize('x'), [{listing}])")
    except StorageError as error:
        if error.retryable and error.code == 0:
            raise
        return False
    return True


def _exchange(connection: Connection, table: str, columns: str, keys: str, select: str) -> None:
    """Replace the contents of a look-up table in one step."""
    following = f"{table}_next"
    for name in (table, following):
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {name} ({columns}) ENGINE = Join(ANY, LEFT, {keys}) SETTINGS persistent = 0"
        )
    connection.execute(f"TRUNCATE TABLE {following} SYNC")
    connection.execute(f"INSERT INTO {following} {select}")
    connection.execute(f"EXCHANGE TABLES {table} AND {following}")
    connection.execute(f"DROP TABLE {following} SYNC")


def _usd(name: str, *whole: str) -> str:
    """Dollars for a token; without a price of its own it is charged like the one it is a kind of, as in the package."""
    columns = [f"{each}_usd_per_million_tokens" for each in (name, *whole)]
    return f"coalesce({', '.join(columns)}, 0) / 1000000"


_INPUT, _OUTPUT, _CACHE_WRITE = _usd("input"), _usd("output"), _usd("cache_write", "input")
_RULE_VALUES: Final = {
    "from_s": "toUnixTimestamp(valid_from)",
    "to_s": f"ifNull(toUnixTimestamp(valid_to), {_FOR_EVER_S})",
    "day_from_s": "day_from_s",
    "day_length_s": "if(day_until_s >= day_from_s, day_until_s - day_from_s, day_until_s + 86400 - day_from_s)",
    "above_input_tokens": "ifNull(toFloat64(above_input_tokens), -1)",
    "input": _INPUT,
    "output": _OUTPUT,
    "request": "request_usd",
    # Included in the counts above: the difference is what they change.
    "cache_read": f"{_usd('cache_read', 'input')} - {_INPUT}",
    "cache_write": f"{_CACHE_WRITE} - {_INPUT}",
    "reasoning_output": f"{_usd('reasoning_output', 'output')} - {_OUTPUT}",
    "cache_write_1h": f"{_usd('cache_write_1h', 'cache_write', 'input')} - {_CACHE_WRITE}",
    "input_audio": f"{_usd('input_audio', 'input')} - {_INPUT}",
    "output_audio": f"{_usd('output_audio', 'output')} - {_OUTPUT}",
}
assert tuple(_RULE_VALUES) == RULE_FIELDS
_RULE: Final = ", ".join(f"toFloat64({value})" for value in _RULE_VALUES.values())
# The rules of each row of `model_prices`; what a user set comes before what the package says of the same name.
_BY_PRICE: Final = (
    "SELECT project, provider, model, arrayFlatten(arrayMap(x -> x.2, arraySort(x -> x.1, groupArray("
    f"((source != {quoted(OVERRIDE)}, rank), [{_RULE}]))))) AS rules "
    "FROM model_prices GROUP BY project, provider, model"
)
# Under which names a price goes: a user's by exactly the name he gave (place 0) and then everybody's by the aliases of
# the model (place 1), each under every name of the provider. What patterns lead to is found as PRICED_AS + provider.
RULES: Final = f"""
WITH prices AS ({_BY_PRICE}),
named AS (
    SELECT DISTINCT project, provider, model, provider AS of_provider, model AS of_model, 0 AS place
    FROM model_prices WHERE source = {quoted(OVERRIDE)}
    UNION ALL
    SELECT p.project, a.provider, a.alias, a.priced_as_provider, a.priced_as_model, 1
    FROM model_price_aliases AS a
    INNER JOIN prices AS p ON p.provider = a.priced_as_provider AND p.model = a.priced_as_model
),
spelled AS (
    SELECT n.project AS project, s.name AS provider, n.model AS model, of_provider, of_model, place
    FROM named AS n INNER JOIN model_price_providers AS s ON s.provider = n.provider
    UNION ALL
    SELECT project, provider, model, of_provider, of_model, place FROM named
    WHERE provider NOT IN (SELECT provider FROM model_price_providers)
    UNION ALL
    SELECT project, concat({quoted(PRICED_AS)}, provider), model, provider, model, 0 FROM prices
)
SELECT k.own_project AS project, k.provider, k.model,
    arrayFlatten(arrayMap(x -> x.2, arraySort(x -> x.1, groupArray(((k.project = '', k.place), p.rules))))) AS rules
FROM (
    -- A project with prices of its own has everybody's behind them: then one look-up is enough for any span.
    SELECT arrayJoin(if(project = '', arrayConcat([''], (SELECT groupUniqArray(project) FROM model_prices
        WHERE project != '')), [project])) AS own_project, * FROM spelled
) AS k
INNER JOIN prices AS p ON p.project = k.project AND p.provider = k.of_provider AND p.model = k.of_model
GROUP BY k.own_project, k.provider, k.model
"""
# Look-up table → its columns, its key, and what it is made from.
_LOOKUPS: Final = {
    "price_projects": (
        "project String, own_project String",
        "project",
        "SELECT DISTINCT project, project FROM model_prices WHERE project != ''",
    ),
    "price_patterns": (
        "position UInt64, asked String, provider String, model String, forbidden Array(UInt64)",
        "position",
        # Position 0 is that of no pattern: a provider that nobody has, because '' is that of spans that name none.
        "SELECT position, asked, provider, model, forbidden FROM model_price_patterns "
        f"UNION ALL SELECT 0, '', {quoted(NO_PROVIDER)}, '', []",
    ),
    "price_rules": (
        "project String, provider String, model String, rules Array(Float64)",
        "project, provider, model",
        RULES,
    ),
}
