"""Threshold: from which probability on a row gets the positive label, chosen on validation rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.config.evaluation import EvaluationConfig
from slipstream.runtime.errors import InputError
from slipstream.runtime.links import HALF
from slipstream.runtime.types import Task

__all__ = ["check_threshold", "choose"]

Floats = NDArray[np.float64]


def check_threshold(evaluation: EvaluationConfig, task: Task) -> None:
    """Check that there is a threshold to choose.

    Raises:
        InputError: a criterion is given, and the target does not have two labels.
    """
    if evaluation.threshold != "half" and task != "binary":
        raise InputError(
            "evaluation.threshold must be half unless the target has two labels, however: it is "
            f"{evaluation.threshold}, and the target is {task}; leave it out"
        )


def choose(
    target: NDArray[Any],
    probability: Floats,
    weights: Floats | None,
    evaluation: EvaluationConfig,
) -> float:
    """Choose the threshold by the config's criterion; of equally good ones, that nearest 0.5.

    Tried are 0.5, the middle between each two probabilities that follow one another, and those
    outside of all: no row is positive, or every row.

    Args:
        target: 1 for positive, else 0 (N,).
        probability: of the positive label (N,).
        weights: of the rows (N,); None: all count alike.
        evaluation: the criterion.
    """
    if evaluation.threshold == "half":
        return HALF
    tried = _candidates(probability)
    rows = np.ones(len(target)) if weights is None else weights
    hits = _sum_from(tried, probability, rows * target)
    false_alarms = _sum_from(tried, probability, rows * (1 - target))
    misses = float((rows * target).sum()) - hits
    if evaluation.threshold == "f1":
        merit = 2 * hits / np.maximum(2 * hits + false_alarms + misses, np.finfo(float).tiny)
    else:
        merit = -(false_alarms + evaluation.cost * misses)
    best = tried[np.isclose(merit, merit.max(), rtol=1e-12, atol=0)]
    return float(best[np.abs(best - HALF).argmin()])


def _candidates(probability: Floats) -> Floats:
    """Thresholds (T,), ascending, that call different rows positive, and 0.5."""
    bounds = np.unique(np.concatenate([[0.0], probability, [1.0]]))
    middle = (bounds[:-1] + bounds[1:]) / 2
    middle = np.where(middle > bounds[:-1], middle, bounds[1:])  # there may be no number between
    return np.unique(np.append(middle, HALF))


def _sum_from(tried: Floats, probability: Floats, counts: Floats) -> Floats:
    """For each threshold, the sum of the counts (N,) of rows whose probability reaches it."""
    order = np.argsort(probability)
    sums = np.concatenate([[0.0], np.cumsum(counts[order])])
    return sums[-1] - sums[np.searchsorted(probability[order], tried)]
