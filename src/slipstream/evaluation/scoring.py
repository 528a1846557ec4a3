"""Scoring: how answers are scored against the target, for each kind of target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.evaluation.metrics import auc_change, quality, row_log_loss, score_changes
from slipstream.evaluation.results import ScoreName
from slipstream.measurement.intervals import Interval
from slipstream.runtime.types import Task

__all__ = ["SCORING", "Scoring"]

Floats = NDArray[np.float64]
Numbers = NDArray[Any]


@dataclass(frozen=True)
class Scoring:
    """How a predictor's answers, one a row, are scored against the target (N,).

    Attributes:
        quality: the test metrics, by MLflow's keys.
        row_losses: each row's loss (N,), in `loss_unit`; smaller is better.
        guess: the answers (N,) of a model that has learned only how often each label occurs.
        decisions: which label each answer stands for (N,).
        changes: what the answers before and after have as scores, each paired by row.
        baseline_change: the one score by which a model is held against the baseline, paired by row.
        loss_name: what a person calls `row_losses`.
        loss_unit: their unit.
    """

    quality: Callable[[Numbers, Floats], dict[ScoreName, float]]
    row_losses: Callable[[Numbers, Floats], Floats]
    guess: Callable[[Numbers], Floats]
    decisions: Callable[[Floats], NDArray[np.int64]]
    changes: Callable[..., dict[ScoreName, Interval]]
    baseline_change: Callable[[Numbers, Floats, Floats], Interval]
    loss_name: str
    loss_unit: str


def _positive_share(target: Numbers) -> Floats:
    return np.full(len(target), target.mean())


def _is_positive(probability: Floats) -> NDArray[np.int64]:
    return (probability >= 0.5).astype(np.int64)


SCORING: Mapping[Task, Scoring] = {
    "binary": Scoring(
        quality=quality,
        row_losses=row_log_loss,
        guess=_positive_share,
        decisions=_is_positive,
        changes=score_changes,
        baseline_change=auc_change,
        loss_name="log-loss",
        loss_unit="nats",
    ),
}
