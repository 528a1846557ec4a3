"""Scales: a skewed number may be learned as its logarithm, and is answered in its own unit.

A network that learned z = log(1 + y) by squared error has residuals e of mean 0 on that scale, but
exp(z) - 1 is too low in the mean, since the mean of exp(e) is above 1. Duan's smearing estimate
(1983, JASA 78, 605-610) assumes no distribution of e: E[1 + y] is the mean over the training rows
of exp(z + e), which is exp(z + log s), where s is the mean of exp(e). So log s, added to the last
layer's bias, is all that it takes.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.references import ScaleTrial
from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import TARGET, weights_of
from slipstream.measurement.units import quantity
from slipstream.runtime.errors import InputError
from slipstream.runtime.types import TargetScale
from slipstream.training.losses import Objective

__all__ = [
    "as_logarithms",
    "compare",
    "may_pay",
    "root_mean_square",
    "scales_to_try",
    "sentence",
    "skewness",
    "smearing",
]

# A logarithm is tried where the skewness is above this ("highly skewed" to Bulmer 1979, "Principles
# of Statistics"), and the logarithms are at most this many times as skewed.
SKEWED = 1.0
LESS_SKEWED = 0.5

Floats = NDArray[np.float64]


def scales_to_try(
    objective: Objective, training: TrainingConfig, train: pd.DataFrame, validation: pd.DataFrame
) -> tuple[TargetScale, ...]:
    """The scales on which a network is to be fitted; of several, the validation part decides.

    Raises:
        InputError: the config asks for logarithms, and the target has none.
    """
    possible = all((rows[TARGET] > -1).all() for rows in (train, validation))
    if training.target_scale == "log1p":
        _check(objective, [train, validation], is_possible=possible)
    if training.target_scale != "auto":
        return (training.target_scale,)
    if objective.is_mean and possible and may_pay(train):
        return ("identity", "log1p")
    return ("identity",)


def _check(objective: Objective, parts: Sequence[pd.DataFrame], *, is_possible: bool) -> None:
    if not objective.is_mean:
        raise InputError(
            "training.target_scale must be auto or identity unless one number is predicted, "
            "however: it is log1p; leave it out"
        )
    if not is_possible:
        count = sum(int((rows[TARGET] <= -1).sum()) for rows in parts)
        raise InputError(
            "every target must be above -1 for training.target_scale = log1p, however: "
            f"{count:,} rows are not; leave it out, or add a constant to the target"
        )


def may_pay(rows: pd.DataFrame) -> bool:
    """Whether a target above -1 is skewed, and its logarithms are clearly less so."""
    before = skewness(rows[TARGET].to_numpy(np.float64), weights_of(rows))
    after = skewness(as_logarithms(rows)[TARGET].to_numpy(), weights_of(rows))
    return before > SKEWED and abs(after) <= LESS_SKEWED * before


def skewness(values: Floats, weights: Floats | None = None) -> float:
    """The third central moment of values (N,) over their standard deviation's cube."""
    centred = values - np.average(values, weights=weights)
    deviation = math.sqrt(np.average(np.square(centred), weights=weights))
    if not deviation:
        return 0.0
    return float(np.average((centred / deviation) ** 3, weights=weights))


def as_logarithms(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with log(1 + target) as their target."""
    return rows.assign(**{TARGET: np.log1p(rows[TARGET].to_numpy(np.float64))})


def smearing(residuals: Floats, weights: Floats | None = None) -> float:
    """The log of the (weighted) mean of exp of residuals (N,), also where one is large."""
    largest = float(residuals.max())
    return largest + math.log(np.average(np.exp(residuals - largest), weights=weights))


def root_mean_square(errors: Floats, weights: Floats | None = None) -> float:
    """Of errors (N,)."""
    return math.sqrt(np.average(np.square(errors), weights=weights))


def compare(rows: pd.DataFrame, val_rmse: Mapping[TargetScale, float]) -> ScaleTrial | None:
    """The trial of several scales on training rows, each with its RMSE; None of one only."""
    if len(val_rmse) == 1:
        return None
    return ScaleTrial(
        skewness=skewness(rows[TARGET].to_numpy(np.float64), weights_of(rows)), val_rmse=val_rmse
    )


def sentence(trial: ScaleTrial, kept: TargetScale) -> str:
    """What was tried, what was kept, and why."""
    before, after = (quantity(trial.val_rmse[each]) for each in ("identity", "log1p"))
    if kept == "log1p":
        outcome = f"is kept: it lowers the validation RMSE from {before} to {after}"
    else:
        outcome = f"is not kept: its validation RMSE is {after}, and without it {before}"
    return (
        f"the target has a skewness of {trial.skewness:.3g}; training on log(1 + target) {outcome}"
    )
