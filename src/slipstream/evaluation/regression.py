"""How good predicted numbers are, and how one model's differ from another's on the same rows.

RMSE and MAE are in the target's own unit. What is judged is the relative RMSE, over that of always
answering the mean of the test rows (root relative squared error): so 0.01 means the same for every
target. R² is 1 less its square.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slipstream.evaluation.results import ScoreName
from slipstream.measurement.intervals import Interval

__all__ = ["differ", "mean", "quality", "relative_rmse_change", "row_losses", "score_changes"]

Floats = NDArray[np.float64]
# Two answers differ where they are further apart than this share of the standard deviation.
NOTABLE_SHARE = 0.01


def quality(target: Floats, answers: Floats) -> dict[ScoreName, float]:
    """Score predicted numbers (N,) against the target (N,)."""
    errors = answers - target
    rmse, spread = math.sqrt(float(np.square(errors).mean())), _spread(target)
    return {
        "test_rmse": rmse,
        "test_mae": float(np.abs(errors).mean()),
        "test_r2": 1 - (rmse / spread) ** 2,
        "test_relative_rmse": rmse / spread,
    }


def mean(target: Floats) -> Floats:
    """What a model answers that has learned only the mean of the target: (N,)."""
    return np.full(len(target), target.mean())


def row_losses(target: Floats, answers: Floats) -> Floats:
    """The squared error of each row (N,), in variances of the target."""
    return np.square((answers - target) / _spread(target))


def differ(target: Floats, before: Floats, after: Floats) -> NDArray[np.bool_]:
    """Which answers (N,) differ by more than 1 % of the target's standard deviation."""
    return np.abs(after - before) > NOTABLE_SHARE * _spread(target)


def score_changes(
    target: Floats,
    before: Floats,
    after: Floats,
    *,
    accuracy: bool = False,  # noqa: ARG001 - of labels
) -> dict[ScoreName, Interval]:
    """How the relative RMSE of one model's answers (N,) differs from another's."""
    return {"test_relative_rmse": relative_rmse_change(target, before, after)}


def relative_rmse_change(target: Floats, before: Floats, after: Floats) -> Interval:
    """Relative RMSE of after less that of before on the same rows (N,), with its 95 % interval.

    By the delta method, a row's part in a root of a mean of squares is its square over twice the
    root; the interval is that of a paired t-test on these parts.
    """
    parts, roots = [], []
    for answers in (before, after):
        losses = row_losses(target, answers)
        roots.append(math.sqrt(float(losses.mean())))
        parts.append(losses / (2 * roots[-1]) if roots[-1] else losses)
    estimate, difference = roots[1] - roots[0], parts[1] - parts[0]
    if len(target) < 2 or not difference.std():
        return Interval(estimate=estimate, low=estimate, high=estimate)
    error = float(difference.std(ddof=1)) / math.sqrt(len(target))
    half = float(stats.t.ppf(0.975, len(target) - 1)) * error
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def _spread(target: Floats) -> float:
    """The RMSE of always answering the mean, which is the standard deviation; 1 if it is 0."""
    return float(target.std()) or 1.0
