"""The group of all commands. Owns nothing but their list and the words above it."""

from __future__ import annotations

from typing import Final

import click

from spanhouse_collector.cli.demo import demo
from spanhouse_collector.cli.export import export
from spanhouse_collector.cli.prices import prices
from spanhouse_collector.cli.projects import projects
from spanhouse_collector.cli.quarantine import quarantine
from spanhouse_collector.cli.remap import remap
from spanhouse_collector.cli.search import search
from spanhouse_collector.cli.serve import serve
from spanhouse_collector.cli.sql import sql
from spanhouse_collector.cli.stats import stats
from spanhouse_collector.cli.tail import tail
from spanhouse_collector.cli.trace import trace

# \b keeps click from re-wrapping what follows.
HELP: Final = """OpenTelemetry-native tracing for generative-AI applications.

Start a collector with `spanhouse serve`, then point any OpenTelemetry exporter at it:

\b
  gRPC   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317
  HTTP   OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
         OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf

`spanhouse demo` shows it with sample applications.
"""


@click.group(help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="spanhouse", prog_name="spanhouse")
def main() -> None:
    """Run the command that was named."""


main.add_command(serve)
main.add_command(demo)
main.add_command(quarantine)
main.add_command(sql)
main.add_command(prices)
main.add_command(remap)
for reading in (search, trace, stats, projects, tail, export):
    main.add_command(reading)
