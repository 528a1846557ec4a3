"""Scoring: how answers are scored against the target, for each kind of target."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.evaluation import metrics, multiclass, quantiles, regression
from slipstream.evaluation.results import Order, ScoreName
from slipstream.evaluation.weighted import Weights
from slipstream.measurement.intervals import Interval
from slipstream.runtime.links import HALF
from slipstream.runtime.types import Task

__all__ = ["SCORING", "Scoring", "scoring_at"]

Floats = NDArray[np.float64]
Numbers = NDArray[Any]


@dataclass(frozen=True)
class Scoring:
    """How a predictor's answers, one a row, are scored against the target (N,).

    An answer is a number, for more than two labels the probability of each, or several quantiles.
    All but `differ` take the rows' weights (N,) last: None where all rows count alike.

    Attributes:
        quality: the test metrics, by MLflow's keys.
        row_losses: each row's loss (N,), in `loss_unit`; smaller is better.
        guess: the answers of a model that has learned only how often each label occurs, the mean,
            or the quantiles.
        differ: which answers before and after (N,) a user would act on differently.
        changes: what the answers before and after have as scores, each paired by row.
        judged_by: the one score by which a model is held against the baseline.
        baseline_change: how it changes from one model to another, paired by row.
        order: how well answers order the rows, whatever their size.
        loss_name: what a person calls `row_losses`.
        loss_unit: their unit.
    """

    quality: Callable[[Numbers, Floats, Weights], dict[ScoreName, float]]
    row_losses: Callable[[Numbers, Floats, Weights], Floats]
    guess: Callable[[Numbers, Weights], Floats]
    differ: Callable[[Numbers, Floats, Floats], NDArray[np.bool_]]
    changes: Callable[..., dict[ScoreName, Interval]]
    judged_by: ScoreName
    baseline_change: Callable[[Numbers, Floats, Floats, Weights], Interval]
    order: Callable[[Numbers, Floats, Weights], Order]
    loss_name: str
    loss_unit: str


def _positive_share(target: Numbers, weights: Weights = None) -> Floats:
    return np.full(len(target), np.average(target, weights=weights))


def _log_losses(target: Numbers, probability: Floats, _: Weights = None) -> Floats:
    return metrics.row_log_loss(target, probability)


def _label_losses(target: Numbers, probability: Floats, _: Weights = None) -> Floats:
    return multiclass.row_log_loss(target, probability)


def _auc_order(
    change: Callable[..., Interval], target: Numbers, probability: Floats, weights: Weights
) -> Order:
    """The AUC, with the interval of its change from answers that are all the same."""
    found = change(target, np.zeros_like(probability), probability, weights)
    auc = Interval(
        estimate=HALF + found.estimate,
        low=max(HALF + found.low, 0.0),
        high=min(HALF + found.high, 1.0),
    )
    return Order(
        name="AUC",
        measured=auc,
        chance=HALF,
        use="the order of its answers is better than chance, the probabilities themselves may "
        "not be; use them to rank rows, and train on more rows, or a smaller model, for better "
        "ones",
    )


def _rank_order(target: Numbers, answers: Floats, weights: Weights) -> Order:
    return Order(
        name="rank correlation",
        measured=regression.rank_correlation(target, answers, weights),
        chance=0.0,
        use="the order of its answers is better than chance, the numbers themselves may not be; "
        "use them to rank rows, and look for extreme values of the target, which decide this loss",
    )


def _mean_order(target: Numbers, answers: Floats, weights: Weights) -> Order:
    return _rank_order(target, answers.mean(axis=1), weights)


def _labels_differ(
    _: Numbers, before: Floats, after: Floats, *, threshold: float = HALF
) -> NDArray[np.bool_]:
    return (before >= threshold) != (after >= threshold)


def _choices_differ(_: Numbers, before: Floats, after: Floats) -> NDArray[np.bool_]:
    return multiclass.chosen(before) != multiclass.chosen(after)


SCORING: Mapping[Task, Scoring] = {
    "binary": Scoring(
        quality=metrics.quality,
        row_losses=_log_losses,
        guess=_positive_share,
        differ=_labels_differ,
        changes=metrics.score_changes,
        judged_by="test_auc",
        baseline_change=metrics.auc_change,
        order=partial(_auc_order, metrics.auc_change),
        loss_name="log-loss",
        loss_unit="nats",
    ),
    "multiclass": Scoring(
        quality=multiclass.quality,
        row_losses=_label_losses,
        guess=multiclass.class_shares,
        differ=_choices_differ,
        changes=multiclass.score_changes,
        judged_by="test_auc",
        baseline_change=multiclass.auc_change,
        order=partial(_auc_order, multiclass.auc_change),
        loss_name="log-loss",
        loss_unit="nats",
    ),
    "regression": Scoring(
        quality=regression.quality,
        row_losses=regression.row_losses,
        guess=regression.mean,
        differ=regression.differ,
        changes=regression.score_changes,
        judged_by="test_relative_rmse",
        baseline_change=regression.relative_rmse_change,
        order=_rank_order,
        loss_name="squared error",
        loss_unit="of the target's variance",
    ),
    "quantiles": Scoring(
        quality=quantiles.quality,
        row_losses=quantiles.row_losses,
        guess=quantiles.constant,
        differ=quantiles.differ,
        changes=quantiles.score_changes,
        judged_by="test_relative_pinball",
        baseline_change=quantiles.relative_pinball_change,
        order=_mean_order,
        loss_name="pinball loss",
        loss_unit="of the target's standard deviation",
    ),
}


def scoring_at(threshold: float, task: Task, levels: Sequence[float] = ()) -> Scoring:
    """How answers are scored where, of two labels, a row gets the second from a threshold on.

    Of quantiles, `levels` are those that the answers are for.
    """
    scoring = SCORING[task]
    if task == "quantiles":
        return _at_levels(scoring, levels)
    if task != "binary":
        return scoring
    return replace(
        scoring,
        quality=partial(metrics.quality, threshold=threshold),
        differ=partial(_labels_differ, threshold=threshold),
        changes=partial(metrics.score_changes, threshold=threshold),
    )


def _at_levels(scoring: Scoring, levels: Sequence[float]) -> Scoring:
    return replace(
        scoring,
        quality=partial(quantiles.quality, levels=levels),
        row_losses=partial(quantiles.row_losses, levels=levels),
        guess=partial(quantiles.constant, levels=levels),
        changes=partial(quantiles.score_changes, levels=levels),
        baseline_change=partial(quantiles.relative_pinball_change, levels=levels),
    )
