"""Changes to prices: a user's own, and costs of stored spans made anew.

Owns writing overrides to `model_prices` and re-pricing `spans`. Leaves making the look-up tables to
`storage.prices_tables` and what is a valid price to `query.prices`.

Re-pricing is a mutation: after it, reads are as fast as before. A lightweight UPDATE is faster to write, but until its
patches are merged, ClickHouse before 26.9 finds no rows in searches for text that also read a patched column.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from spanhouse_collector.model.prices import SECONDS_PER_DAY, TOKEN_PRICES
from spanhouse_collector.storage.engine import Connection, Engine, quoted
from spanhouse_collector.storage.prices_sql import CostOperands, cost_expression
from spanhouse_collector.storage.prices_tables import OVERRIDE, insert_rows, refresh_rules

_NOT_AGAIN: Final = {"mutations_sync": 1}
_LATER: Final = {"mutations_sync": 0}


@dataclass(frozen=True)
class PriceKey:
    """What an override is for; project '' is everybody. Provider and model are lower-case."""

    project: str
    provider: str
    model: str


@dataclass(frozen=True)
class Repricing:
    """Which spans to price again; None and '' do not narrow."""

    project: str = ""
    provider: str = ""
    model: str = ""
    since: datetime | None = None
    until: datetime | None = None


class PriceChanges:
    """Serialises changes of one collector: each makes the look-up tables anew."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()

    def set_price(
        self, key: PriceKey, usd: Mapping[str, float], request_usd: float, valid_from: datetime | None
    ) -> None:
        """Add an override, in the place of one for the same key and time. `usd` is by column of `model_prices`."""
        since = 0 if valid_from is None else int(valid_from.timestamp())
        row: dict[str, Any] = {
            **vars(key),
            # Of several the latest that has begun counts.
            "rank": 2**32 - 1 - since,
            "valid_from": since,
            "day_until_s": SECONDS_PER_DAY,
            **{column: usd.get(column) for column in TOKEN_PRICES},
            "request_usd": request_usd,
            "source": OVERRIDE,
        }
        with self._lock, _connected(self._engine) as connection:
            connection.room.require()
            connection.execute(
                f"ALTER TABLE model_prices DELETE WHERE {_is_override(key)} AND toUnixTimestamp(valid_from) = {since}",
                _NOT_AGAIN,
            )
            insert_rows(connection, "model_prices", [row])
            refresh_rules(connection)

    def unset_price(self, key: PriceKey) -> int:
        """Take back all overrides of a key; returns how many there were."""
        with self._lock, _connected(self._engine) as connection:
            connection.room.require()
            found = int(connection.query(f"SELECT count() FROM model_prices WHERE {_is_override(key)}").rows[0][0])
            if found:
                connection.execute(f"ALTER TABLE model_prices DELETE WHERE {_is_override(key)}", _NOT_AGAIN)
                refresh_rules(connection)
            return found

    def reprice(self, wanted: Repricing) -> int:
        """Begin to price stored spans again; returns how many will change. Reported costs stay as they are."""
        cost = cost_expression(CostOperands(), database=self._engine.database)
        source = f"if(isNull({cost}), 'none', 'computed')"
        where = f"{_selected(wanted)} AND isDistinctFrom({cost}, cost_usd)"
        with self._lock, _connected(self._engine) as connection:
            connection.room.require()
            changing = int(connection.query(f"SELECT count() FROM spans WHERE {where}").rows[0][0])
            if changing:
                connection.execute(
                    f"ALTER TABLE spans UPDATE cost_usd = {cost}, cost_source = {source} WHERE {where}", _LATER
                )
            return changing

    def repricing_state(self) -> dict[str, Any]:
        """How far re-pricing is: parts of the table that are left, and why it cannot go on."""
        with _connected(self._engine) as connection:
            rows = connection.query(
                "SELECT count(), sum(parts_to_do), anyIf(latest_fail_reason, latest_fail_reason != '') "
                "FROM system.mutations WHERE database = currentDatabase() AND table = 'spans' AND NOT is_done "
                "AND command LIKE '%UPDATE cost_usd = %'"
            ).rows
        mutations, parts, failure = rows[0]
        return {"running": mutations > 0, "parts_left": int(parts), "failure": str(failure)}


@contextmanager
def _connected(engine: Engine) -> Iterator[Connection]:
    connection = engine.connect()
    try:
        yield connection
    finally:
        connection.close()


def _is_override(key: PriceKey) -> str:
    fields = " AND ".join(f"{name} = {quoted(value)}" for name, value in vars(key).items())
    return f"source = {quoted(OVERRIDE)} AND {fields}"


def _selected(wanted: Repricing) -> str:
    conditions = ["cost_source != 'reported'", "model != ''"]
    for column in ("project", "provider", "model"):
        if value := getattr(wanted, column):
            conditions.append(f"{'lower(model)' if column == 'model' else column} = {quoted(value)}")
    if wanted.since is not None:
        conditions.append(f"start_time >= {_time(wanted.since)}")
    if wanted.until is not None:
        conditions.append(f"start_time < {_time(wanted.until)}")
    return " AND ".join(conditions)


def _time(moment: datetime) -> str:
    return f"fromUnixTimestamp64Micro(toInt64({int(moment.timestamp() * 1_000_000)}), 'UTC')"
