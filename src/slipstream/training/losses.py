"""Objectives: what training minimises and what an epoch reports, for each kind of target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from slipstream.runtime.types import Task

__all__ = ["OBJECTIVES", "Objective"]

Measure = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """How well outputs (N, O) match the target (N,): each measure has one number a row (N,).

    Its mean over the rows of `loss` is minimised; that of `watched` is shown with it after each
    epoch. `dtype` is the target's. Where it `is_standardised`, training sees the target less its
    mean, over its standard deviation, both of the training part.
    """

    loss: Measure
    watched: Mapping[str, Measure]
    dtype: torch.dtype = torch.float32
    is_standardised: bool = False

    def figures(self, outputs: Tensor, target: Tensor) -> dict[str, float]:
        """The loss, and what is watched: means over the rows."""
        measures = {"loss": self.loss, **self.watched}
        return {name: float(measure(outputs, target).mean()) for name, measure in measures.items()}


def _binary_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy in nats of logits (N, 1) of the positive class."""
    return functional.binary_cross_entropy_with_logits(logits[:, 0], target, reduction="none")


def _binary_accuracy(logits: Tensor, target: Tensor) -> Tensor:
    """1 where the more probable label is the right one."""
    return ((logits[:, 0] >= 0) == (target > 0.5)).float()


def _multiclass_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy in nats of logits (N, C), one a label."""
    return functional.cross_entropy(logits, target, reduction="none")


def _multiclass_accuracy(logits: Tensor, target: Tensor) -> Tensor:
    """1 where the most probable label is the right one."""
    return (logits.argmax(dim=1) == target).float()


def _squared_error(outputs: Tensor, target: Tensor) -> Tensor:
    """Squared error of outputs (N, 1), in variances of the target."""
    return (outputs[:, 0] - target).square()


def _r2(outputs: Tensor, target: Tensor) -> Tensor:
    """What a row contributes to R², the share of variance explained, of a standardised target."""
    return 1 - _squared_error(outputs, target)


OBJECTIVES: Mapping[Task, Objective] = {
    "binary": Objective(loss=_binary_loss, watched={"accuracy": _binary_accuracy}),
    "multiclass": Objective(
        loss=_multiclass_loss, watched={"accuracy": _multiclass_accuracy}, dtype=torch.int64
    ),
    "regression": Objective(loss=_squared_error, watched={"r2": _r2}, is_standardised=True),
}
