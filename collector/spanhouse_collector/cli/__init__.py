"""The `spanhouse` command."""

from spanhouse_collector.cli.main import main

__all__ = ["main"]
