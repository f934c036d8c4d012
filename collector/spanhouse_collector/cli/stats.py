"""`spanhouse stats`: counts, times, error rates, tokens and cost; in all and by one field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click
from rich.text import Text

from spanhouse_collector.cli.client import Client, option, project_option, since_option, url_option
from spanhouse_collector.cli.show import Column, console, count, dollars, duration, plain, table
from spanhouse_collector.cli.terminal import json_line, say

METRICS: Final = ("count", "error_rate", "p50", "p95", "p99", "input_tokens", "output_tokens", "cost_usd")
ALL: Final = "all"


@click.command(short_help="Counts, errors, times, tokens, costs, by any field.")
@click.argument("text", metavar="[FILTER]", default="")
@project_option
@since_option
@option("--by", default="model", show_default=True, metavar="FIELD", help="The field to group spans by.")
@option("--limit", type=click.IntRange(min=1, max=1000), default=20, show_default=True, help="At most so many groups.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line; the first is of all spans.")
@url_option
def stats(text: str, project: str, since: str, by: str, limit: int, as_json: bool, url: str) -> None:
    """Count spans, errors, tokens and dollars, and show how long they took: of all, and by a field.

    The FILTER is the same as that of `search`; it chooses spans.
    """
    client = Client(url)
    asked = {"project": project, "filter": text, "since": since, "metrics": METRICS}
    totals = client.post("/api/v1/aggregate", asked)["rows"]
    groups = client.post("/api/v1/aggregate", {**asked, "group_by": [by], "limit": limit})
    if as_json:
        for row in [*totals, *groups["rows"]]:
            json_line(row)
        return
    columns = (
        Column(by, width_min=16),
        *(Column(name, is_number=True) for name in ("spans", "errors", "p50")),
        *(Column("p95", is_number=True, dispensable=5), Column("p99", is_number=True, dispensable=9)),
        Column("tokens in", is_number=True, dispensable=6),
        Column("tokens out", is_number=True, dispensable=7),
        Column("cost", is_number=True),
    )
    rows = [_row(ALL, row) for row in totals] + [_row(_named(row[by]), row) for row in groups["rows"]]
    out = console()
    out.print(table(columns, rows, out))
    if groups["truncated"]:
        say(f"there are more: --limit {limit} groups are shown", err=True)


def _named(value: Any) -> str:
    return plain(str(value), 50) if value not in ("", None) else "—"


def _row(name: str, row: Mapping[str, Any]) -> list[str | Text]:
    is_empty = not row["count"]
    return [
        Text(name, "bold") if name == ALL else name,
        count(row["count"]),
        Text(f"{row['error_rate']:.1%}", "red" if row["error_rate"] else "dim"),
        *("" if is_empty else duration(row[name]) for name in ("p50", "p95", "p99")),
        count(row["input_tokens"]),
        count(row["output_tokens"]),
        dollars(row["cost_usd"]),
    ]
