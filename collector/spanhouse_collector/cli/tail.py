"""`spanhouse tail`: new traces as they come.

Owns polling: a trace is shown once, when it is first seen, also if it began a while before it arrived.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

import click

from spanhouse_collector.cli.client import Client, option, project_option, since_option, url_option
from spanhouse_collector.cli.show import TRACE_COLUMNS, console, table, trace_row
from spanhouse_collector.cli.terminal import json_line

LOOK_BACK_NS: Final = 600 * 1_000_000_000  # a trace that arrives later than this after it began is not seen
SEEN_MAX: Final = 100_000
PER_LOOK_MAX: Final = 1000
WIDTHS: Final = (19, 32, 11, 24, 40, 8, 5, 3, 9, 9)  # of TRACE_COLUMNS: lines stand below each other


@click.command(short_help="Follow new traces.")
@click.argument("text", metavar="[FILTER]", default="")
@project_option
@since_option
@option("--every", type=click.FloatRange(min=0.1), default=1.0, show_default=True, help="Seconds between looks.")
@option("--max", "maximum", type=click.IntRange(min=1), help="End after so many traces.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@url_option
def tail(text: str, project: str, since: str, every: float, maximum: int | None, as_json: bool, url: str) -> None:
    """Follow new traces, of a FILTER if there is one, until Ctrl-C; with --since begin with those since then."""
    client = Client(url)
    shown = 0
    try:
        for trace in _arriving(client, {"filter": text, "project": project}, since, every):
            _show(trace, as_json=as_json)
            shown += 1
            if shown == maximum:
                return
    except KeyboardInterrupt:
        return


def _arriving(client: Client, asked: dict[str, str], since: str, every_s: float) -> Iterator[dict[str, Any]]:
    """Traces not seen before, oldest first, for ever."""
    seen: dict[str, None] = {}
    begin = time.time_ns() - LOOK_BACK_NS
    is_first = True
    while True:
        looked_from = since if is_first and since else str(max(begin, time.time_ns() - LOOK_BACK_NS))
        pages = client.pages("/api/v1/traces", "traces", PER_LOOK_MAX, since=looked_from, **asked)
        new = [trace for page in pages for trace in page["traces"] if trace["trace_id"] not in seen]
        seen.update(dict.fromkeys(trace["trace_id"] for trace in new))
        if since or not is_first:
            yield from reversed(new)
        is_first = False
        for trace_id in list(seen)[: max(0, len(seen) - SEEN_MAX)]:
            del seen[trace_id]
        time.sleep(every_s)


def _show(trace: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        json_line(trace)
        return
    out = console()
    line = table(TRACE_COLUMNS, [trace_row(trace)], out, WIDTHS)
    line.show_header = False
    out.print(line)
