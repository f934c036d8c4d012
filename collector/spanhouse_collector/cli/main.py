"""The group of all commands. Owns nothing but their list and the words above it.

A command's module is imported when it is called for: those that ask a running collector need nothing of what one is
made of, which takes a second to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

from spanhouse_collector.cli.console import Commands

# Each is the attribute of that name in the module of that name; `import` is no name in Python.
NAMES: Final = {"import": "import_otlp"}
COMMANDS: Final = (
    "demo",
    "export",
    "import",
    "keys",
    "prices",
    "projects",
    "quarantine",
    "remap",
    "search",
    "serve",
    "sql",
    "stats",
    "tail",
    "trace",
)

# \b keeps click from re-wrapping what follows.
HELP: Final = """OpenTelemetry-native tracing for generative-AI applications.

Start a collector with `spanhouse serve`, then point any OpenTelemetry exporter at it:

\b
  gRPC   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317
  HTTP   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
         OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf

`spanhouse demo` shows it with sample applications.
"""


class LazyCommands(Commands):
    """COMMANDS by name, each imported at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, for the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        name = NAMES.get(cmd_name, cmd_name)
        command: click.Command = getattr(import_module(f"spanhouse_collector.cli.{name}"), name)
        return command


@click.group(
    cls=LazyCommands, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="spanhouse", prog_name="spanhouse")
def main() -> None:
    """Run the command that was named."""
