"""How much a column says of the target, counted so that noise scores nothing.

A column's rows are grouped by its values. What the groups say is learned on some folds and scored
on the fold that was left out, so a group of few rows costs as much as it pretends to know. All is
computed from the counts of each fold, group and label: one pass over the rows a column. A row
counts by its weight, where rows have one; the mean weight is 1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slipstream.features.spread import spread_of

__all__ = [
    "Score",
    "label_anova_f",
    "label_information",
    "number_anova_f",
    "number_information",
    "place_or_spread",
]

Groups = NDArray[np.int64]
Floats = NDArray[np.float64]

FOLDS = 5
# How many rows like the whole table a group is mixed with; the better of both counts.
SHRINKAGE_ROWS = (2.0, 30.0)
CERTAIN = 1 - 1e-12  # the largest share explained, whose information is finite
TINY = 1e-300  # for a group whose rows all have weight 0
UNSEEN = 0.5  # rows that a label counts for in a fold that has none


@dataclass(frozen=True)
class Score:
    """How much a column says of the target, and how likely noise would seem to say as much.

    `p_value` is that of the F statistic whatever the method: a test of held-out gains would need
    many more rows to see the same.
    """

    value: float
    p_value: float


def label_information(
    group: Groups, target: NDArray[np.integer], weights: Floats | None = None
) -> Score:
    """Cross-fitted mutual information of groups (N,) and labels (N,), in nats; at least 0.

    It is by how much the held-out log-loss is below that of the labels' shares: a lower bound.
    """
    codes, width = _codes(group)
    labels, classes = _codes(target)
    cells = (_folds(len(group)) * width + codes) * classes + labels
    counts = np.bincount(cells, weights, FOLDS * width * classes)
    held_out = counts.reshape(FOLDS, width, classes).astype(np.float64)
    learned = held_out.sum(axis=0) - held_out  # (folds, groups, labels)
    prior = learned.sum(axis=1, keepdims=True) + UNSEEN
    prior /= prior.sum(axis=2, keepdims=True)
    gain = max(_label_gain(held_out, learned, prior, rows) for rows in SHRINKAGE_ROWS)
    return _unless_noise(gain, label_anova_f(group, target, weights))


def number_information(
    group: Groups, target: NDArray[np.number], weights: Floats | None = None
) -> Score:
    """Cross-fitted information of groups (N,) about the ranks of numbers (N,), in nats.

    It is -1/2 ln(1 - R²), as of normal variables; R² is of held-out rows. Ranks, so that a few
    large numbers do not decide.
    """
    codes, width = _codes(group)
    ranks = stats.rankdata(target) / len(target) - 0.5
    cells = _folds(len(group)) * width + codes
    rows, sums, squares = (
        np.bincount(cells, _times(each, weights), FOLDS * width)
        .astype(np.float64)
        .reshape(FOLDS, width)
        for each in (np.ones(len(ranks)), ranks, ranks**2)
    )
    explained = max(_explained(rows, sums, squares, each) for each in SHRINKAGE_ROWS)
    information = -0.5 * float(np.log1p(-min(max(explained, 0.0), CERTAIN)))
    return _unless_noise(information, number_anova_f(group, ranks, weights))


def place_or_spread(
    score: Callable[..., Score],
    group: Groups,
    target: NDArray[np.number],
    weights: Floats | None = None,
) -> Score:
    """The better score of groups (N,) for numbers (N,) and for their distance from the median.

    Some quantiles move with a column that says nothing of the mean. Both are tried, and paid for.
    """
    tried = [score(group, each, weights) for each in (target, spread_of(target, weights))]
    best = max(tried, key=lambda each: each.value)
    return Score(best.value, min(2 * min(each.p_value for each in tried), 1.0))


def label_anova_f(
    group: Groups, target: NDArray[np.integer], weights: Floats | None = None
) -> Score:
    """F statistic of labels (N,) between groups (N,), pooled over labels (Light & Margolin 1971).

    Of two labels it is the F of a one-way analysis of variance.
    """
    codes, width = _codes(group)
    labels, classes = _codes(target)
    counts = np.bincount(codes * classes + labels, weights, width * classes)
    counts = counts.reshape(width, classes).astype(np.float64)
    total = (counts.sum(axis=0) * (1 - counts.sum(axis=0) / len(group))).sum()
    in_group = np.maximum(counts.sum(axis=1, keepdims=True), TINY)
    within = (counts * (1 - counts / in_group)).sum()
    return _f_statistic(total, within, len(group), width, classes - 1)


def number_anova_f(
    group: Groups, target: NDArray[np.number], weights: Floats | None = None
) -> Score:
    """F statistic of a one-way analysis of variance of numbers (N,) between groups (N,)."""
    codes, width = _codes(group)
    centred = target - np.average(target, weights=weights)
    rows = np.bincount(codes, weights, width)
    means = np.bincount(codes, _times(centred, weights), width) / np.maximum(rows, TINY)
    within = _times((centred - means[codes]) ** 2, weights).sum()
    return _f_statistic(_times(centred**2, weights).sum(), within, len(group), width, 1)


def _times(values: Floats, weights: Floats | None) -> Floats:
    return values if weights is None else values * weights


def _label_gain(held_out: Floats, learned: Floats, prior: Floats, shrinkage: float) -> float:
    """By how much knowing the group lowers the log-loss of a held-out row, in nats."""
    seen = learned.sum(axis=2, keepdims=True)
    gain = np.log((learned + shrinkage * prior) / (seen + shrinkage) / prior)
    return float((held_out * gain).sum() / held_out.sum())


def _explained(rows: Floats, sums: Floats, squares: Floats, shrinkage: float) -> float:
    """R² of held-out rows against the mean of the others; all (folds, groups)."""
    seen, learned = rows.sum(axis=0) - rows, sums.sum(axis=0) - sums
    prior = learned.sum(axis=1, keepdims=True) / seen.sum(axis=1, keepdims=True)
    guess = (learned + shrinkage * prior) / (seen + shrinkage)
    with_group, without = (
        float((squares - 2 * each * sums + rows * each**2).sum()) for each in (guess, prior)
    )
    return 1 - with_group / without if without else 0.0


def _unless_noise(value: float, test: Score) -> Score:
    return Score(value, test.p_value) if value > 0 else Score(0.0, 1.0)


def _f_statistic(total: float, within: float, rows: int, groups: int, answers: int) -> Score:
    freedom = (groups - 1, rows - groups)
    if min(freedom) < 1 or answers < 1:
        return Score(0.0, 1.0)
    largest = float(np.finfo(np.float32).max)
    between = max(total - within, 0.0) / freedom[0]
    statistic = min(between / max(within / freedom[1], between / largest, 1e-300), largest)
    return Score(statistic, float(stats.f.sf(statistic, *(each * answers for each in freedom))))


def _codes(values: NDArray[np.number]) -> tuple[Groups, int]:
    """Values (N,) as numbers from 0, and how many differ."""
    distinct, codes = np.unique(values, return_inverse=True)
    return codes, len(distinct)


def _folds(rows: int) -> Groups:
    """The fold of each row (N,): the same for every column, whatever order the rows are in."""
    return np.random.default_rng(0).permutation(rows) % FOLDS
