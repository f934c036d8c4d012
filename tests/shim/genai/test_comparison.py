"""Comparing two evaluations; statistics held against SciPy's."""

from __future__ import annotations

import random

import pytest
from scipy import stats

from spanhouse.assessments import Feedback
from spanhouse.errors import InvalidArgument
from spanhouse.genai.comparison import (
    bootstrap_interval,
    cohen_kappa,
    compare_evaluations,
    mcnemar_exact,
    wilcoxon,
)
from spanhouse.genai.results import EvaluationResult, RowResult
from spanhouse.genai.rows import Row


def result(run_id: str, values: dict[str, object], name: str = "score") -> EvaluationResult:
    rows = [
        RowResult(Row(request_id=key), trace_id=f"{run_id}-{key}", feedbacks=[Feedback(name, value)])
        for key, value in values.items()
    ]
    return EvaluationResult(run_id, rows, {})


def numbers(count: int, shift: float, seed: int) -> dict[str, object]:
    chance = random.Random(seed)
    return {str(number): chance.gauss(shift, 1) for number in range(count)}


def test_rows_are_paired_by_their_question_whatever_their_order() -> None:
    ours, theirs = numbers(20, 2, 1), numbers(20, 0, 2)
    shuffled = dict(sorted(theirs.items(), reverse=True))
    compared = compare_evaluations(result("b", ours), result("a", shuffled))
    only = compared.scorers[0]
    assert (compared.paired_rows, only.n_paired, only.status) == (20, 20, "improved")
    assert only.ci_low < only.diff < only.ci_high
    compared.assert_improved()


def test_what_is_worse_comes_first_and_fails_the_assertion() -> None:
    ours, theirs = result("b", numbers(20, -2, 1)), result("a", numbers(20, 0, 2))
    for name, value in (("zz", 1.0), ("mm", 1.0)):
        for rows in (ours.rows, theirs.rows):
            for row in rows:
                row.feedbacks.append(Feedback(name, value))
    compared = compare_evaluations(ours, theirs)
    assert [each.scorer for each in compared.scorers] == ["score", "mm", "zz"]
    assert [each.status for each in compared.scorers] == ["regressed", "unchanged", "unchanged"]
    with pytest.raises(AssertionError, match="score regressed"):
        compared.assert_improved(["score"])
    lower = compare_evaluations(ours, theirs, greater_is_better={"score": False})
    assert next(each.status for each in lower.scorers if each.scorer == "score") == "improved"


def test_a_few_pairs_decide_nothing() -> None:
    compared = compare_evaluations(result("b", numbers(5, 9, 1)), result("a", numbers(5, 0, 2)))
    assert compared.scorers[0].status == "insufficient_pairs"


def test_rows_without_a_partner_are_named() -> None:
    compared = compare_evaluations(result("b", {"1": 1, "2": 1}), result("a", {"2": 0, "3": 0}))
    assert compared.unpaired_candidate_trace_ids == ("b-1",)
    assert compared.unpaired_baseline_trace_ids == ("a-3",)


def test_an_evaluation_is_not_compared_with_itself() -> None:
    with pytest.raises(InvalidArgument, match="itself"):
        compare_evaluations(result("a", {"1": 1}), result("a", {"1": 1}))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("count", [6, 13, 30])
def test_wilcoxon_without_ties_is_scipys_exact_one(count: int, seed: int) -> None:
    chance = random.Random(seed)
    differences = [chance.gauss(0.3, 1) for _ in range(count)]
    assert wilcoxon(differences) == pytest.approx(stats.wilcoxon(differences, method="exact").pvalue, rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_wilcoxon_with_ties_is_scipys_approximation(seed: int) -> None:
    chance = random.Random(seed)
    differences = [float(chance.randint(-2, 4)) for _ in range(40)]
    expected = stats.wilcoxon(differences, zero_method="wilcox", correction=False, method="asymptotic").pvalue
    assert wilcoxon(differences) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (1, 0), (9, 2), (5, 5), (0, 12), (30, 11), (900, 850)])
def test_mcnemar_is_scipys_binomial_test(better: int, worse: int) -> None:
    differences = [1.0] * better + [-1.0] * worse + [0.0] * 7
    expected = stats.binomtest(better, better + worse, 0.5).pvalue if better + worse else 1.0
    assert mcnemar_exact(differences) == pytest.approx(expected, rel=1e-9)


def test_the_interval_is_close_to_scipys_and_the_same_every_time() -> None:
    chance = random.Random(3)
    differences = [chance.gauss(0.5, 2) for _ in range(60)]
    low, high = bootstrap_interval(differences, 0.95)
    expected = stats.bootstrap(
        (differences,), statistic=lambda sample: sum(sample) / len(sample), vectorized=False,
        method="percentile", n_resamples=2_000, rng=1,
    ).confidence_interval  # fmt: skip
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=0.12)
    assert bootstrap_interval(differences, 0.95) == (low, high)


def test_kappa_is_agreement_beyond_chance() -> None:
    assert cohen_kappa(["yes", "no"] * 5, ["yes", "no"] * 5) == 1.0
    assert cohen_kappa(["yes", "yes", "no", "no"], ["yes", "no", "yes", "no"]) == 0.0
    # Cohen's own form of the textbook table 20, 5, 10, 15 of 50: (0.7 - 0.5) / (1 - 0.5).
    one = ["y"] * 25 + ["n"] * 25
    other = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert cohen_kappa(one, other) == pytest.approx(0.4)
    with pytest.raises(InvalidArgument):
        cohen_kappa(["a"], [])
