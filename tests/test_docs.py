"""Docs say what the code does: settings, metrics, tables and commands are all on their pages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import click
from click.testing import CliRunner

from spanhouse_collector.cli import main
from spanhouse_collector.model import dialects_page
from spanhouse_collector.storage.migrations import migrations
from spanhouse_collector.storage.schema import plain_views
from spanhouse_collector.telemetry import Telemetry

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = ROOT / "docs"


def test_every_metric_is_documented_with_its_labels() -> None:
    page = (DOCS / "metrics.md").read_text("utf-8")
    metrics = [metric for name, metric in vars(Telemetry()).items() if name != "registry"]
    assert metrics
    for metric in metrics:
        name = metric._name + ("_total" if metric._type == "counter" else "")
        labels = ", ".join(metric._labelnames) or "–"
        assert f"| `{name}` | {labels} | {metric._documentation} |" in page, name


def test_every_column_of_every_table_is_documented() -> None:
    page = (DOCS / "tables.md").read_text("utf-8")
    words = set(re.findall(r"\w+", page))
    for migration in migrations():
        for statement in migration.statements:
            columns = re.findall(
                r"^    (\w+) (?:LowCardinality|String|UInt|Int|Float|DateTime|Map|Array|Enum|Bool|Nested)",
                statement,
                re.MULTILINE,
            )
            for column in columns:
                plain = column.removesuffix("_type_codes") + "_type_codes" if column.endswith("_type_codes") else column
                assert (
                    column in words
                    or plain.replace("resource_", "").replace("scope_", "").replace("metric_metadata_", "attribute_")
                    in words
                ), column


def test_every_view_is_documented() -> None:
    page = (DOCS / "tables.md").read_text("utf-8")
    for name in plain_views():
        assert f"`{name}`" in page


def test_the_page_of_dialects_is_what_the_vocabulary_says() -> None:
    found = (DOCS / "dialects.md").read_text("utf-8")
    assert found == dialects_page.page(), "run python -m spanhouse_collector.model.dialects_page > docs/dialects.md"


def test_every_command_has_a_help_text_worth_reading() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None, name
        assert command.help is not None, name
        assert len(command.help) > 80, name


def test_readme_names_the_commands_that_the_gate_runs() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    commands = re.findall(r"^make (\w+)", readme, re.MULTILINE)
    assert commands[:2] == ["demo", "test"]
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_what_is_to_be_installed_is_a_clone_a_wheel_or_a_package_of_others() -> None:
    """Until Spanhouse is published, `pip install spanhouse` finds nothing."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    named = []
    for page in [ROOT / "README.md", *DOCS.glob("*.md"), *(ROOT / "deploy").rglob("*.md")]:
        for target, wanted in re.findall(
            r"pip install (?:-\S+ )*'?([^\s'`\[]+)(?:\[([\w,-]+)\])?", page.read_text("utf-8")
        ):
            assert not target.startswith("spanhouse"), f"{page.name}: {target}"
            assert set(wanted.split(",")) <= {*extras, ""}, f"{page.name}: {wanted}"
            named.append(target)
    assert "." in named


def test_every_command_is_in_the_list_of_the_page() -> None:
    page = (DOCS / "cli.md").read_text("utf-8")
    for name in main.list_commands(click.Context(main)):
        assert re.search(rf"`{name}\b", page), name


def test_every_line_of_a_groups_help_is_whole() -> None:
    for name in ([], ["prices"], ["quarantine"]):
        shown = CliRunner().invoke(main, [*name, "--help"], terminal_width=80).output
        assert "..." not in shown.partition("Commands:")[2], shown


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:3]) for path in (DOCS / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
