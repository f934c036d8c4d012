"""`spanhouse projects`: what each project has."""

from __future__ import annotations

from typing import Final

import click

from spanhouse_collector.cli.client import Client, since_option, url_option
from spanhouse_collector.cli.show import Column, console, count, dollars, moment, plain, table
from spanhouse_collector.cli.terminal import json_line

COLUMNS: Final = (
    Column("project", width_min=12),
    *(Column(name, is_number=True) for name in ("traces", "spans")),
    *(Column(name, is_number=True, dispensable=9) for name in ("sessions", "users")),
    *(Column(name, is_number=True, dispensable=5) for name in ("errors", "tokens", "cost")),
    Column("last (UTC)"),
)


@click.command(short_help="List the projects with what each has.")
@since_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@url_option
def projects(since: str, as_json: bool, url: str) -> None:
    """List the projects, the one used last first, with what each has: traces, sessions, users, tokens, dollars."""
    found = [
        each
        for page in Client(url).pages("/api/v1/projects", "projects", None, since=since)
        for each in page["projects"]
    ]
    if as_json:
        for each in found:
            json_line(each)
        return
    rows = [
        [
            plain(each["project"]),
            *(count(each[f"{name}_count"]) for name in ("trace", "span", "session", "user", "error")),
            count(each["total_tokens"]),
            dollars(each["cost_usd"]),
            moment(each["last_time_unix_nano"]),
        ]
        for each in found
    ]
    out = console()
    out.print(table(COLUMNS, rows, out))
