"""What commands share towards a terminal.

Owns the exit codes (0 done, 1 what was asked for failed, 2 the command line or the configuration is wrong, 130
interrupted), how failures are told, and the options of a collector, which `serve` and `demo` take alike.
"""

from __future__ import annotations

import difflib
import errno
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from spanhouse_collector import config as configuration
from spanhouse_collector.cli.terminal import say
from spanhouse_collector.errors import SpanhouseError, StartupError
from spanhouse_collector.identity.key_file import FILE_NAME, KeyFile

FAILED: Final = 1
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 128 + 2  # as a shell has it for a process that SIGINT ended

Command = TypeVar("Command", bound=Callable[..., None])


def fail(code: int, *lines: str) -> NoReturn:
    """Tell why on stderr and leave."""
    say("\n  ".join([f"spanhouse: {lines[0]}", *lines[1:]]), err=True)
    sys.exit(code)


class Commands(click.Group):
    """A group of commands that suggests the one that was meant, and ends without a traceback where a user can help."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called, or a refusal that names the closest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if close := difflib.get_close_matches(args[0], self.list_commands(ctx), n=1):
                raise click.UsageError(f"{error.message} Did you mean {close[0]!r}?", ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a file that cannot be used is told in a line, an interrupt has a shell's exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            fail(INTERRUPTED, "interrupted")
        except OSError as error:
            if error.filename is None or error.errno == errno.EPIPE:
                raise
            fail(FAILED, f"{error.filename}: {error.strerror or error}")


def fail_to_start(error: SpanhouseError) -> NoReturn:
    """Tell why a collector cannot start and leave."""
    problems = error.problems if isinstance(error, StartupError) else (error.message,)
    fail(FAILED, "cannot start:", *problems, *([error.hint] if error.hint else []))


def collector_options(command: Command) -> Command:
    """The options of a collector, from the table of settings; they are parsed all together, so each is text here."""
    for setting in reversed(configuration.SETTINGS):
        shown = "" if setting.default in ("", "false") else f" [default: {setting.default}]"
        text = f"{setting.help}{shown} [{setting.env}]"
        if setting.is_flag:
            command = click.option(setting.option, setting.name, flag_value="true", default=None, help=text)(command)
        else:
            metavar = setting.metavar
            command = click.option(setting.option, setting.name, metavar=metavar, default=None, help=text)(command)
    return command


def _keys_exist(data_dir: Path) -> bool:
    return KeyFile(data_dir / FILE_NAME).keys_exist()


def load_config(options: Mapping[str, str | None]) -> configuration.Config:
    """The configuration of a collector, with logging set up as it says; leaves with every problem when there is one."""
    try:
        config = configuration.load(options, os.environ, keys_exist=_keys_exist)
    except StartupError as error:
        fail(WRONG_USAGE, "the configuration is wrong:", *error.problems)
    logging.basicConfig(
        level=config.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    # Both report each failed try of an insert; the loader reports the fault itself, once in half a minute.
    for noisy in ("urllib3", "clickhouse_connect"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    return config
