"""`spanhouse prices`: what models cost, your own prices, models without one, and re-pricing.

Owns the commands. They talk to a running collector, because only one process can open its data.
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import click
from rich.console import Console
from rich.table import Table

from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail
from spanhouse_collector.cli.quarantine import TIMEOUT_S, json_option, url_option

API: Final = "/api/v1/prices"
POLL_INTERVAL_S: Final = 0.5
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
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


def moment(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """An option's callback: `7d` or an ISO 8601 time as the latter; '' stays."""
    if not value:
        return ""
    if match := re.fullmatch(r"(\d{1,9})([smhdw])", value):
        ago = timedelta(seconds=min(int(match[1]) * _UNITS_S[match[2]], 50 * 365 * 86_400))
        return (datetime.now(UTC) - ago).isoformat()
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is neither an age such as 7d nor a time such as 2026-11-01") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _price_options(command: Command) -> Command:
    for option, name in reversed(PRICES.items()):
        text = f"US dollars for a million {option.replace('-', ' ')} tokens."
        command = click.option(f"--{option}", f"{name}_usd_per_million_tokens", type=float, help=text)(command)
    return command


_project = click.option("--project", default="", help="The project; left out, all of them.")
_provider = click.option("--provider", default="", help="The provider, as spans have it.")
_since = click.option("--since", default="", callback=moment, help="An age (7d) or a time (2026-11-01).")


@click.group()
def prices() -> None:
    """What models cost: list prices, set your own, find models without one, and price stored spans again.

    Prices come from the genai-prices package; yours come before them, a project's before those for all projects.
    """


@prices.command("list")
@_project
@_provider
@click.option("--model", default="", help="A part of the model's name.")
@click.option("--source", default="", help="`override` for your own, `genai-prices` for the package's.")
@click.option("--limit", default=1000, show_default=True)
@url_option
@json_option
def list_prices(project: str, provider: str, model: str, source: str, limit: int, url: str, as_json: bool) -> None:
    """Show prices, your own first."""
    query: dict[str, Any] = {"provider": provider, "model": model, "source": source, "limit": limit}
    if project:
        query["project"] = project
    found = call(url, "GET", f"{API}?{urlencode(query)}")["prices"]
    _show(found, as_json, _price_table, "no price like that")


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
    call(url, "PUT", API, {**body, "model": model, **({"valid_from": valid_from} if valid_from else {})})
    click.echo(f"{model} has the price you set; `spanhouse prices reprice` brings stored spans to it")


@prices.command("unset")
@click.argument("model")
@_provider
@_project
@url_option
def unset_price(model: str, provider: str, project: str, url: str) -> None:
    """Take your own prices of MODEL back."""
    query = urlencode({"project": project, "provider": provider, "model": model})
    answer = call(url, "DELETE", f"{API}?{query}")
    click.echo(f"{answer['removed']} of your prices of {model} are gone")


@prices.command("unknown")
@_project
@_since
@click.option("--limit", default=1000, show_default=True)
@url_option
@json_option
def unknown_models(project: str, since: str, limit: int, url: str, as_json: bool) -> None:
    """Show models that spans used and that have no price."""
    query = urlencode({"project": project, "limit": limit, **({"since": since} if since else {})})
    _show(call(url, "GET", f"{API}/unknown?{query}")["models"], as_json, _unknown_table, "every model has a price")


@prices.command("reprice")
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
    spans = call(url, "POST", f"{API}/reprice", {name: value for name, value in wanted.items() if value})["spans"]
    click.echo(f"{spans} spans get another cost")
    state = {"running": spans > 0 and not no_wait, "failure": ""}
    while state["running"]:
        time.sleep(POLL_INTERVAL_S)
        state = call(url, "GET", f"{API}/reprice")
        if state["failure"]:
            fail(FAILED, "re-pricing cannot go on:", str(state["failure"]))


def call(url: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the collector; leaves with its words when it refuses, and with ours when it cannot be reached."""
    key = os.environ.get("SPANHOUSE_API_KEY", "")
    request = urllib.request.Request(
        url.rstrip("/") + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            answer: dict[str, Any] = json.load(reply)
            return answer
    except urllib.error.HTTPError as error:
        fail(WRONG_USAGE if error.code == 400 else FAILED, *_told(error.read(4000)))
    except (OSError, ValueError) as error:
        fail(
            FAILED, f"no collector answers at {url}: {error}", "start one with `spanhouse serve`, or name it with --url"
        )


def _told(body: bytes) -> list[str]:
    """An error of the API in lines."""
    try:
        told = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return [body.decode(errors="replace")[:400]]
    return [told["message"], *([told["hint"]] if told.get("hint") else [])]


def _show(
    rows: list[dict[str, Any]], as_json: bool, table: Callable[[list[dict[str, Any]]], Table], otherwise: str
) -> None:
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
    elif rows:
        Console().print(table(rows))
    else:
        click.echo(otherwise)


def _price_table(rows: list[dict[str, Any]]) -> Table:
    shown = ("input", "output", "cache_read", "cache_write")
    table = Table(caption="US dollars for a million tokens")
    for heading in ("project", "provider", "model", "when", *shown, "source"):
        table.add_column(heading.replace("_", " "), overflow="fold", justify="right" if heading in shown else "left")
    for row in rows:
        numbers = (row[f"{name}_usd_per_million_tokens"] for name in shown)
        table.add_row(
            row["project"],
            row["provider"],
            row["model"],
            _when(row),
            *("" if number is None else f"{number:g}" for number in numbers),
            row["source"],
        )
    return table


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
        parts.append(f"above {row['above_input_tokens']:,} tokens")
    return ", ".join(parts)


def _unknown_table(rows: list[dict[str, Any]]) -> Table:
    table = Table()
    for heading in ("provider", "model", "span count", "input tokens", "output tokens", "last time"):
        numeric = heading in ("span count", "input tokens", "output tokens")
        table.add_column(heading, overflow="fold", justify="right" if numeric else "left")
    for row in rows:
        counts = (f"{row[name]:,}" for name in ("span_count", "input_tokens", "output_tokens"))
        table.add_row(row["provider"], row["model"], *counts, row["last_time"][:19])
    return table
