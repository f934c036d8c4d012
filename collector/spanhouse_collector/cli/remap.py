"""`spanhouse remap`: stored spans mapped again by a running collector.

Owns the command and showing how far it is. Leaves the work to the collector, which alone can open its data.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spanhouse_collector.cli.client import Client, json_option, moment, url_option
from spanhouse_collector.cli.console import FAILED, fail
from spanhouse_collector.cli.show import counted
from spanhouse_collector.cli.terminal import json_line, say

API: Final = "/api/v1/remap"
POLL_INTERVAL_S: Final = 0.5


@click.command(short_help="Map stored spans again after an upgrade.")
@click.option("--project", default="", help="The project; left out, all of them.")
@click.option("--since", default="", callback=moment, help="Spans that began since an age (7d) or a time (2026-11-01).")
@click.option("--all", "everything", is_flag=True, help="Also spans that this version mapped.")
@click.option("--no-wait", is_flag=True, help="Do not wait until it is done.")
@url_option
@json_option
def remap(project: str, since: str, everything: bool, no_wait: bool, url: str, as_json: bool) -> None:
    """Map stored spans again whose columns an older version made, from the attributes as they were sent.

    Spans can be read and stored meanwhile. Interrupting this command does not stop it; a collector that ends in between
    goes on where it was when you run this again.
    """
    wanted = {"project": project, "all": everything, **({"since": since} if since else {})}
    state = Client(url).send("POST", API, wanted)
    if not state["started"]:
        say("spans are being mapped again already; this is how far it is", err=True)
    if not no_wait:
        state = _follow(_states(url), as_json)
    if state["failure"]:
        fail(
            FAILED,
            f"mapped {counted(state['done_count'], 'span')} again, then it could not go on:",
            str(state["failure"]),
        )
    if as_json:
        json_line(state)
    elif not no_wait:
        say(f"mapped {counted(state['done_count'], 'span')} again")


def _states(url: str) -> Iterator[dict[str, Any]]:
    """The state again and again, the last one when it is done."""
    while True:
        state = Client(url).send("GET", API)
        yield state
        if not state["running"]:
            return
        time.sleep(POLL_INTERVAL_S)


def _follow(states: Iterator[dict[str, Any]], as_json: bool) -> dict[str, Any]:
    """Show progress until it is done; returns the last state."""
    state: dict[str, Any] = {}
    columns = (TextColumn("mapping spans again"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=as_json, transient=True) as progress:
        task = progress.add_task("", total=None)
        for state in states:
            progress.update(task, total=state["span_count"], completed=state["done_count"])
    return state
