"""The recipe of docs/extending.md: a file more is a dialect more, through the real collector."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

import spanhouse_collector

ROOT: Final = Path(__file__).resolve().parents[3]
SPAN: Final[dict[str, Any]] = {
    "traceId": "0a" * 16,
    "startTimeUnixNano": "1793700000000000000",
    "endTimeUnixNano": "1793700001000000000",
}


def string(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def fixture() -> dict[str, Any]:
    """Two spans in the recipe's dialect, and what they are."""
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}
    answered = [
        string("acme.kind", "completion"),
        string("acme.model", "rocket-1"),
        string("acme.conversation", "c-7"),
        string("acme.question", "How far?"),
        string("acme.answer", "Quite far."),
        string("acme.usage", json.dumps(usage)),
        string("acme.options", json.dumps({"heat": 0.5})),
    ]
    spans = [
        {**SPAN, "spanId": "01" * 8, "name": "ask", "attributes": answered},
        {**SPAN, "spanId": "02" * 8, "parentSpanId": "01" * 8, "name": "plan the trip", "attributes": []},
    ]
    return {
        "request": {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "acme.agents"}, "spans": spans}]}]},
        "expected": {
            "ask": {
                "kind": "LLM",
                "framework": "acme-agents",
                "model": "rocket-1",
                "session_id": "c-7",
                "input_text": "How far?",
                "output_text": "Quite far.",
                "input_tokens": 5,
                "total_tokens": 7,
                "cache_read_input_tokens": 3,
                "request": {"temperature": 0.5},
            },
            "plan the trip": {"kind": "TASK", "model": None},
        },
    }


@pytest.fixture
def extended(tmp_path: Path) -> dict[str, str]:
    """The environment of an interpreter whose collector has the recipe's dialect."""
    recipe = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "extending.md").read_text("utf-8"), re.DOTALL)
    assert recipe is not None
    package = tmp_path / "collector" / "spanhouse_collector"
    shutil.copytree(ROOT / "proto", tmp_path / "proto")
    shutil.copytree(Path(spanhouse_collector.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "model" / "dialects" / "acme.py").write_text(recipe[1], "utf-8")
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(package.parent), str(ROOT)))}


def run(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_file_more_is_a_dialect_more(extended: dict[str, str], tmp_path: Path) -> None:
    sent = tmp_path / "acme.json"
    sent.write_text(json.dumps(fixture()), "utf-8")
    found = run(extended, "-m", "tests.collector.trace_model.added_dialect", str(sent), str(tmp_path / "data"))
    assert json.loads(found) == []


def test_the_page_of_dialects_has_it(extended: dict[str, str]) -> None:
    page = run(extended, "-m", "spanhouse_collector.model.dialects_page")
    assert "| acme | 11 | `acme.agents` | acme/acme-agents `telemetry.py` |" in page
    assert "; acme: `acme.question`" in page
