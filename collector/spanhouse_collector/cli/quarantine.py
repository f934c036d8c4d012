"""`spanhouse quarantine`: the records that the database refused.

Owns listing them and sending them again, through a running collector; listing also works on the data directory alone.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from spanhouse_collector.cli.client import Client, json_option, url_option
from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, Commands, fail
from spanhouse_collector.cli.show import Column, console, count, counted, moment, plain, table
from spanhouse_collector.cli.terminal import json_line, say
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.quarantine import Quarantine


@click.group(cls=Commands, short_help="List and replay what the database refused.")
def quarantine() -> None:
    """List and replay the records that the database refused.

    Such a record is set aside so that the others go on. When the cause is gone (usually after an upgrade), replay it.
    """


@quarantine.command("list")
@url_option
@json_option
@click.option("--data-dir", type=click.Path(path_type=Path), help="Read this data directory; no collector needed.")
def list_records(url: str, data_dir: Path | None, as_json: bool) -> None:
    """Show what is in quarantine, and why."""
    if data_dir is not None and not (data_dir / "quarantine").is_dir():
        fail(WRONG_USAGE, f"{data_dir} is no data directory of a collector")
    if data_dir is not None:
        found = [asdict(why) for why in Quarantine(data_dir / "quarantine", Disk()).list()]
    else:
        found = Client(url).get("/api/v1/quarantine")["quarantined"]
    if as_json:
        for record in found:
            json_line(record)
        return
    if not found:
        say("nothing is in quarantine")
        return
    out = console()
    out.print(table(COLUMNS, map(_row, found), out))


@quarantine.command("replay")
@click.argument("ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Replay everything that is in quarantine.")
@url_option
@json_option
def replay(ids: tuple[str, ...], every: bool, url: str, as_json: bool) -> None:
    """Put records back into the collector's log.

    It then tries to store them again. Name them as `list` shows them, or say --all.
    """
    if bool(ids) == every:
        fail(WRONG_USAGE, "name the records to replay, or say --all")
    wanted = [record["id"] for record in Client(url).get("/api/v1/quarantine")["quarantined"]] if every else list(ids)
    answer = Client(url).post("/api/v1/quarantine/replay", {"ids": wanted})
    if as_json:
        json_line(answer)
    else:
        put_back = answer["replayed"]
        say(f"{counted(put_back, 'record')} {'is' if put_back == 1 else 'are'} in the log again")
    if answer["missing"]:
        fail(FAILED, "not in quarantine:", *answer["missing"])


COLUMNS: Final = (
    Column("id"),
    Column("project", dispensable=6, width_min=8),
    Column("received (UTC)", dispensable=5),
    Column("items", is_number=True, dispensable=3),
    Column("bytes", is_number=True, dispensable=7),
    Column("why", width_min=20),
)


def _row(record: dict[str, Any]) -> list[str]:
    return [
        plain(record["id"]),
        plain(record["project"]) or "(by resource)",
        moment(record["received_unix_nano"]),
        count(record["item_count"]),
        count(record["size_bytes"]),
        plain(f"{record['error_code']}: {record['error']}", 160),
    ]
