"""How good predicted numbers are, and how one model's differ from another's on the same rows.

RMSE and MAE are in the target's own unit. What is judged is the relative RMSE, over that of always
answering the mean of the test rows (root relative squared error): so 0.01 means the same for every
target. R² is 1 less its square.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slipstream.evaluation import weighted
from slipstream.evaluation.results import ScoreName
from slipstream.evaluation.weighted import Weights
from slipstream.measurement.intervals import Interval

__all__ = [
    "differ",
    "mean",
    "quality",
    "rank_correlation",
    "relative_rmse_change",
    "row_losses",
    "score_changes",
    "standard_deviation",
]

Floats = NDArray[np.float64]
# Two answers differ where they are further apart than this share of the standard deviation.
NOTABLE_SHARE = 0.01


def quality(target: Floats, answers: Floats, weights: Weights = None) -> dict[ScoreName, float]:
    """Score predicted numbers (N,) against the target (N,)."""
    errors = answers - target
    rmse = math.sqrt(weighted.mean(np.square(errors), weights))
    guess = standard_deviation(target, weights)
    return {
        "test_rmse": rmse,
        "test_mae": weighted.mean(np.abs(errors), weights),
        "test_r2": 1 - (rmse / guess) ** 2,
        "test_relative_rmse": rmse / guess,
    }


def mean(target: Floats, weights: Weights = None) -> Floats:
    """What a model answers that has learned only the mean of the target: (N,)."""
    return np.full(len(target), weighted.mean(target, weights))


def row_losses(target: Floats, answers: Floats, weights: Weights = None) -> Floats:
    """The squared error of each row (N,), in variances of the target."""
    return np.square((answers - target) / standard_deviation(target, weights))


def differ(target: Floats, before: Floats, after: Floats) -> NDArray[np.bool_]:
    """Which answers (N,) differ by more than 1 % of the target's standard deviation."""
    return np.abs(after - before) > NOTABLE_SHARE * standard_deviation(target)


def score_changes(
    target: Floats,
    before: Floats,
    after: Floats,
    weights: Weights = None,
    *,
    accuracy: bool = False,  # noqa: ARG001 - of labels
) -> dict[ScoreName, Interval]:
    """How the relative RMSE of one model's answers (N,) differs from another's."""
    return {"test_relative_rmse": relative_rmse_change(target, before, after, weights)}


def relative_rmse_change(
    target: Floats, before: Floats, after: Floats, weights: Weights = None
) -> Interval:
    """Relative RMSE of after less that of before on the same rows (N,), with its 95 % interval.

    By the delta method, a row's part in a root of a mean of squares is its square over twice the
    root; the interval is that of the mean of these parts, paired by row.
    """
    parts, roots = [], []
    for answers in (before, after):
        losses = row_losses(target, answers, weights)
        roots.append(math.sqrt(weighted.mean(losses, weights)))
        parts.append(losses / (2 * roots[-1]) if roots[-1] else losses)
    estimate = roots[1] - roots[0]
    change = weighted.mean_interval(parts[1] - parts[0], weights)
    low, high = change.low - change.estimate, change.high - change.estimate
    return Interval(estimate=estimate, low=estimate + low, high=estimate + high)


def rank_correlation(target: Floats, answers: Floats, weights: Weights = None) -> Interval:
    """Spearman's rank correlation of answers (N,) with the target (N,), with its 95 % interval.

    It is a mean of products of standardised ranks, and the interval is that of this mean.
    """
    product = np.ones(len(target))
    for ranks in (stats.rankdata(target), stats.rankdata(answers)):
        product *= (ranks - weighted.mean(ranks, weights)) / standard_deviation(ranks, weights)
    found = weighted.mean_interval(product, weights)
    return Interval(estimate=found.estimate, low=max(found.low, -1.0), high=min(found.high, 1.0))


def standard_deviation(target: Floats, weights: Weights = None) -> float:
    """The RMSE of always answering the mean, which is the standard deviation; 1 if it is 0."""
    centred = target - weighted.mean(target, weights)
    return math.sqrt(weighted.mean(np.square(centred), weights)) or 1.0
