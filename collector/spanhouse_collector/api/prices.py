"""`/api/v1/prices`: what models cost, a user's own prices, models without one, and re-pricing.

Owns the parameters and the description of those routes. Leaves the answers to `query.prices`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.times import IsoTime
from spanhouse_collector.otlp import project
from spanhouse_collector.query.prices import ROWS_MAX, USD_MAX, PriceBook, PriceFilter
from spanhouse_collector.storage.prices_changes import PriceKey, Repricing

_PROJECT: Final = f"^$|{project.PATTERN}"
_Usd = Annotated[float | None, Field(strict=True, ge=0, le=USD_MAX, description="US dollars for a million tokens")]


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
    since: IsoTime | None = None
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
    request_usd: Annotated[float, Field(strict=True, ge=0, le=USD_MAX, description="US dollars for each request")] = 0.0
    valid_from: Annotated[IsoTime | None, Field(description="Left out: for all time")] = None

    def usd(self) -> dict[str, float]:
        """The prices for tokens that were given."""
        given = self.model_dump(exclude_none=True)
        return {name: value for name, value in given.items() if name.endswith("_per_million_tokens")}


class ListedPrice(BaseModel):
    """A row of the table `model_prices`; project '' is all of them."""

    project: str
    provider: str
    model: str
    valid_from: str
    valid_to: str | None
    day_from_s: int
    day_until_s: int
    above_input_tokens: int | None
    input_usd_per_million_tokens: float | None
    output_usd_per_million_tokens: float | None
    cache_read_usd_per_million_tokens: float | None
    cache_write_usd_per_million_tokens: float | None
    cache_write_1h_usd_per_million_tokens: float | None
    reasoning_output_usd_per_million_tokens: float | None
    input_audio_usd_per_million_tokens: float | None
    output_audio_usd_per_million_tokens: float | None
    request_usd: float
    source: Annotated[str, Field(description="`override`, or the catalogue and its version")]


class Prices(BaseModel):
    """Prices, a user's own first."""

    prices: list[ListedPrice]


class PriceSet(BaseModel):
    """That the price is in force."""

    set: Literal[True]


class PriceUnset(BaseModel):
    """How many prices were taken back."""

    removed: int


class UnknownModel(BaseModel):
    """A model that spans used and that has no price."""

    provider: str
    model: str
    span_count: int
    input_tokens: int
    output_tokens: int
    first_time: str
    last_time: str


class UnknownModels(BaseModel):
    """Models without a price, most spans first."""

    models: list[UnknownModel]


class Repriced(BaseModel):
    """How many stored spans change their cost."""

    spans: int


class RepricingState(BaseModel):
    """How far re-pricing is."""

    running: bool
    parts_left: int
    failure: str


class RepriceBody(BaseModel):
    """Which stored spans to price again; what is left out does not narrow."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    project: Annotated[str, Field(pattern=_PROJECT)] = ""
    provider: str = ""
    model: str = ""
    since: IsoTime | None = None
    until: IsoTime | None = None


def router(prices: PriceBook) -> APIRouter:
    """The routes. Handlers are plain functions: FastAPI runs them beside the event loop."""
    routes = APIRouter(prefix="/api/v1/prices", tags=["prices"])

    @routes.get("", summary="What models cost", responses={200: {"model": Prices}, **ERRORS})
    def list_prices(request: Request, parameters: Annotated[ListParameters, Query()]) -> Response:
        found = prices.list_prices(PriceFilter(**parameters.model_dump()))
        return json_reply(request, {"prices": found})

    @routes.put("", summary="Give a model a price of your own", responses={200: {"model": PriceSet}, **ERRORS})
    def set_price(request: Request, price: Annotated[Price, Body()]) -> Response:
        prices.set_price(price.key(), price.usd(), request_usd=price.request_usd, valid_from=price.valid_from)
        return json_reply(request, {"set": True})

    @routes.delete("", summary="Take your own prices of a model back", responses={200: {"model": PriceUnset}, **ERRORS})
    def unset_price(request: Request, name: Annotated[PriceName, Query()]) -> Response:
        return json_reply(request, {"removed": prices.unset_price(name.key())})

    @routes.get(
        "/unknown",
        summary="Models that spans used and that have no price",
        responses={200: {"model": UnknownModels}, **ERRORS},
    )
    def unknown_models(request: Request, parameters: Annotated[UnknownParameters, Query()]) -> Response:
        found = prices.unknown_models(parameters.project, parameters.since, parameters.limit)
        return json_reply(request, {"models": found})

    @routes.post(
        "/reprice", summary="Price stored spans again", status_code=202, responses={202: {"model": Repriced}, **ERRORS}
    )
    def reprice(request: Request, wanted: Annotated[RepriceBody, Body()]) -> Response:
        return json_reply(request, {"spans": prices.reprice(Repricing(**wanted.model_dump()))}, status=202)

    @routes.get("/reprice", summary="How far re-pricing is", responses={200: {"model": RepricingState}, **ERRORS})
    def repricing_state(request: Request) -> Response:
        return json_reply(request, prices.repricing_state())

    return routes
