"""Prices of models: what they are, what a user changes, and which models have none.

Owns what a valid price is and the answers about prices. Leaves writing to `storage.prices_changes`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest, NotFound
from spanhouse_collector.model.prices import TOKEN_PRICES
from spanhouse_collector.otlp import project as projects
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.storage.engine import Engine
from spanhouse_collector.storage.prices_changes import PriceChanges, PriceKey, Repricing
from spanhouse_collector.storage.prices_sql import MODEL_LENGTH_MAX

ROWS_MAX: Final = 10_000
USD_MAX: Final = 1_000_000.0  # for a million tokens: a dollar for each is a slip of the pen
# Each of them holds a list of all prices, 1.6 MB, so that a span needs one look-up.
PROJECTS_MAX: Final = 100
_TIMES: Final = datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(2**32 - 1, UTC)


@dataclass(frozen=True)
class PriceFilter:
    """Which prices to list; '' does not narrow, and no project but None does not either: '' is everybody's."""

    project: str | None = None
    provider: str = ""
    model: str = ""
    source: str = ""
    limit: int = 1000


class PriceBook:
    """The prices of a running collector."""

    def __init__(self, engine: Engine, connections: Connections) -> None:
        self._connections = connections
        self._changes = PriceChanges(engine)

    def list_prices(self, wanted: PriceFilter) -> list[dict[str, Any]]:
        """Rows of `model_prices`, a user's first; times as text."""
        columns = (
            "project, provider, model, valid_from, valid_to, day_from_s, day_until_s, above_input_tokens, "
            f"{', '.join(TOKEN_PRICES)}, request_usd, source"
        )
        with self._connections.borrow() as connection:
            rows = connection.query(
                f"SELECT {columns} FROM model_prices WHERE ({{every:Bool}} OR project = {{project:String}}) "
                "AND ({provider:String} = '' OR provider = {provider:String}) "
                "AND ({source:String} = '' OR startsWith(source, {source:String})) "
                "AND ({model:String} = '' OR position(model, {model:String}) > 0) "
                "ORDER BY source != 'override', project, provider, model, rank LIMIT {limit:UInt32}",
                {
                    "every": wanted.project is None,
                    "project": wanted.project or "",
                    "provider": wanted.provider.lower(),
                    "model": wanted.model.lower(),
                    "source": wanted.source,
                    "limit": min(wanted.limit, ROWS_MAX),
                },
            ).dicts()
        return [{name: _shown(value) for name, value in row.items()} for row in rows]

    def set_price(
        self, key: PriceKey, usd: Mapping[str, float], *, request_usd: float = 0.0, valid_from: datetime | None = None
    ) -> None:
        """Give a model a price of the user's own.

        Raises:
            MalformedRequest: a name, price or time is impossible, or too many projects have prices of their own.

        """
        key = _checked_key(key)
        _check_prices(usd, request_usd)
        if valid_from is not None and not _TIMES[0] <= _aware(valid_from) <= _TIMES[1]:
            raise MalformedRequest(f"valid_from {valid_from.isoformat()} is outside of 1970 to 2106")
        self._check_room(key.project)
        self._changes.set_price(key, usd, request_usd, None if valid_from is None else _aware(valid_from))

    def unset_price(self, key: PriceKey) -> int:
        """Take a user's prices of a model back.

        Raises:
            NotFound: there are none.

        """
        key = _checked_key(key)
        removed = self._changes.unset_price(key)
        if not removed:
            raise NotFound(
                f"no own price for provider {key.provider!r}, model {key.model!r} in {_project_name(key.project)}",
                hint="`spanhouse prices list --source override` shows what there is",
            )
        return removed

    def unknown_models(
        self, project: str = "", since: datetime | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """Models that spans used and that have no price, most spans first."""
        with self._connections.borrow() as connection:
            rows = connection.query(
                "SELECT provider, model, count() AS span_count, sum(ifNull(input_tokens, 0)) AS input_token_sum, "
                "sum(ifNull(output_tokens, 0)) AS output_token_sum, min(start_time) AS first_time, "
                "max(start_time) AS last_time FROM spans "
                "WHERE cost_source = 'none' AND model != '' AND isNotNull(coalesce(input_tokens, output_tokens)) "
                "AND ({project:String} = '' OR project = {project:String}) "
                "AND start_time >= fromUnixTimestamp64Micro({since_us:Int64}, 'UTC') "
                "GROUP BY provider, model ORDER BY span_count DESC, provider, model LIMIT {limit:UInt32}",
                {
                    "project": project,
                    "since_us": 0 if since is None else int(_aware(since).timestamp() * 1_000_000),
                    "limit": min(limit, ROWS_MAX),
                },
            ).dicts()
        names = {"input_token_sum": "input_tokens", "output_token_sum": "output_tokens"}
        return [{names.get(name, name): _shown(value) for name, value in row.items()} for row in rows]

    def reprice(self, wanted: Repricing) -> int:
        """Price stored spans again, in the background; returns how many change."""
        return self._changes.reprice(wanted)

    def repricing_state(self) -> dict[str, Any]:
        """Whether spans are being priced again, and what is left."""
        return self._changes.repricing_state()

    def _check_room(self, project: str) -> None:
        with self._connections.borrow() as connection:
            rows = connection.query("SELECT DISTINCT project FROM model_prices WHERE project != ''").rows
        held = {str(name) for (name,) in rows}
        if project and project not in held and len(held) >= PROJECTS_MAX:
            raise MalformedRequest(
                f"{len(held)} projects have prices of their own, which is as many as there can be",
                hint="unset those of another project, or set a price for everybody",
            )


def _checked_key(key: PriceKey) -> PriceKey:
    if key.project and not projects.is_valid(key.project):
        raise MalformedRequest(f"{key.project!r} is not a project name", hint=f"names match {projects.PATTERN}")
    model, provider = key.model.lower(), key.provider.lower()
    if not 0 < len(model.encode()) <= MODEL_LENGTH_MAX or len(provider.encode()) > MODEL_LENGTH_MAX:
        raise MalformedRequest(f"a model's name has 1 to {MODEL_LENGTH_MAX} bytes, a provider's at most as many")
    return PriceKey(key.project, provider, model)


def _check_prices(usd: Mapping[str, float], request_usd: float) -> None:
    unknown = sorted(set(usd) - set(TOKEN_PRICES))
    if unknown:
        raise MalformedRequest(f"{', '.join(unknown)}: not a price", hint=f"prices are {', '.join(TOKEN_PRICES)}")
    if not usd and not request_usd:
        raise MalformedRequest("no price was given", hint="a free model has the price 0")
    for name, value in {**usd, "request_usd": request_usd}.items():
        if not math.isfinite(value) or not 0 <= value <= USD_MAX:
            raise MalformedRequest(f"{name} is {value:g}, which is not between 0 and {USD_MAX:,.0f} US dollars")


def _project_name(project: str) -> str:
    return f"project {project}" if project else "the prices of all projects"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _shown(value: Any) -> Any:
    return _aware(value).isoformat() if isinstance(value, datetime) else value
