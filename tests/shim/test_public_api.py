"""The public surface: names, types, weight."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import spanhouse
from spanhouse.libraries import ALIASES, LIBRARIES
from tests.shim.programs import run

ROOT: Final = Path(__file__).resolve().parents[2]

CONTRACT: Final = """
    configure, trace, start_span, start_span_no_context, get_current_active_span, get_active_trace_id,
    get_last_active_trace_id, update_current_trace, autolog, SpanType, search_traces, get_trace, set_trace_tag,
    delete_trace_tag, log_feedback, log_expectation, flush, shutdown, enable, disable, Client
"""


def test_every_name_of_the_contract_is_public() -> None:
    names = {name.strip() for name in CONTRACT.split(",")}
    assert names <= set(spanhouse.__all__)


def test_all_is_sorted_complete_and_true() -> None:
    assert list(spanhouse.__all__) == sorted(spanhouse.__all__)
    assert len(set(spanhouse.__all__)) == len(spanhouse.__all__)
    for name in spanhouse.__all__:
        assert getattr(spanhouse, name) is not None
    assert set(spanhouse.__all__) <= set(dir(spanhouse))
    here = {
        name for name, value in vars(spanhouse).items() if getattr(value, "__module__", "").startswith("spanhouse.")
    }
    libraries = {name for name in here if type(getattr(spanhouse, name)).__name__ == "Library"}
    assert {name for name in here - libraries if not name.startswith("_")} <= set(spanhouse.__all__)


def test_no_module_hides_a_public_name() -> None:
    """`import spanhouse.x` binds the module over a function x of the package."""
    modules = {path.stem for path in Path(spanhouse.__file__).parent.glob("*.py")}
    assert modules & set(spanhouse.__all__) == set()


def test_every_library_is_declared_for_type_checkers() -> None:
    tree = ast.parse(Path(spanhouse.__file__).read_text("utf-8"))
    declared = {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert declared == {*LIBRARIES, *ALIASES}


def test_everything_public_has_words() -> None:
    for name in spanhouse.__all__:
        value = getattr(spanhouse, name)
        if inspect.isclass(value) or inspect.isroutine(value):
            assert inspect.getdoc(value), name


def test_span_types_are_the_trace_models() -> None:
    words = {value for name, value in vars(spanhouse.SpanType).items() if name.isupper()}
    assert words == {
        "LLM", "CHAT_MODEL", "EMBEDDING", "RERANKER", "RETRIEVER", "TOOL", "AGENT", "WORKFLOW", "CHAIN", "TASK",
        "PARSER", "PROMPT", "MEMORY", "GUARDRAIL", "EVALUATOR", "SPEECH", "EVENT", "UNKNOWN",
    }  # fmt: skip


def test_import_is_light() -> None:
    """Nothing that opens sockets, and no data library, before it is used."""
    ran = run(
        """
        import sys, spanhouse
        heavy = ("grpc", "requests", "pandas", "numpy", "pyarrow", "pydantic", "asyncio", "http.client", "urllib3",
                 "opentelemetry.exporter", "spanhouse.reading", "spanhouse.autologging", "spanhouse.html")
        print([name for name in heavy if name in sys.modules])
        with spanhouse.start_span("a"): pass
        print([name for name in heavy[:8] if name in sys.modules])
        """,
        OTEL_TRACES_EXPORTER="none",
    )
    assert ran.out == "[]\n[]\n", ran.err


def test_the_shim_needs_only_what_it_declares() -> None:
    allowed = {"opentelemetry", "orjson", "spanhouse"} | set(sys.stdlib_module_names)
    optional = {"pandas", "pyarrow", "IPython", "pytest"}
    found = set()
    for path in (ROOT / "sdk_shim").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    assert found - allowed - optional == set()


@pytest.mark.timeout(120)
def test_a_users_program_passes_mypy_strict_with_the_types_it_expects(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text((Path(__file__).parent / "typed_program.txt").read_text("utf-8"))
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", "--follow-imports=silent",
         "--cache-dir=/dev/null", str(program)],
        cwd=ROOT / "sdk_shim",
        env={"MYPYPATH": str(ROOT / "sdk_shim"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )  # fmt: skip
    revealed = [line.partition('"')[2].rstrip('"') for line in ran.stdout.splitlines() if "Revealed type" in line]
    errors = [line for line in ran.stdout.splitlines() if "error:" in line]
    assert [line.rpartition("  [")[2] for line in errors] == ["arg-type]", "call-arg]"], ran.stdout + ran.stderr
    assert [" ".join(text.replace("builtins.", "").split()) for text in revealed] == [
        "def (x: int, *, y: str =) -> bool",
        "def (number: int) -> typing.Coroutine[Any, Any, list[int]]",
        "def () -> typing.Iterator[str]",
        "spanhouse.live_span.LiveSpan",
        "spanhouse.live_span.LiveSpan | None",
        "spanhouse.trace_data.Trace | None",
        "list[spanhouse.trace_data.Trace]",
        "spanhouse.assessments.Assessment",
        "dict[str, int] | None",
        "bool",
    ]
