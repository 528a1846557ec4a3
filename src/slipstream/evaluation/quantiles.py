"""How good predicted quantiles are, and how one model's differ from another's on the same rows.

The pinball loss of a level is what its quantile minimises (Koenker and Bassett 1978); a row's is
the mean over the levels. What is judged is the relative pinball loss, over that of always answering
the quantiles of the test rows: so 0.01 means the same for every target. D² is 1 less it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slipstream.evaluation import weighted
from slipstream.evaluation.regression import NOTABLE_SHARE, standard_deviation
from slipstream.evaluation.results import ScoreName
from slipstream.evaluation.weighted import Weights
from slipstream.measurement.intervals import Interval

__all__ = [
    "constant",
    "coverage",
    "differ",
    "off_level",
    "quality",
    "relative_pinball_change",
    "row_losses",
    "score_changes",
]

Floats = NDArray[np.float64]
Levels = Sequence[float]
MEDIAN = (0.5,)  # where no level is given
NOTABLE_GAP = 0.03  # a share of rows nearer to its level is as good as exact
RARELY = 1e-3  # chance alone puts hardly one of a hundred levels so far off


def quality(
    target: Floats, answers: Floats, weights: Weights = None, *, levels: Levels = MEDIAN
) -> dict[ScoreName, float]:
    """Score predicted quantiles (N, Q), or one number for all levels (N,), against the target (N,).

    The coverage gap is how far the share of rows at or below an answer is from its level, as a mean
    over the levels.
    """
    pinball = weighted.mean(_pinball(target, answers, levels), weights)
    relative = pinball / _guessing(target, weights, levels)
    gaps = np.abs(np.subtract(coverage(target, answers, weights), levels))
    return {
        "test_pinball": pinball,
        "test_d2_pinball": 1 - relative,
        "test_relative_pinball": relative,
        "test_coverage_gap": float(gaps.mean()),
    }


def constant(target: Floats, weights: Weights = None, *, levels: Levels = MEDIAN) -> Floats:
    """What a model answers that has learned only the target's own quantiles: (N, Q)."""
    answer = np.quantile(target, levels, weights=weights, method="inverted_cdf")
    return np.broadcast_to(answer, (len(target), len(levels)))


def coverage(target: Floats, answers: Floats, weights: Weights = None) -> tuple[float, ...]:
    """The share of rows whose target is at or below the answer, for each level."""
    below = target[:, None] <= answers.reshape(len(target), -1)
    return tuple(weighted.mean(each, weights) for each in below.T)


def off_level(
    target: Floats, answers: Floats, weights: Weights = None, *, levels: Levels = MEDIAN
) -> list[int]:
    """The places of the levels that are missed by much, and by more than chance explains.

    Rows within 1 % of the target's standard deviation of an answer count for the level: of a target
    that is often 0, many rows may be at 0, and an answer near it is as good.
    """
    slack = NOTABLE_SHARE * standard_deviation(target, weights)
    least, most = (
        coverage(target, answers - slack, weights),
        coverage(target, answers + slack, weights),
    )
    rows = _rows_worth(target, weights)
    found = []
    for place, level in enumerate(levels):
        short, beyond = level - most[place], least[place] - level
        by_chance = min(
            stats.binom.cdf(round(rows * most[place]), rows, level),
            stats.binom.sf(round(rows * least[place]) - 1, rows, level),
        )
        if max(short, beyond) > NOTABLE_GAP and by_chance < RARELY:
            found.append(place)
    return found


def _rows_worth(target: Floats, weights: Weights) -> int:
    """How many rows of one weight tell as much (Kish 1965)."""
    return len(target) if weights is None else round(weights.sum() ** 2 / (weights**2).sum())


def row_losses(
    target: Floats, answers: Floats, weights: Weights = None, *, levels: Levels = MEDIAN
) -> Floats:
    """The pinball loss of each row (N,), in standard deviations of the target."""
    return _pinball(target, answers, levels) / standard_deviation(target, weights)


def differ(target: Floats, before: Floats, after: Floats) -> NDArray[np.bool_]:
    """In which rows (N,) an answer differs by more than 1 % of the target's standard deviation."""
    return np.abs(after - before).max(axis=1) > NOTABLE_SHARE * standard_deviation(target)


def score_changes(  # noqa: PLR0913 - what every kind of target takes, and levels
    target: Floats,
    before: Floats,
    after: Floats,
    weights: Weights = None,
    *,
    accuracy: bool = False,  # noqa: ARG001 - of labels
    levels: Levels = MEDIAN,
) -> dict[ScoreName, Interval]:
    """How the relative pinball loss of one model's answers (N, Q) differs from another's."""
    change = relative_pinball_change(target, before, after, weights, levels=levels)
    return {"test_relative_pinball": change}


def relative_pinball_change(
    target: Floats,
    before: Floats,
    after: Floats,
    weights: Weights = None,
    *,
    levels: Levels = MEDIAN,
) -> Interval:
    """Relative pinball loss of after less that of before on the same rows, with its 95 % interval.

    It is a mean over rows, so the interval is that of a mean, paired by row.
    """
    losses = [_pinball(target, each, levels) for each in (before, after)]
    change = (losses[1] - losses[0]) / _guessing(target, weights, levels)
    return weighted.mean_interval(change, weights)


def _pinball(target: Floats, answers: Floats, levels: Levels) -> Floats:
    """The pinball loss of each row (N,), the mean over the levels, in the target's unit."""
    above, level = target[:, None] - answers.reshape(len(target), -1), np.asarray(levels)
    assert above.shape[1] in (1, len(level)), "an answer for each level, or one for all"
    return np.asarray(np.maximum(level * above, (level - 1) * above).mean(axis=1))


def _guessing(target: Floats, weights: Weights, levels: Levels) -> float:
    """The pinball loss of always answering the target's own quantiles; 1 if it is 0."""
    guess = constant(target, weights, levels=levels)
    return weighted.mean(_pinball(target, guess, levels), weights) or 1.0
