"""The group of commands: what is listed is there, and calling one imports what that one needs."""

from __future__ import annotations

import subprocess
import sys

import click

from spanhouse_collector.cli.main import COMMANDS, main


def test_every_command_is_the_one_of_its_name_and_an_unknown_one_is_none() -> None:
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
    assert main.get_command(context, "client") is None


def test_a_command_that_reads_imports_nothing_of_a_collector() -> None:
    program = (
        "import sys\n"
        "from spanhouse_collector.cli.main import main\n"
        "main(['search', '--help'], standalone_mode=False)\n"
        "print(sorted({'spanhouse_collector.service', 'clickhouse_connect', 'grpc', 'fastapi'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
