"""`spanhouse keys`: creating, listing, rotating and revoking API keys.

Owns what is printed. Works through a running collector (`--url`), or on its data directory with `--data-dir`: the first
key of a collector beyond loopback is made so, before it starts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from spanhouse_collector.cli.client import Client, json_option, seconds_of, url_option
from spanhouse_collector.cli.console import FAILED, fail
from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.identity.key_file import FILE_NAME, KeyFile
from spanhouse_collector.identity.keys import SCOPES, ApiKey, KeyRequest

_DATA_DIR_HELP = "Work on the keys of this data directory; no collector needed."
data_dir_option = click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help=_DATA_DIR_HELP)


@click.group(short_help="Create, list, rotate and revoke API keys.")
def keys() -> None:
    """Create, list, rotate and revoke API keys.

    While no key exists, everybody on this machine may do everything. The first key must be an admin's for all
    projects; from then on every request needs one. Commands and applications read theirs from SPANHOUSE_API_KEY.
    """


@keys.command("create")
@click.option("--project", required=True, metavar="P", help="The project that the key is for; '*' for all.")
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice(tuple(SCOPES)),
    help="What it may do; may be given more than once. "
    + "; ".join(f"{name}: {meaning}" for name, meaning in SCOPES.items())
    + ".",
)
@click.option("--name", default="", help="A name for people.")
@click.option("--expires", default="", metavar="DURATION", help="Until when it works: 12h, 90d. Without it, for ever.")
@data_dir_option
@url_option
@json_option
def create(
    project: str, scopes: tuple[str, ...], name: str, expires: str, data_dir: Path | None, url: str, as_json: bool
) -> None:
    """Create a key and print it. It is shown this once."""
    expires_unix_nano = _moment_after(expires) if expires else 0
    if data_dir is not None:
        with _refusals_shown():
            key, text = KeyFile(data_dir / FILE_NAME).create(KeyRequest(project, scopes, name, expires_unix_nano))
        made = {**_listed(key), "key": text}
    else:
        body = {"project": project, "scopes": list(scopes), "name": name, "expires_unix_nano": expires_unix_nano}
        made = Client(url).post("/api/v1/keys", body)
    _show_made(made, as_json)


@keys.command("list")
@data_dir_option
@url_option
@json_option
def list_keys(data_dir: Path | None, url: str, as_json: bool) -> None:
    """Show the keys, without their secrets."""
    if data_dir is not None:
        with _refusals_shown():
            found = [_listed(key) for key in KeyFile(data_dir / FILE_NAME).list_keys()]
    else:
        found = Client(url).get("/api/v1/keys")["keys"]
    if as_json:
        for key in found:
            click.echo(json.dumps(key))
    elif found:
        Console().print(_table(found))
    else:
        click.echo("no key exists: everybody on this machine may do everything")


@keys.command("rotate")
@click.argument("key_id", metavar="ID")
@click.option("--overlap", default="1d", show_default=True, metavar="DURATION", help="How long the old key works on.")
@data_dir_option
@url_option
@json_option
def rotate(key_id: str, overlap: str, data_dir: Path | None, url: str, as_json: bool) -> None:
    """Replace a key by a new one that may do the same; the old one goes on working for a while."""
    overlap_s = seconds_of(overlap)
    if data_dir is not None:
        with _refusals_shown():
            key, text = KeyFile(data_dir / FILE_NAME).rotate(key_id, overlap_s=overlap_s)
        made = {**_listed(key), "key": text}
    else:
        made = Client(url).post(f"/api/v1/keys/{key_id}/rotate", {"overlap_s": overlap_s})
    _show_made(made, as_json)


@keys.command("revoke")
@click.argument("key_id", metavar="ID")
@data_dir_option
@url_option
@json_option
def revoke(key_id: str, data_dir: Path | None, url: str, as_json: bool) -> None:
    """Make a key useless, within a second."""
    if data_dir is not None:
        with _refusals_shown():
            revoked = _listed(KeyFile(data_dir / FILE_NAME).revoke(key_id))
    else:
        revoked = Client(url).send("DELETE", f"/api/v1/keys/{key_id}")
    click.echo(json.dumps(revoked) if as_json else f"key {revoked['id']} is revoked")


@contextmanager
def _refusals_shown() -> Iterator[None]:
    """Leave with the message of what is refused."""
    try:
        yield
    except SpanhouseError as error:
        fail(FAILED, error.message, *([error.hint] if error.hint else []))


def _show_made(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(made))
        return
    click.echo(made["key"])
    bound = "all projects" if made["project"] == "*" else f"project {made['project']}"
    click.echo(f"key {made['id']} for {bound}, scope {' and '.join(made['scopes'])}; shown this once", err=True)
    click.echo(f"  export SPANHOUSE_API_KEY={made['key']}", err=True)


def _listed(key: ApiKey) -> dict[str, Any]:
    fields = key.to_json()
    del fields["secret_sha256_hex"]
    return {**fields, "state": key.state(_now_unix_nano())}


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "project", "scope", "name", "state", "expires", "last used"):
        table.add_column(heading, overflow="fold")
    for key in found:
        table.add_row(
            key["id"],
            key["project"],
            ",".join(key["scopes"]),
            escape(key["name"]),
            key["state"],
            _day(key["expires_unix_nano"]),
            _day(key["last_used_unix_nano"]),
        )
    return table


def _day(moment_unix_nano: int) -> str:
    return datetime.fromtimestamp(moment_unix_nano / 1e9, UTC).strftime("%Y-%m-%d") if moment_unix_nano else "never"


def _now_unix_nano() -> int:
    return int(datetime.now(UTC).timestamp() * 1e9)


def _moment_after(text: str) -> int:
    return int((datetime.now(UTC) + timedelta(seconds=seconds_of(text))).timestamp() * 1e9)
