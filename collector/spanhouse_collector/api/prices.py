"""`/api/v1/prices`: what models cost, a user's own prices, models without one, and re-pricing.

Owns the parameters and the description of those routes. Leaves the answers to `query.prices`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.otlp import project
from spanhouse_collector.query.prices import ROWS_MAX, PriceBook, PriceFilter
from spanhouse_collector.storage.prices_changes import PriceKey, Repricing

_PROJECT: Final = f"^$|{project.PATTERN}"
_Usd = Annotated[float | None, Field(description="US dollars for a million tokens")]


class ListParameters(BaseModel):
    """Which prices to list."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str | None, Field(pattern=_PROJECT, description="Empty: prices for all projects")] = None
    provider: str = ""
    model: Annotated[str, Field(description="A part of the name")] = ""
    source: Annotated[str, Field(description="`override`, or `genai-prices`")] = ""
    limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 1000


class UnknownParameters(BaseModel):
    """Where to look for models without a price."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(pattern=_PROJECT)] = ""
    since: datetime | None = None
    limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 1000


class PriceName(BaseModel):
    """The model that a price is for; project '' is all of them."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    project: Annotated[str, Field(pattern=_PROJECT)] = ""
    provider: Annotated[str, Field(description="As spans have it, or as the catalogue has it: that one covers all")] = (
        ""
    )
    model: Annotated[str, Field(min_length=1)]

    def key(self) -> PriceKey:
        """The same for storage."""
        return PriceKey(self.project, self.provider, self.model)


class Price(PriceName):
    """A user's own price. What is left out is charged like the token it is a kind of."""

    input_usd_per_million_tokens: _Usd = None
    output_usd_per_million_tokens: _Usd = None
    cache_read_usd_per_million_tokens: _Usd = None
    cache_write_usd_per_million_tokens: _Usd = None
    cache_write_1h_usd_per_million_tokens: _Usd = None
    reasoning_output_usd_per_million_tokens: _Usd = None
    input_audio_usd_per_million_tokens: _Usd = None
    output_audio_usd_per_million_tokens: _Usd = None
    request_usd: Annotated[float, Field(description="US dollars for each request")] = 0.0
    valid_from: Annotated[datetime | None, Field(description="Left out: for all time")] = None

    def usd(self) -> dict[str, float]:
        """The prices for tokens that were given."""
        given = self.model_dump(exclude_none=True)
        return {name: value for name, value in given.items() if name.endswith("_per_million_tokens")}


class RepriceBody(BaseModel):
    """Which stored spans to price again; what is left out does not narrow."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    project: Annotated[str, Field(pattern=_PROJECT)] = ""
    provider: str = ""
    model: str = ""
    since: datetime | None = None
    until: datetime | None = None


def router(prices: PriceBook) -> APIRouter:
    """The routes. Handlers are plain functions: FastAPI runs them beside the event loop."""
    routes = APIRouter(prefix="/api/v1/prices", tags=["prices"], responses=ERRORS)

    @routes.get("", summary="What models cost")
    def list_prices(request: Request, parameters: Annotated[ListParameters, Query()]) -> Response:
        found = prices.list_prices(PriceFilter(**parameters.model_dump()))
        return json_reply(request, {"prices": found})

    @routes.put("", summary="Give a model a price of your own")
    def set_price(request: Request, price: Annotated[Price, Body()]) -> Response:
        prices.set_price(price.key(), price.usd(), request_usd=price.request_usd, valid_from=price.valid_from)
        return json_reply(request, {"set": True})

    @routes.delete("", summary="Take your own prices of a model back")
    def unset_price(request: Request, name: Annotated[PriceName, Query()]) -> Response:
        return json_reply(request, {"removed": prices.unset_price(name.key())})

    @routes.get("/unknown", summary="Models that spans used and that have no price")
    def unknown_models(request: Request, parameters: Annotated[UnknownParameters, Query()]) -> Response:
        found = prices.unknown_models(parameters.project, parameters.since, parameters.limit)
        return json_reply(request, {"models": found})

    @routes.post("/reprice", summary="Price stored spans again", status_code=202)
    def reprice(request: Request, wanted: Annotated[RepriceBody, Body()]) -> Response:
        return json_reply(request, {"spans": prices.reprice(Repricing(**wanted.model_dump()))}, status=202)

    @routes.get("/reprice", summary="How far re-pricing is")
    def repricing_state(request: Request) -> Response:
        return json_reply(request, prices.repricing_state())

    return routes
