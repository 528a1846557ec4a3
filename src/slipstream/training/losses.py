"""Objectives: what training minimises and what an epoch reports, for each kind of target."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from slipstream.runtime.types import Task

__all__ = ["OBJECTIVES", "Objective", "objective_of"]

# Of outputs (N, O), target (N,) and, if they differ, the rows' weights (N,): a mean over rows.
Measure = Callable[..., Tensor]


@dataclass(frozen=True)
class Objective:
    """How well outputs match the target.

    `loss` is minimised; `watched` is shown with it after each epoch. `dtype` is the target's. Where
    it `is_standardised`, training sees the target less its mean, over its standard deviation, both
    of the training part. `soft_loss` is that of a teacher's answers (N, O) in place of the target.
    Where the answer `is_mean`, the target's expected value, training may see
    the target on another scale. `start` gives what the outputs (O,) begin with, of the target (N,)
    and the rows' weights; None: with about 0.
    """

    loss: Measure
    soft_loss: Measure
    watched: Mapping[str, Measure]
    dtype: torch.dtype = torch.float32
    is_standardised: bool = False
    start: Measure | None = None
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


def _soft_binary_loss(logits: Tensor, soft: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy in nats of logits (N, 1) with probabilities (N, 1)."""
    return _binary_loss(logits, soft[:, 0], weight)


def _binary_accuracy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """The share of rows whose more probable label is the right one."""
    return _mean(((logits[:, 0] >= 0) == (target > 0.5)).float(), weight)


def _multiclass_loss(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy in nats of logits (N, C), one a label."""
    return _mean(functional.cross_entropy(logits, target, reduction="none"), weight)


def _soft_multiclass_loss(logits: Tensor, soft: Tensor, weight: Tensor | None = None) -> Tensor:
    """Cross-entropy in nats of logits (N, C) with probabilities (N, C)."""
    return _mean(functional.cross_entropy(logits, soft, reduction="none"), weight)


def _multiclass_accuracy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """The share of rows whose most probable label is the right one."""
    return _mean((logits.argmax(dim=1) == target).float(), weight)


def _squared_error(outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Squared error of outputs (N, 1), in variances of the training part's target."""
    return _mean((outputs[:, 0] - target).square(), weight)


def _soft_squared_error(outputs: Tensor, soft: Tensor, weight: Tensor | None = None) -> Tensor:
    """Squared error of outputs (N, O), the mean over a row's outputs."""
    return _mean((outputs - soft).square().mean(dim=1), weight)


def _r2(outputs: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """R², the share of variance explained: against the training part's mean and variance."""
    return 1 - _squared_error(outputs, target, weight)


def _pinball_loss(
    outputs: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    levels: Sequence[float] = (0.5,),
) -> Tensor:
    """Pinball loss of outputs (N, Q), the mean over the levels (Koenker and Bassett 1978).

    Outputs are compared as the network gives them. Putting a row's into ascending order, as the
    link does, never raises the loss (Chernozhukov, Fernández-Val and Galichon 2010).
    """
    assert outputs.shape[1] == len(levels), "an output for each level"
    above = target[:, None] - outputs
    level = torch.tensor(levels, dtype=outputs.dtype)
    return _mean(torch.maximum(level * above, (level - 1) * above).mean(dim=1), weight)


def _own_quantiles(
    target: Tensor, weight: Tensor | None = None, *, levels: Sequence[float] = (0.5,)
) -> Tensor:
    """The target's own quantiles (Q,): outputs far from the middle would take long to get there."""
    weights = None if weight is None else weight.numpy()
    found = np.quantile(target.numpy(), levels, weights=weights, method="inverted_cdf")
    return torch.from_numpy(found)


OBJECTIVES: Mapping[Task, Objective] = {
    "binary": Objective(
        loss=_binary_loss, soft_loss=_soft_binary_loss, watched={"accuracy": _binary_accuracy}
    ),
    "multiclass": Objective(
        loss=_multiclass_loss,
        soft_loss=_soft_multiclass_loss,
        watched={"accuracy": _multiclass_accuracy},
        dtype=torch.int64,
    ),
    "regression": Objective(
        loss=_squared_error,
        soft_loss=_soft_squared_error,
        watched={"r2": _r2},
        is_standardised=True,
        is_mean=True,
    ),
    "quantiles": Objective(
        loss=_pinball_loss,
        soft_loss=_soft_squared_error,
        watched={},
        is_standardised=True,
        start=_own_quantiles,
    ),
}


def objective_of(task: Task, quantiles: Sequence[float] = ()) -> Objective:
    """The objective of a kind of target; of quantiles, at these levels."""
    objective = OBJECTIVES[task]
    if task != "quantiles":
        return objective
    return replace(
        objective,
        loss=partial(_pinball_loss, levels=quantiles),
        start=partial(_own_quantiles, levels=quantiles),
    )
