"""Every library with an extra is run somewhere: in the tests, or by `make libraries`."""

from __future__ import annotations

import tomllib
from typing import Final

from spanhouse.libraries import EXTRAS
from tests.libraries.__main__ import PINS, PROGRAMS, ROOT

IN_THE_TESTS: Final = {"anthropic", "langchain", "llama_index", "openai"}


def test_no_library_is_left_out() -> None:
    assert set(PINS) | IN_THE_TESTS == set(EXTRAS)
    assert {path.name for path in PROGRAMS.glob("*_program.py")} == {f"{library}_program.py" for library in PINS}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    installed = " ".join(extras["dev"] + extras["demo"])
    for library in IN_THE_TESTS:
        assert library.replace("_", "-") in installed


def test_each_is_pinned_with_the_instrumentor_that_its_extra_installs() -> None:
    for library, pins in PINS.items():
        assert all("==" in pin for pin in pins)
        assert f"openinference-instrumentation-{library.replace('_', '-')}" in {pin.partition("==")[0] for pin in pins}
