"""Measures: by which score models of one run are compared on validation rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from slipstream.artifacts.selection import Compared
from slipstream.evaluation import weighted
from slipstream.evaluation.judging import LOWER_IS_BETTER, NAMES
from slipstream.evaluation.scoring import Scoring, scoring_at
from slipstream.evaluation.weighted import Weights
from slipstream.measurement.intervals import Interval
from slipstream.runtime.links import HALF
from slipstream.runtime.types import Task

__all__ = ["Lost", "Measure", "allowed", "as_good", "measure_of", "relative_loss"]

C = TypeVar("C", bound=Compared)
Floats = NDArray[np.float64]
HALF_WIDTH = 1.96  # of a 95 % interval, in standard errors
CHANCE = 0.5  # standard errors of a loss that count as none


@dataclass(frozen=True)
class Lost:
    """How much score a model loses to another on the same rows, and its standard error.

    `is_worse` is whether the rows' mean loss says that it is worse, whatever the score does: it
    tells models apart where rows are few, or where each of them puts all in the right order.
    """

    estimate: float
    error: float
    is_worse: bool = False


@dataclass(frozen=True)
class Measure:
    """A score of answers against the target (N,) of rows with these weights (N,), or None.

    `lost` is how much of it the second model's answers lose to the first's, paired by row.
    """

    name: str
    lower_is_better: bool
    score: Callable[[NDArray[Any], Floats, Weights], float]
    change: Callable[[NDArray[Any], Floats, Floats, Weights], Interval]
    guess: Callable[[NDArray[Any], Weights], Floats]

    def lost(self, target: NDArray[Any], before: Floats, after: Floats, weights: Weights) -> Lost:
        """How much is lost from one model's answers to another's."""
        change = self.change(target, before, after, weights)
        estimate = change.estimate if self.lower_is_better else -change.estimate
        return Lost(estimate, (change.high - change.low) / (2 * HALF_WIDTH))

    def best(self, scores: Sequence[float]) -> int:
        """The index of the best score; ties go to the first."""
        return int((np.argmin if self.lower_is_better else np.argmax)(scores))

    def is_learned(self, target: NDArray[Any], answers: Floats, weights: Weights) -> bool:
        """Whether answers are better than a constant one, beyond chance."""
        lost = self.lost(target, self.guess(target, weights), answers, weights)
        return lost.estimate + HALF_WIDTH * lost.error < 0


def allowed(tolerance: float, error: float) -> float:
    """How much a smaller model may lose: the tolerance, or half a standard error of what is lost.

    A whole one (Breiman et al. 1984, "Classification and Regression Trees", section 3.4.3) costs
    more score than the columns that it saves are worth, on large tables too.
    """
    return max(tolerance, CHANCE * error)


def as_good(compared: Iterable[C], tolerance: float) -> list[C]:
    """What loses no more score than is allowed, and is not worse by its loss.

    Where rows are few, much score may be lost; the mean loss tells models apart all the same.
    """
    return [
        each
        for each in compared
        if each.lost <= allowed(tolerance, each.error) and not each.is_worse
    ]


def measure_of(task: Task, levels: Sequence[float] = ()) -> Measure:
    """The measure of a kind of target: the score that a verdict goes by, with one exception.

    Of several labels, the area under the curve hardly moves where many answers do, so it is the
    log-loss as a share of that of a constant answer.
    """
    scoring = scoring_at(HALF, task, levels)
    if task == "multiclass":
        return relative_loss(scoring)
    return Measure(
        name=NAMES[scoring.judged_by],
        lower_is_better=scoring.judged_by in LOWER_IS_BETTER,
        score=lambda *rows: scoring.quality(*rows)[scoring.judged_by],
        change=scoring.baseline_change,
        guess=scoring.guess,
    )


def relative_loss(scoring: Scoring) -> Measure:
    """The mean loss of rows, as a share of that of a constant answer."""

    def of_guessing(target: NDArray[Any], weights: Weights) -> float:
        guess = scoring.guess(target, weights)
        return weighted.mean(scoring.row_losses(target, guess, weights), weights) or 1.0

    def score(target: NDArray[Any], answers: Floats, weights: Weights) -> float:
        losses = scoring.row_losses(target, answers, weights)
        return weighted.mean(losses, weights) / of_guessing(target, weights)

    def change(target: NDArray[Any], before: Floats, after: Floats, weights: Weights) -> Interval:
        losses = [scoring.row_losses(target, each, weights) for each in (before, after)]
        more = (losses[1] - losses[0]) / of_guessing(target, weights)
        return weighted.mean_interval(more, weights)

    return Measure(f"relative {scoring.loss_name}", True, score, change, scoring.guess)
