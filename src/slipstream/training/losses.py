"""Objectives: what training minimises and what an epoch reports, for each kind of target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from slipstream.runtime.types import Task

__all__ = ["OBJECTIVES", "Objective"]

Measure = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """How well outputs (N, O) match the target (N,): each measure is one number, a mean over rows.

    `loss` is minimised; `watched` is shown with it after each epoch.
    """

    loss: Measure
    watched: Mapping[str, Measure]

    def figures(self, outputs: Tensor, target: Tensor) -> dict[str, float]:
        """The loss, and what is watched."""
        measures = {"loss": self.loss, **self.watched}
        return {name: float(measure(outputs, target)) for name, measure in measures.items()}


def _binary_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy in nats of logits (N, 1) of the positive class."""
    return functional.binary_cross_entropy_with_logits(logits[:, 0], target)


def _binary_accuracy(logits: Tensor, target: Tensor) -> Tensor:
    """The share of rows whose more probable label is the right one."""
    return ((logits[:, 0] >= 0) == (target > 0.5)).float().mean()


OBJECTIVES: Mapping[Task, Objective] = {
    "binary": Objective(loss=_binary_loss, watched={"accuracy": _binary_accuracy}),
}
