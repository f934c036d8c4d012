"""What users test their instrumentation with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import spanhouse
from spanhouse.testing import Captured, capture

USERS_TEST = """
import spanhouse
from spanhouse.testing import spans

def test_first(spans):
    with spanhouse.start_span("a") as span:
        span.set_inputs({"x": 1})
    assert spans.find("a").inputs == {"x": 1}
    assert spans.find("a").trace_id.endswith("01")

def test_second(spans):
    assert spans.names == []
    with spanhouse.start_span("b"):
        pass
    assert spans.find("b").trace_id.endswith("01")
"""


def test_the_fixture_works_in_a_users_suite(tmp_path: Path) -> None:
    (tmp_path / "test_user.py").write_text(USERS_TEST)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_missing_span_is_told_with_those_that_are_there() -> None:
    with capture() as captured:
        with spanhouse.start_span("a"):
            pass
        with spanhouse.start_span("a"):
            pass
    with pytest.raises(LookupError, match="2 spans are named 'a'"):
        captured.find("a")
    with pytest.raises(LookupError, match=r"there are: \['a', 'a'\]"):
        captured.find("b")
    captured.clear()
    assert captured.spans == []


def test_settings_are_for_the_block() -> None:
    with capture(capture_content=False) as captured:
        spanhouse.trace(lambda x: x, name="quiet")("text")
    with capture() as again:
        spanhouse.trace(lambda x: x, name="loud")("text")
    assert captured.find("quiet").inputs is None
    assert again.find("loud").inputs == {"x": "text"}


def test_a_disabled_shim_captures_too() -> None:
    spanhouse.disable()
    try:
        with capture() as captured, spanhouse.start_span("a"):
            pass
        with spanhouse.start_span("b") as span:
            assert span.trace_id == ""
    finally:
        spanhouse.enable()
    assert isinstance(captured, Captured)
    assert captured.names == ["a"]
