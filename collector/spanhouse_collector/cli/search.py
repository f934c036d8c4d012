"""`spanhouse search`: traces that a filter finds, the latest first."""

from __future__ import annotations

import click

from spanhouse_collector.cli.client import Client, option, project_option, since_option, url_option
from spanhouse_collector.cli.console import FAILED, fail
from spanhouse_collector.cli.show import TRACE_COLUMNS, console, counted, plain, table, trace_row
from spanhouse_collector.cli.terminal import json_line, say


@click.command(short_help="Find traces by a filter.")
@click.argument("text", metavar="[FILTER]", default="")
@project_option
@since_option
@option("--until", default="", metavar="TIME", help="Until when.")
@option("--order-by", default="", metavar="FIELD", help="FIELD or 'FIELD desc'; the latest first by default.")
@option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many traces.")
@click.option("--count", "with_count", is_flag=True, help="Say how many there are in all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@url_option
def search(
    text: str,
    project: str,
    since: str,
    until: str,
    order_by: str,
    limit: int,
    with_count: bool,
    as_json: bool,
    url: str,
) -> None:
    """Find traces by a FILTER such as "model = 'gpt-4o' AND trace.cost_usd > 0.1" or "text : 'refund'".

    Exit codes: 0 for an answer, also an empty one; 1 for an error of the filter or the collector; 2 for wrong usage.
    """
    pages = Client(url).pages(
        "/api/v1/traces",
        "traces",
        limit,
        project=project,
        filter=text,
        since=since,
        until=until,
        order_by=order_by,
        count="true" if with_count else "",
    )
    found = []
    total = None
    is_partial = False
    for page in pages:
        total = page["total_count"] if total is None else total
        is_partial = page["partial"]
        found += page["traces"]
        if as_json:
            for trace in page["traces"]:
                json_line({**trace, "highlights": page["highlights"].get(trace["trace_id"], [])})
        if is_partial:
            break
    if not as_json and found:
        out = console()
        out.print(table(TRACE_COLUMNS, map(trace_row, found), out))
    if with_count and total is not None:
        say(f"{counted(total, 'trace')} in all", err=True)
    if is_partial:
        fail(FAILED, "time ran out before everything was searched", "narrow it with --since, --project or the filter")
    if not found and not as_json:
        say(_nothing_found(text, project, since), err=True)


def _nothing_found(text: str, project: str, since: str) -> str:
    """That nothing was found, and in what: a project or a time may come from the environment, unseen."""
    where = [f"by {plain(text, 80)}" if text else "", f"in project {project}" if project else ""]
    return " ".join(filter(None, ["no trace found", *where, f"since {since}" if since else ""]))
