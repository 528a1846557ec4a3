"""Several kinds of models, each fitted once for each fold, and their best blend."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from slipstream.training.teaching.answers import best_shares, blended, mean_loss
from slipstream.training.teaching.networks import NETWORK, fit_networks, is_affordable
from slipstream.training.teaching.table import Folded
from slipstream.training.teaching.trees import LARGE, SMALL, fit_folds, shapes_to_try

__all__ = ["Blend", "Candidate", "fit_again", "fit_blend"]

Floats = NDArray[np.float64]


# How each kind of model is fitted: one for each fold.
KINDS: Mapping[str, Callable[[Folded], Sequence["Answering"]]] = {
    **{shape.name: partial(fit_folds, shape=shape) for shape in (SMALL, LARGE)},
    NETWORK: fit_networks,
}


class Answering(Protocol):
    """A fitted model."""

    def predict(self, cells: NDArray[np.float32]) -> Floats:
        """The answers (N, O) for normalised cells (N, L), numbers standardised."""


@dataclass(frozen=True)
class Candidate:
    """A kind of model, fitted once for each fold.

    `answers` (N, O) are those for the training part, each by the model that has not seen the row;
    `loss` is theirs a row.
    """

    name: str
    models: Sequence[Answering]
    answers: Floats
    loss: float

    def predict(self, cells: NDArray[np.float32]) -> Floats:
        """The mean of the models' answers (N, O)."""
        return np.mean([model.predict(cells) for model in self.models], axis=0)


@dataclass(frozen=True)
class Blend:
    """The candidates, and the share that each has in the answers; some have none."""

    candidates: Sequence[Candidate]
    shares: Sequence[float]

    @property
    def used(self) -> list[tuple[float, Candidate]]:
        """The candidates that have a share, with it."""
        pairs = zip(self.shares, self.candidates, strict=True)
        return [(share, candidate) for share, candidate in pairs if share]

    @property
    def answers(self) -> Floats:
        """The out-of-fold answers (N, O) for the training part."""
        return blended([(share, each.answers) for share, each in self.used])

    def predict(self, cells: NDArray[np.float32]) -> Floats:
        """The answers (N, O) for any other rows: the mean of the models of the folds."""
        return blended([(share, each.predict(cells)) for share, each in self.used])


def fit_blend(folded: Folded) -> Blend:
    """Fit all kinds that are affordable, and find the blend with the least out-of-fold loss."""
    table = folded.table
    names = [shape.name for shape in shapes_to_try(table)]
    if is_affordable(table):
        names.append(NETWORK)
    candidates = [_candidate(name, KINDS[name](folded), folded) for name in names]
    shares = best_shares([each.answers for each in candidates], lambda each: mean_loss(each, table))
    return Blend(candidates, shares)


def fit_again(blend: Blend, folded: Folded) -> Blend:
    """Fit the candidates of a blend that have a share to other rows; the shares stay."""
    again = [
        (share, _candidate(each.name, KINDS[each.name](folded), folded))
        for share, each in blend.used
    ]
    return Blend([each for _, each in again], [share for share, _ in again])


def _candidate(name: str, models: Sequence[Answering], folded: Folded) -> Candidate:
    table = folded.table
    answers = np.empty((len(table.cells), table.outputs))
    for fold, model in enumerate(models):
        held_out = folded.folds == fold
        answers[held_out] = model.predict(table.cells[held_out])
    return Candidate(name, models, answers, mean_loss(answers, table))
