"""The bench itself runs, and says what it is asked."""

from __future__ import annotations

import sys

import pytest

from tests.bench_shim import __main__ as bench


def test_the_shim_is_measured_against_the_bare_sdk(capsys: pytest.CaptureFixture[str]) -> None:
    found = bench.measured("spanhouse", sys.executable, 0.01)
    assert found is not None
    assert set(found) == set(bench.LABELS)
    for figures in found.values():
        assert 0 < figures["bare_us"] < figures["us"] * 10
        assert 0.1 < figures["ratio"] < 10
    bench.print_tables({"spanhouse": found})
    bench.print_bar(found, (50.0, 100.0))
    out = capsys.readouterr().out
    assert "| 100 spans |" in out
    assert "| import, against opentelemetry.sdk.trace | × 0.50 (50 against 100 ms) | ≤ × 1.2 | met |" in out


def test_a_contender_that_cannot_run_is_told_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.measured("nobody", sys.executable, 0.01) is None
    assert "nobody: did not run" in capsys.readouterr().out
