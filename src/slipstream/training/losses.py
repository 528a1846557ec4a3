"""Objectives: what training minimises and what an epoch reports, for each kind of target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from slipstream.runtime.types import Task

__all__ = ["OBJECTIVES", "Objective"]

# Of outputs (N, O), target (N,) and, if they differ, the rows' weights (N,): a mean over rows.
Measure = Callable[..., Tensor]


@dataclass(frozen=True)
class Objective:
    """How well outputs match the target.

    `loss` is minimised; `watched` is shown with it after each epoch. `dtype` is the target's. Where
    it `is_standardised`, training sees the target less its mean, over its standard deviation, both
    of the training part. Where the answer `is_mean`, the target's expected value, training may see
    the target on another scale.
    """

    loss: Measure
    watched: Mapping[str, Measure]
    dtype: torch.dtype = torch.float32
    is_standardised: bool = False
    is_mean: bool = False

    def figures(
        self, outputs: Tensor, target: Tensor, weight: Tensor | None = None
    ) -> dict[str, float]:
        """The loss, and what is watched."""
        measures = {"loss": self.loss, **self.watched}
        return {name: float(each(outputs, target, weight)) for name, each in measures.items()}


def _mean(values: Tensor, weight: Tensor | None = None) -> Tensor:
    return values.mean() if weight is None else (values * weight).mean()


def _binary_loss(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy in nats of logits (N, 1) of the positive class."""
    return functional.binary_cross_entropy_with_logits(logits[:, 0], target, weight)


def _binary_accuracy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """The share of rows whose more probable label is the right one."""
    return _mean(((logits[:, 0] >= 0) == (target > 0.5)).float(), weight)


def _multiclass_loss(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy in nats of logits (N, C), one a label."""
    return _mean(functional.cross_entropy(logits, target, reduction="none"), weight)


def _multiclass_accuracy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """The share of rows whose most probable label is the right one."""
    return _mean((logits.argmax(dim=1) == target).float(), weight)


def _squared_error(outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Squared error of outputs (N, 1), in variances of the training part's target."""
    return _mean((outputs[:, 0] - target).square(), weight)


def _r2(outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """R², the share of variance explained: against the training part's mean and variance."""
    return 1 - _squared_error(outputs, target, weight)


OBJECTIVES: Mapping[Task, Objective] = {
    "binary": Objective(loss=_binary_loss, watched={"accuracy": _binary_accuracy}),
    "multiclass": Objective(
        loss=_multiclass_loss, watched={"accuracy": _multiclass_accuracy}, dtype=torch.int64
    ),
    "regression": Objective(
        loss=_squared_error, watched={"r2": _r2}, is_standardised=True, is_mean=True
    ),
}
