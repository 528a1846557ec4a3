"""Rows as tensors: what a network reads, and what it learns from."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from slipstream.data.snapshot import TARGET, weights_of
from slipstream.runtime.columns import Column
from slipstream.training.encoding import positions
from slipstream.training.losses import Objective
from slipstream.training.reading import Encoding

__all__ = ["Batch", "Standard", "TrainingData", "inputs_of"]

HARD = 0.3  # share of a real row's loss that its own label has where a teacher answered it too

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrainingData:
    """The fitted columns that a network reads, and normalised rows with their target.

    It learns from those of `train`, and stops by those of `validation`, if there are any. Where a
    teacher answered the training rows, `soft` (N, O) are its answers, and `synthetic` are rows that
    only the teacher answered, `synthetic_soft` (S, O). Answers are on the target's scale:
    probabilities, or numbers.
    """

    columns: Sequence[Column]
    train: pd.DataFrame
    validation: pd.DataFrame | None
    soft: Floats | None = None
    synthetic: pd.DataFrame | None = None
    synthetic_soft: Floats | None = None


@dataclass(frozen=True)
class Standard:
    """The mean and standard deviation that training takes out of a target."""

    mean: float = 0.0
    deviation: float = 1.0

    @classmethod
    def of(cls, rows: pd.DataFrame, objective: Objective) -> "Standard":
        """Those of training rows, where the objective asks for it."""
        if not objective.is_standardised:
            return cls()
        target, weights = rows[TARGET].to_numpy(np.float64), weights_of(rows)
        mean = float(np.average(target, weights=weights))
        deviation = math.sqrt(float(np.average(np.square(target - mean), weights=weights)))
        return cls(mean, deviation or 1.0)

    def apply(self, values: NDArray[np.generic]) -> Floats:
        """Values in the unit that training sees."""
        return (values.astype(np.float64) - self.mean) / self.deviation

    def undo(self, values: Floats) -> Floats:
        """Values that training sees in the target's own unit."""
        return values * self.deviation + self.mean


@dataclass(frozen=True)
class Batch:
    """N rows: table rows (N, 2L) and their shares (N, 2L), target (N,).

    `weight` (N,) is how much a row's target counts, with the mean 1; None: all count alike. Where a
    teacher answered the rows, `soft` (N, O) are its answers and `soft_weight` (N,) how much they
    count.
    """

    rows: Tensor
    shares: Tensor
    target: Tensor
    weight: Tensor | None = None
    soft: Tensor | None = None
    soft_weight: Tensor | None = None

    @classmethod
    def of(
        cls,
        inputs: tuple[Tensor, Tensor],
        rows: pd.DataFrame,
        standard: Standard,
        objective: Objective,
    ) -> "Batch":
        """Normalised rows with their target; `inputs` are their table rows and shares."""
        weights = weights_of(rows)
        target = torch.from_numpy(standard.apply(rows[TARGET].to_numpy())).to(objective.dtype)
        weight = None if weights is None else torch.from_numpy(weights).float()
        return cls(*inputs, target, weight)

    def taught(self, soft: Floats, standard: Standard) -> "Batch":
        """The same rows with a teacher's answers (N, O).

        A row's loss is HARD times that of its label, and the rest that of the teacher's answer.
        """
        weight = torch.ones(len(self)) if self.weight is None else self.weight
        return replace(
            self,
            weight=HARD * weight,
            soft=torch.from_numpy(standard.apply(soft)).float(),
            soft_weight=(1 - HARD) * weight,
        )

    @classmethod
    def answered(
        cls, encoding: Encoding, data: TrainingData, standard: Standard, objective: Objective
    ) -> "Batch":
        """The training rows, and the synthetic ones after them, which have no label."""
        assert data.soft is not None, "a teacher answered the training rows"
        rows = encoding.train
        real = cls.of(encoding.inputs(rows), rows, standard, objective).taught(data.soft, standard)
        if data.synthetic is None or data.synthetic_soft is None:
            return real
        made = data.synthetic
        weights = weights_of(made)
        synthetic = cls(
            *encoding.inputs(made),
            target=torch.zeros(len(made), dtype=objective.dtype),
            weight=torch.zeros(len(made)),
            soft=torch.from_numpy(standard.apply(data.synthetic_soft)).float(),
            soft_weight=torch.ones(len(made))
            if weights is None
            else torch.from_numpy(weights).float(),
        )
        return real.followed_by(synthetic)

    def loss(self, outputs: Tensor, objective: Objective) -> Tensor:
        """The loss of outputs (N, O): that of the labels, and of the teacher's answers, if any."""
        loss = objective.loss(outputs, self.target, self.weight)
        if self.soft is None:
            return loss
        return loss + objective.soft_loss(outputs, self.soft, self.soft_weight)

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, chosen: Tensor | slice) -> "Batch":
        """Some of the rows."""
        return self._made_of(None if each is None else each[chosen] for each in self._tensors())

    def split(self, most: int) -> Iterator["Batch"]:
        """The rows in their order, so many at a time."""
        return (self.at(slice(start, start + most)) for start in range(0, len(self), most))

    def followed_by(self, other: "Batch") -> "Batch":
        """Both batches' rows."""
        pairs = zip(self._tensors(), other._tensors(), strict=True)
        return self._made_of(
            None if a is None or b is None else torch.cat([a, b]) for a, b in pairs
        )

    def _tensors(self) -> Iterator[Tensor | None]:
        return (getattr(self, field.name) for field in fields(self))

    def _made_of(self, tensors: Iterable[Tensor | None]) -> "Batch":
        changed: dict[str, Any] = dict(
            zip(map(attrgetter("name"), fields(self)), tensors, strict=True)
        )
        return replace(self, **changed)


def inputs_of(columns: Sequence[Column], rows: pd.DataFrame) -> tuple[Tensor, Tensor]:
    """Table rows (N, 2L) and their shares (N, 2L)."""
    low, high, t = positions(columns, rows)
    return (
        torch.from_numpy(np.concatenate([low, high], axis=1)),
        torch.from_numpy(np.concatenate([1 - t, t], axis=1)).float(),
    )
