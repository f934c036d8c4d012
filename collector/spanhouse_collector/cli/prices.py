"""`spanhouse prices`: what models cost, your own prices, models without one, and re-pricing.

Owns the commands. They talk to a running collector, because only one process can open its data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import click

from spanhouse_collector.cli.client import Client, json_option, moment, url_option
from spanhouse_collector.cli.console import FAILED, Commands, fail
from spanhouse_collector.cli.show import Column, console, count, counted, plain, table
from spanhouse_collector.cli.terminal import is_terminal, json_line, say

API: Final = "/api/v1/prices"
POLL_INTERVAL_S: Final = 0.5
LIMIT: Final = 1000
LIMIT_MAX: Final = 9_999  # one is asked for beyond it, and the API answers with at most 10,000
SHOWN: Final = 40  # on a terminal: there are thousands of prices
# Option → field of the API; all are US dollars for a million tokens.
PRICES: Final = {
    "input": "input",
    "output": "output",
    "cache-read": "cache_read",
    "cache-write": "cache_write",
    "cache-write-1h": "cache_write_1h",
    "reasoning-output": "reasoning_output",
    "input-audio": "input_audio",
    "output-audio": "output_audio",
}

Command = TypeVar("Command", bound=Callable[..., None])


def _price_options(command: Command) -> Command:
    for option, name in reversed(PRICES.items()):
        text = f"US dollars for a million {option.replace('-', ' ')} tokens."
        command = click.option(f"--{option}", f"{name}_usd_per_million_tokens", type=float, help=text)(command)
    return command


_project = click.option("--project", default="", help="The project; left out, all of them.")
_provider = click.option("--provider", default="", help="The provider, as spans have it.")
_since = click.option("--since", default="", callback=moment, help="An age (7d) or a time (2026-11-01).")


@click.group(cls=Commands, short_help="What models cost, and prices of your own.")
def prices() -> None:
    """What models cost: list prices, set your own, find models without one, and price stored spans again.

    Prices come from the genai-prices package; yours come before them, a project's before those for all projects.
    """


@prices.command("list")
@_project
@_provider
@click.option("--model", default="", help="A part of the model's name.")
@click.option("--source", default="", help="`override` for your own, `genai-prices` for the package's.")
@click.option("--limit", type=click.IntRange(1, LIMIT_MAX), help=f"At most so many; {LIMIT}, on a terminal {SHOWN}.")
@url_option
@json_option
def list_prices(
    project: str, provider: str, model: str, source: str, limit: int | None, url: str, as_json: bool
) -> None:
    """Show prices, your own first."""
    most = limit or (SHOWN if is_terminal() and not as_json else LIMIT)
    # One more than is shown: whether there are more is worth a word.
    query: dict[str, Any] = {"provider": provider, "model": model, "source": source, "limit": most + 1}
    if project:
        query["project"] = project
    found = Client(url).send("GET", f"{API}?{urlencode(query)}")["prices"]
    if found and not as_json:
        _print_table(PRICE_COLUMNS, map(_price_row, found[:most]))
        say("US dollars for a million tokens", err=True)
    else:
        _show(found[:most], as_json, "no price like that")
    if len(found) > most:
        say(f"there are more than these {most}: narrow them with --model or --provider, or raise --limit", err=True)


@prices.command("set")
@click.argument("model")
@_provider
@_project
@_price_options
@click.option("--request", "request_usd", type=float, default=0.0, help="US dollars for each request.")
@click.option("--from", "valid_from", default="", callback=moment, help="When it begins; left out, for all time.")
@url_option
def set_price(model: str, url: str, valid_from: str, **given: Any) -> None:
    """Give MODEL a price of your own.

    Under the provider and name that `list` shows it covers every name of the model; under another, just that one. It
    holds for spans from now on: `reprice` brings stored ones to it.
    """
    body = {name: value for name, value in given.items() if value is not None}
    Client(url).send("PUT", API, {**body, "model": model, **({"valid_from": valid_from} if valid_from else {})})
    say(f"{model} has the price you set; `spanhouse prices reprice` brings stored spans to it")


@prices.command("unset")
@click.argument("model")
@_provider
@_project
@url_option
def unset_price(model: str, provider: str, project: str, url: str) -> None:
    """Take your own prices of MODEL back."""
    query = urlencode({"project": project, "provider": provider, "model": model})
    answer = Client(url).send("DELETE", f"{API}?{query}")
    say(f"took back {counted(answer['removed'], 'price')} of {model}")


@prices.command("unknown")
@_project
@_since
@click.option("--limit", default=1000, show_default=True)
@url_option
@json_option
def unknown_models(project: str, since: str, limit: int, url: str, as_json: bool) -> None:
    """Show models that spans used and that have no price."""
    query = urlencode({"project": project, "limit": limit, **({"since": since} if since else {})})
    found = Client(url).send("GET", f"{API}/unknown?{query}")["models"]
    if found and not as_json:
        _print_table(UNKNOWN_COLUMNS, map(_unknown_row, found))
    else:
        _show(found, as_json, "every model has a price")


@prices.command("reprice", short_help="Compute the cost of stored spans again.")
@_project
@_provider
@click.option("--model", default="", help="The model's whole name.")
@_since
@click.option("--until", default="", callback=moment, help="An age or a time.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it is done.")
@url_option
def reprice(no_wait: bool, url: str, **wanted: str) -> None:
    """Compute the cost of stored spans again, from the prices of today's list that held at their time.

    Costs that spans reported themselves stay as they are.
    """
    spans = Client(url).send("POST", f"{API}/reprice", {name: value for name, value in wanted.items() if value})[
        "spans"
    ]
    say(f"the cost of {counted(spans, 'span')} changes" if spans else "no cost changes")
    state = {"running": spans > 0 and not no_wait, "failure": ""}
    while state["running"]:
        time.sleep(POLL_INTERVAL_S)
        state = Client(url).send("GET", f"{API}/reprice")
        if state["failure"]:
            fail(FAILED, "re-pricing cannot go on:", str(state["failure"]))


def _show(rows: list[dict[str, Any]], as_json: bool, otherwise: str) -> None:
    if as_json:
        for row in rows:
            json_line(row)
    elif not rows:
        say(otherwise)


def _print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    out = console()
    out.print(table(columns, rows, out))


PRICE_COLUMNS: Final = (
    Column("provider", width_min=8),
    Column("model", width_min=20),
    *(Column(name, is_number=True) for name in ("input", "output")),
    Column("cache read", is_number=True, dispensable=5),
    Column("cache write", is_number=True, dispensable=6),
    Column("when", width_min=12),
    Column("project", dispensable=7, width_min=8),
    Column("source", dispensable=8),
)


def _price_row(row: dict[str, Any]) -> list[str]:
    shown = ("input", "output", "cache_read", "cache_write")
    numbers = (row[f"{name}_usd_per_million_tokens"] for name in shown)
    texts = ["" if number is None else f"{number:g}" for number in numbers]
    return [plain(row["provider"]), plain(row["model"]), *texts, _when(row), plain(row["project"]), row["source"]]


def _when(row: dict[str, Any]) -> str:
    """The conditions of a price in words."""
    parts = []
    if not row["valid_from"].startswith("1970"):
        parts.append(f"from {row['valid_from'][:10]}")
    if row["valid_to"]:
        parts.append(f"to {row['valid_to'][:10]}")
    if (row["day_from_s"], row["day_until_s"]) != (0, 86_400):
        hours = (f"{second // 3600:02}:{second % 3600 // 60:02}" for second in (row["day_from_s"], row["day_until_s"]))
        parts.append("–".join(hours))
    if row["above_input_tokens"] is not None:
        parts.append(f"above {count(row['above_input_tokens'])} tokens")
    return ", ".join(parts)


UNKNOWN_COLUMNS: Final = (
    Column("provider", width_min=8),
    Column("model", width_min=20),
    Column("spans", is_number=True),
    *(Column(name, is_number=True, dispensable=5) for name in ("input tokens", "output tokens")),
    Column("last used"),
)


def _unknown_row(row: dict[str, Any]) -> list[str]:
    counts = (count(row[name]) for name in ("span_count", "input_tokens", "output_tokens"))
    return [plain(row["provider"]), plain(row["model"]), *counts, row["last_time"][:10]]
