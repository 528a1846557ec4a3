"""Temperature: one number by which logits are divided, so that probabilities mean what they say.

Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 9. It is fitted by log-loss to rows
that the network did not learn from, and folded into the output layer: no row changes its rank.
"""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from slipstream.artifacts.temperature import TemperatureFit
from slipstream.runtime.bundle import Bundle
from slipstream.runtime.types import Task

__all__ = ["cooled", "fit", "log_loss", "sentence", "temperature"]

LARGEST = 8.0  # and the smallest is 1 / LARGEST

Floats = NDArray[np.float64]


def temperature(
    outputs: NDArray[np.floating], target: NDArray[Any], weights: Floats | None, task: Task
) -> float:
    """The temperature of the lowest log-loss; 1 where answers are no probabilities.

    Rows that are all answered rightly would be best with probabilities of 1. So, as Platt (1999,
    "Probabilistic Outputs for Support Vector Machines", eq. 10) does, the loss counts as if one
    more row had every label alike.

    Args:
        outputs: before the link (N, O), of rows that the network did not learn from.
        target: the labels' numbers (N,).
        weights: of the rows (N,); None: all count alike.
        task: what is predicted.
    """
    if task not in ("binary", "multiclass"):
        return 1.0
    logits = _logits(outputs)
    labels = np.full(logits.shape[1], 1 / logits.shape[1])
    rows = np.ones(len(logits)) if weights is None else weights / weights.mean()
    shares = np.zeros_like(logits)
    shares[np.arange(len(logits)), target.astype(int)] = 1
    shares = (len(logits) * shares + labels) / (len(logits) + 1)
    loss = partial(_cross_entropy, logits, shares, rows)
    bounds = (-math.log(LARGEST), math.log(LARGEST))
    found = minimize_scalar(lambda log: loss(math.exp(log)), bounds=bounds, method="bounded")
    return math.exp(float(found.x))


def fit(
    outputs: NDArray[np.floating], target: NDArray[Any], weights: Floats | None, task: Task
) -> TemperatureFit | None:
    """The temperature of `temperature` and the log-loss with it, or None where it does not help.

    It helps where it lowers the log-loss of all rows together by more than one nat, which is what a
    number fitted to noise may do (Akaike 1974, "A New Look at the Statistical Model
    Identification").
    """
    found = temperature(outputs, target, weights, task)
    if found == 1:
        return None
    before, after = (log_loss(outputs, target, weights, each) for each in (1.0, found))
    if (before - after) * len(target) <= 1:
        return None
    return TemperatureFit(temperature=found, val_log_loss_before=before, val_log_loss=after)


def log_loss(
    outputs: NDArray[np.floating], target: NDArray[Any], weights: Floats | None, by: float
) -> float:
    """The mean cross-entropy in nats of outputs (N, O) that are divided by a temperature."""
    logits = _logits(outputs)
    shares = np.eye(logits.shape[1])[target.astype(int)]
    rows = np.ones(len(logits)) if weights is None else weights / weights.mean()
    return _cross_entropy(logits, shares, rows, by)


def cooled(float32: Bundle, by: float) -> Bundle:
    """A bundle whose logits are divided by a temperature."""
    *before, last = float32.layers
    scaled = replace(
        last,
        weight=(last.weight / by).astype(np.float32),
        bias=(last.bias / by).astype(np.float32),
    )
    return replace(float32, layers=(*before, scaled))


def sentence(fitted: TemperatureFit) -> str:
    """What was changed, and what it brought."""
    return (
        f"the network's logits are divided by a temperature of {fitted.temperature:.3g}: it lowers "
        f"the validation log-loss from {fitted.val_log_loss_before:.4f} to "
        f"{fitted.val_log_loss:.4f}, and changes no order of rows"
    )


def _logits(outputs: NDArray[np.floating]) -> Floats:
    """One logit for each label (N, C): a single output is that of the second of two."""
    values = outputs.astype(np.float64)
    return values if values.shape[1] > 1 else np.column_stack([np.zeros(len(values)), values])


def _cross_entropy(logits: Floats, shares: Floats, rows: Floats, by: float) -> float:
    """Of labels' shares (N, C), in nats, with the rows' weights (N,) of mean 1."""
    divided = logits / by
    largest = divided.max(axis=1, keepdims=True)
    sums = largest[:, 0] + np.log(np.exp(divided - largest).sum(axis=1))
    return float(np.mean(rows * (sums - (shares * divided).sum(axis=1))))
