"""`spanhouse quarantine`: the records that the database refused.

Owns listing them and sending them again, through a running collector; listing also works on the data directory alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from spanhouse_collector.cli.client import Client, json_option, url_option
from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.quarantine import Quarantine


@click.group(short_help="List and replay what the database refused.")
def quarantine() -> None:
    """List and replay the records that the database refused.

    Such a record is set aside so that the others go on. After the cause is mended (usually by an upgrade), replay it.
    """


@quarantine.command("list")
@url_option
@json_option
@click.option("--data-dir", type=click.Path(path_type=Path), help="Read this data directory; no collector needed.")
def list_records(url: str, data_dir: Path | None, as_json: bool) -> None:
    """Show what is in quarantine, and why."""
    if data_dir is not None:
        found = [asdict(why) for why in Quarantine(data_dir / "quarantine", Disk()).list()]
    else:
        found = Client(url).get("/api/v1/quarantine")["quarantined"]
    if as_json:
        for record in found:
            click.echo(json.dumps(record, ensure_ascii=False))
        return
    if not found:
        click.echo("nothing is in quarantine")
        return
    Console().print(_table(found))


@quarantine.command("replay")
@click.argument("ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Replay everything that is in quarantine.")
@url_option
@json_option
def replay(ids: tuple[str, ...], every: bool, url: str, as_json: bool) -> None:
    """Put records back into the log of a running collector, which tries to store them again."""
    if bool(ids) == every:
        fail(WRONG_USAGE, "name the records to replay, or say --all")
    wanted = [record["id"] for record in Client(url).get("/api/v1/quarantine")["quarantined"]] if every else list(ids)
    answer = Client(url).post("/api/v1/quarantine/replay", {"ids": wanted})
    if as_json:
        click.echo(json.dumps(answer))
    else:
        click.echo(f"{answer['replayed']} records are in the log again")
    if answer["missing"]:
        fail(FAILED, "not in quarantine:", *answer["missing"])


def _table(records: list[dict[str, Any]]) -> Table:
    table = Table()
    for heading in ("id", "project", "received", "items", "bytes", "why"):
        table.add_column(heading, overflow="fold", justify="right" if heading in ("items", "bytes") else "left")
    for record in records:
        received = datetime.fromtimestamp(record["received_unix_nano"] / 1e9, UTC).isoformat(timespec="seconds")
        table.add_row(
            record["id"],
            record["project"] or "(by resource)",
            received,
            str(record["item_count"]),
            f"{record['size_bytes']:,}",
            f"{record['error_code']}: {record['error'][:160]}",
        )
    return table
