"""Two evaluations side by side: which was better, by how much, and how surely.

Owns: the pairing of rows, `ScorerComparison` and its statistics: the mean difference with a bootstrap interval,
McNemar's exact test for yes and no, Wilcoxon's signed-rank test for numbers. `tests/shim/genai` holds them against
SciPy's.
"""

from __future__ import annotations

import math
import random
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spanhouse.errors import InvalidArgument
from spanhouse.genai.results import EvaluationResult, RowResult, number_of

if TYPE_CHECKING:
    import pandas

PAIRS_MIN: Final = 6
BOOTSTRAP_SAMPLES: Final = 2_000
EXACT_PAIRS_MAX: Final = 50  # above, the normal approximation of the signed-rank test
_SEED: Final = 20_261_201  # the same evaluations give the same interval


@dataclass(frozen=True)
class ScorerComparison:
    """One scorer in both evaluations. `status`: `improved`, `regressed`, `unchanged` or `insufficient_pairs`."""

    scorer: str
    status: str
    n_paired: int
    greater_is_better: bool
    value_type: str  # binary or numeric
    method: str
    baseline_mean: float
    candidate_mean: float
    diff: float
    ci_low: float
    ci_high: float
    p_value: float
    ties: int
    n_nonzero: int


@dataclass(frozen=True)
class ComparisonResult:
    """All scorers that both evaluations have, regressions first."""

    candidate_run_id: str
    baseline_run_id: str
    scorers: tuple[ScorerComparison, ...]
    paired_rows: int
    unpaired_candidate_trace_ids: tuple[str, ...] = ()
    unpaired_baseline_trace_ids: tuple[str, ...] = ()
    pairs: tuple[tuple[RowResult, RowResult], ...] = field(default=(), repr=False)

    def summary(self) -> pandas.DataFrame:
        """One row a scorer."""
        import pandas

        return pandas.DataFrame([asdict(scorer) for scorer in self.scorers])

    def assert_improved(self, scorers: Sequence[str] | None = None, alpha: float = 0.05) -> None:
        """Nothing when each of these scorers (all, without a choice) improved with a p-value below *alpha*.

        Raises:
            AssertionError: one did not; says how each stands.

        """
        chosen = [each for each in self.scorers if scorers is None or each.scorer in scorers]
        missing = set(scorers or ()) - {each.scorer for each in chosen}
        if missing:
            raise InvalidArgument(f"no scorer {min(missing)!r} in both evaluations")
        failed = [each for each in chosen if each.status != "improved" or each.p_value >= alpha]
        assert not failed, "; ".join(
            f"{each.scorer} {each.status}: {each.baseline_mean:.3g} → {each.candidate_mean:.3g}, p = {each.p_value:.3g}"
            for each in failed
        )


def compare_evaluations(
    candidate: EvaluationResult,
    baseline: EvaluationResult,
    *,
    greater_is_better: bool | dict[str, bool] | None = None,
    confidence_level: float = 0.95,
) -> ComparisonResult:
    """Compare row by row: rows are paired by their request id, in order where one is there more than once.

    Raises:
        InvalidArgument: both are the same evaluation, or the level is not between 0 and 1.

    """
    if candidate.run_id == baseline.run_id:
        raise InvalidArgument("an evaluation is compared with another one, not with itself")
    if not 0 < confidence_level < 1:
        raise InvalidArgument(f"confidence_level={confidence_level!r}: between 0 and 1, both left out")
    pairs, only_candidate, only_baseline = _paired(candidate.rows, baseline.rows)
    names = dict.fromkeys(feedback.name for row, _ in pairs for feedback in row.feedbacks)
    compared = []
    for name in names:
        better = greater_is_better.get(name, True) if isinstance(greater_is_better, dict) else greater_is_better
        numbers = [(number_of(one.value(name)), number_of(other.value(name))) for one, other in pairs]
        both = [(ours, theirs) for ours, theirs in numbers if ours is not None and theirs is not None]
        if both:
            compared.append(_compared(name, both, better is not False, confidence_level))
    order = {"regressed": 0, "improved": 1, "unchanged": 2, "insufficient_pairs": 3}
    compared.sort(key=lambda each: (order[each.status], each.scorer))
    return ComparisonResult(
        candidate.run_id, baseline.run_id, tuple(compared), len(pairs), only_candidate, only_baseline, tuple(pairs)
    )


def _paired(
    candidate: Sequence[RowResult], baseline: Sequence[RowResult]
) -> tuple[list[tuple[RowResult, RowResult]], tuple[str, ...], tuple[str, ...]]:
    waiting: dict[str, list[RowResult]] = {}
    for row in baseline:
        waiting.setdefault(row.row.request_id, []).append(row)
    pairs, alone = [], []
    for row in candidate:
        partners = waiting.get(row.row.request_id)
        if partners:
            pairs.append((row, partners.pop(0)))
        else:
            alone.append(row.trace_id or "")
    return pairs, tuple(alone), tuple(row.trace_id or "" for rows in waiting.values() for row in rows)


def _compared(name: str, pairs: Sequence[tuple[float, float]], is_better: bool, level: float) -> ScorerComparison:
    differences = [ours - theirs for ours, theirs in pairs]
    is_binary = all(number in (0.0, 1.0) for pair in pairs for number in pair)
    diff = statistics.fmean(differences)
    low, high = bootstrap_interval(differences, level)
    p_value = mcnemar_exact(differences) if is_binary else wilcoxon(differences)
    nonzero = sum(difference != 0 for difference in differences)
    if len(pairs) < PAIRS_MIN:
        status = "insufficient_pairs"
    elif low <= 0 <= high:
        status = "unchanged"
    else:
        status = "improved" if (diff > 0) == is_better else "regressed"
    return ScorerComparison(
        scorer=name,
        status=status,
        n_paired=len(pairs),
        greater_is_better=is_better,
        value_type="binary" if is_binary else "numeric",
        method="mcnemar" if is_binary else "wilcoxon",
        baseline_mean=statistics.fmean(theirs for _, theirs in pairs),
        candidate_mean=statistics.fmean(ours for ours, _ in pairs),
        diff=diff,
        ci_low=low,
        ci_high=high,
        p_value=p_value,
        ties=len(pairs) - nonzero,
        n_nonzero=nonzero,
    )


def bootstrap_interval(differences: Sequence[float], level: float) -> tuple[float, float]:
    """The percentile interval of the mean of resampled differences."""
    chance = random.Random(_SEED)
    count = len(differences)
    means = sorted(statistics.fmean(chance.choices(differences, k=count)) for _ in range(BOOTSTRAP_SAMPLES))
    tail = (1 - level) / 2
    last = BOOTSTRAP_SAMPLES - 1
    return means[round(tail * last)], means[round((1 - tail) * last)]


def mcnemar_exact(differences: Sequence[float]) -> float:
    """Two-sided exact p-value of as many changes for the better among all changes, were both equally likely."""
    better = sum(difference > 0 for difference in differences)
    changed = sum(difference != 0 for difference in differences)
    if not changed:
        return 1.0
    fewer = min(better, changed - better)
    tail = sum(math.comb(changed, count) for count in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << changed))


def wilcoxon(differences: Sequence[float]) -> float:
    """Two-sided p-value of the signed-rank test without zeros: exact without ties, else the normal approximation."""
    present = [difference for difference in differences if difference != 0]
    if not present:
        return 1.0
    ranks, has_ties = _ranks([abs(difference) for difference in present])
    positive = sum(rank for rank, difference in zip(ranks, present, strict=True) if difference > 0)
    if not has_ties and len(present) <= EXACT_PAIRS_MAX:
        return _wilcoxon_exact(positive, len(present))
    count = len(present)
    mean = count * (count + 1) / 4
    tied = sum(size**3 - size for size in Counter(abs(difference) for difference in present).values())
    deviation = math.sqrt(count * (count + 1) * (2 * count + 1) / 24 - tied / 48)
    return math.erfc(abs(positive - mean) / deviation / math.sqrt(2))


def _wilcoxon_exact(positive: float, count: int) -> float:
    """By how many of the 2ⁿ signs give a sum of ranks at least as far from the middle."""
    total = count * (count + 1) // 2
    ways = [1] + [0] * total
    for rank in range(1, count + 1):
        for place in range(total, rank - 1, -1):
            ways[place] += ways[place - rank]
    nearer = int(min(positive, total - positive))
    return min(1.0, 2 * sum(ways[: nearer + 1]) / (1 << count))


def _ranks(sizes: Sequence[float]) -> tuple[list[float], bool]:
    """Ranks from 1, equal sizes sharing the mean of theirs; whether any do."""
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    ranks = [0.0] * len(sizes)
    has_ties = False
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and sizes[order[end + 1]] == sizes[order[start]]:
            end += 1
        has_ties |= end > start
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2 + 1
        start = end + 1
    return ranks, has_ties


def cohen_kappa(one: Sequence[Any], other: Sequence[Any]) -> float:
    """Agreement of two judges on the same things beyond chance: 1 is full, 0 is chance. NaN for nothing to compare.

    Raises:
        InvalidArgument: they judged a different number of things.

    """
    if len(one) != len(other):
        raise InvalidArgument(f"{len(one)} judgements beside {len(other)}")
    if not one:
        return math.nan
    count = len(one)
    agreed = sum(ours == theirs for ours, theirs in zip(one, other, strict=True)) / count
    ours, theirs = Counter(one), Counter(other)
    chance = sum(ours[label] * theirs[label] for label in ours) / count**2
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)
