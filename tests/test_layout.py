"""The house rules that a machine can check: floors, sizes, folders without packages, no paths of somebody's machine."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
COLLECTOR: Final = ROOT / "collector" / "spanhouse_collector"
FILE_LINES_MAX: Final = 600  # a split needs an idea, a length a reason
FUNCTION_LINES_MAX: Final = 60

# Highest first. A unit imports only from floors below its own; units on one floor are strangers.
FLOORS: Final = (
    {"__main__"},
    {"cli"},
    {"service"},
    {"receiver", "loader", "api", "demo"},
    {"query"},
    {"storage"},
    {"model", "wal", "identity"},
    {"otlp"},
    {"config", "telemetry"},
    {"errors"},
)
FLOOR_OF: Final = {unit: number for number, floor in enumerate(FLOORS) for unit in floor}


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py") if "node_modules" not in path.parts)


def unit_of(path: Path) -> str:
    return path.relative_to(COLLECTOR).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def floor_violations(path: Path) -> list[str]:
    unit = unit_of(path)
    found = []
    for name in imported_modules(path):
        parts = name.split(".")
        if parts[0] != "spanhouse_collector" or len(parts) < 2 or parts[1] == unit:
            continue
        if FLOOR_OF[parts[1]] <= FLOOR_OF[unit]:
            found.append(f"{path.relative_to(ROOT)} ({unit}) imports {name}")
    return found


def test_imports_go_strictly_downward() -> None:
    files = [path for path in python_files(COLLECTOR) if path.name != "__init__.py" or unit_of(path) != "__init__"]
    assert [line for path in files for line in floor_violations(path)] == []


def test_an_upward_import_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "storage" / "planted.py"
    planted.parent.mkdir()
    planted.write_text("from spanhouse_collector.receiver import export\n")
    monkeypatch.setattr("tests.test_layout.COLLECTOR", tmp_path)
    monkeypatch.setattr("tests.test_layout.ROOT", tmp_path)
    assert len(floor_violations(planted)) == 2


def test_shim_and_collector_never_import_each_other() -> None:
    shim = {name for path in python_files(ROOT / "sdk_shim") for name in imported_modules(path)}
    collector = {name for path in python_files(COLLECTOR) for name in imported_modules(path)}
    assert not [name for name in shim if name.split(".")[0] == "spanhouse_collector"]
    assert not [name for name in collector if name.split(".")[0] == "spanhouse"]


def test_proto_and_deploy_are_no_packages() -> None:
    """A proto/__init__.py would shadow the PyPI package whose import name is `proto`."""
    assert not list((ROOT / "proto").rglob("__init__.py"))
    assert not list((ROOT / "deploy").rglob("__init__.py"))


@pytest.mark.parametrize("path", python_files(ROOT / "sdk_shim", COLLECTOR, ROOT / "tests"), ids=lambda path: path.name)
def test_files_and_functions_stay_within_comfort(path: Path) -> None:
    text = path.read_text("utf-8")
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []
    assert text.count("\n") <= FILE_LINES_MAX


def test_every_module_says_what_it_owns() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in python_files(ROOT / "sdk_shim", COLLECTOR)
        if path.name not in ("__main__.py", "_version.py") and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_no_tracked_file_names_a_path_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    marks = [*("/" + folder + "/" for folder in ("work", "farm")), "." + "library/"]
    found = []
    for name in listed.stdout.split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or path.suffix in (".pb", ".binpb", ".png"):
            continue
        text = path.read_text("utf-8", "replace")
        found += [f"{name}: {mark}" for mark in marks if mark in text]
    assert found == []
