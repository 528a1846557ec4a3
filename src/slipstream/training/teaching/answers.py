"""Answers of a teacher: how well they fit, and the best blend of several models' answers.

Answers (N, O) are on the scale of an answer, numbers standardised as the table's target is.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.types import Task
from slipstream.training.teaching.table import Table

__all__ = ["LOSSES", "best_shares", "blended", "mean_loss"]

Floats = NDArray[np.float64]
LEAST_SHARE = 1e-7  # a probability is never 0: one row would decide
STEPS = 10  # of a share in a blend


def _log_losses(answers: Floats, target: Floats, _: Sequence[float]) -> Floats:
    right = np.where(target > 0.5, answers[:, 0], 1 - answers[:, 0])
    return -np.log(np.maximum(right, LEAST_SHARE))


def _label_losses(answers: Floats, target: Floats, _: Sequence[float]) -> Floats:
    right = answers[np.arange(len(target)), target.astype(np.int64)]
    return -np.log(np.maximum(right, LEAST_SHARE))


def _squared_errors(answers: Floats, target: Floats, _: Sequence[float]) -> Floats:
    return np.square(answers[:, 0] - target)


def _pinball_losses(answers: Floats, target: Floats, levels: Sequence[float]) -> Floats:
    above, level = target[:, None] - answers, np.asarray(levels)
    return np.maximum(level * above, (level - 1) * above).mean(axis=1)


# Each row's loss (N,) of answers (N, O), target (N,) and quantile levels; and its unit.
LOSSES: Mapping[Task, tuple[Callable[..., Floats], str]] = {
    "binary": (_log_losses, "nats"),
    "multiclass": (_label_losses, "nats"),
    "regression": (_squared_errors, "variances"),
    "quantiles": (_pinball_losses, "standard deviations"),
}


def mean_loss(answers: Floats, table: Table) -> float:
    """The mean loss of answers (N, O) a row of a table."""
    losses, _ = LOSSES[table.task]
    return float(np.average(losses(answers, table.target, table.quantiles), weights=table.weights))


def blended(answers: Sequence[tuple[float, Floats]]) -> Floats:
    """The sum of several models' answers (N, O), each times its share."""
    return np.sum([share * each for share, each in answers], axis=0)


def best_shares(answers: Sequence[Floats], loss: Callable[[Floats], float]) -> tuple[float, ...]:
    """The shares, in steps of a tenth, of the blend with the least loss; the first of equal ones.

    Args:
        answers: of each model, (N, O).
        loss: of a blend.
    """
    steps = itertools.product(range(STEPS, -1, -1), repeat=len(answers))
    grid = [tuple(step / STEPS for step in each) for each in steps if sum(each) == STEPS]
    return min(grid, key=lambda shares: loss(blended([*zip(shares, answers, strict=True)])))
