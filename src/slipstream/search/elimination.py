"""Elimination: which columns a model can do without, by what a trained network then loses.

The first layer is a sum of what each column adds to the training rows' mean, so a network that has
learned from all columns answers as if it did not know one where that column adds nothing. Backward
elimination leaves out the column without which the loss on validation rows rises least, again and
again (as recursive feature elimination does by weights, Guyon et al. 2002). It counts what columns
have in common: of two copies, one goes at no cost, and the other then stays. After each drop, the
network learns for a moment to do without: what it had spread over two columns that say the same
moves to the one that stays. A network that is trained on few columns only does better still, so
small numbers of columns are better than the path says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from slipstream.artifacts.references import FeatureMask, PathStep, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.config.features import FeaturesConfig
from slipstream.config.training import TrainingConfig
from slipstream.data.sampling import spread
from slipstream.data.snapshot import TARGET, Snapshot, weights_of
from slipstream.features import selection
from slipstream.features.selection import (
    Choice,
    Scored,
    by_score,
    choose,
    mask_of,
    score_columns,
    within_limit,
)
from slipstream.runtime.columns import Column, lookups
from slipstream.runtime.links import answers_are_lists, apply, link_of
from slipstream.search.measures import Measure, measure_of
from slipstream.training.batches import Batch, Standard, TrainingData
from slipstream.training.losses import Objective
from slipstream.training.network import Network
from slipstream.training.optimisation import Lesson, deterministic, fit

__all__ = ["Masked", "choose_k", "eliminate", "select"]

HIDDEN = (64, 64)
TRAINING = TrainingConfig(epochs=20, batch_size=256, learning_rate=0.004, patience=3)
ROWS = 16_384  # of the training part
CELLS = 1 << 20  # rows times columns
VALIDATION_NUMBERS = 1 << 19  # validation rows times columns, or outputs
LEAST_ROWS = 1024
ONE_BY_ONE = 32  # while more columns are left, several go at once: an eighth of those above
AT_ONCE = 8
TUNED_STEPS = 48  # after each drop
TUNED_ROWS = 512  # each
TUNED_RATE = 0.002


@dataclass(frozen=True)
class Masked:
    """A trained network that can be kept from seeing some columns.

    `train` and `validation` are rows of the two parts; `columns` has for each column the places of
    its look-ups among the 2L of a row, a date's parts included.
    """

    network: Network
    train: Batch
    validation: Batch
    columns: Sequence[Tensor]
    objective: Objective
    optimizer: torch.optim.Optimizer

    @torch.no_grad()
    def losses_without(self, kept: Sequence[int]) -> list[float]:
        """The validation loss without each of these columns, where only these are seen."""
        added = self._added_by(kept)
        return [self._loss_of(added - self._added_by([each])) for each in kept]

    @torch.no_grad()
    def outputs(self, kept: Sequence[int]) -> Tensor:
        """The outputs (V, O) of validation rows of which only these columns are seen."""
        return self._after(self._added_by(kept))

    def tune(self, kept: Sequence[int], steps: int) -> None:
        """Let the network learn, in so many steps, to do without the other columns."""
        own = self._places(kept)
        for _ in range(steps):
            batch = self.train.at(torch.randint(len(self.train), (TUNED_ROWS,)))
            outputs = self.network(batch.rows[:, own], batch.shares[:, own])
            loss = self.objective.loss(outputs, batch.target, batch.weight)
            if batch.soft is not None:
                loss = loss + self.objective.soft_loss(outputs, batch.soft, batch.soft_weight)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def loss(self, outputs: Tensor) -> float:
        """The loss of outputs (V, O) for validation rows."""
        return float(self.objective.loss(outputs, self.validation.target, self.validation.weight))

    def _added_by(self, columns: Sequence[int]) -> Tensor:
        """What columns add to the first layer, less its mean over training rows: (V, H)."""
        own = self._places(columns)
        return functional.embedding_bag(
            self.validation.rows[:, own],
            self.network.table(),
            per_sample_weights=self.validation.shares[:, own],
            mode="sum",
        )

    def _places(self, columns: Sequence[int]) -> Tensor:
        return torch.cat([self.columns[each] for each in columns])

    def _after(self, added: Tensor) -> Tensor:
        sums = added + self.network.first.bias
        for layer in self.network.rest:
            sums = layer(torch.relu(sums))
        return sums

    def _loss_of(self, added: Tensor) -> float:
        return self.loss(self._after(added))


def select(
    prepared: PreparedRef, features: FeaturesConfig, tolerance: float, store: Store
) -> FeatureMask:
    """Choose columns as the config asks: by elimination, or by a score of each alone."""
    if features.method == "elimination":
        return eliminate(prepared, features, tolerance, store)
    return selection.select(prepared, features, store)


def eliminate(
    prepared: PreparedRef, features: FeaturesConfig, tolerance: float, store: Store
) -> FeatureMask:
    """Train a network on all columns, walk the path, and keep k columns of it.

    Args:
        prepared: the normalised table.
        features: k; 0: the smallest whose score is within the tolerance of the path's best.
        tolerance: how much of the score may be lost.
        store: where the table is.
    """
    scored = score_columns(prepared, "mutual_info", store)
    widths = [len(lookups([column])) for column in scored.columns]
    order = by_score([score.value for score in scored.scores])
    usable = sorted(within_limit(order, widths))
    columns = [scored.columns[index] for index in usable]
    measure = measure_of(prepared.task, prepared.quantiles)
    path, is_learned = _path(prepared, columns, measure, store)
    enough = choose_k(path, tolerance) if is_learned else 0
    mask = mask_of(scored, _choice(scored, usable, path, enough, features.k), prepared, features)
    return mask.model_copy(update={"path": path, "measure": measure.name})


def choose_k(path: Sequence[PathStep], tolerance: float) -> int:
    """The smallest number of columns that loses no more than the tolerance, or one standard error.

    The rule of one standard error (Breiman et al. 1984, "Classification and Regression Trees",
    section 3.4.3) is what keeps a small table from choosing by luck.
    """
    return min(step.k for step in path if step.lost <= max(tolerance, step.error))


def drop_in_turn(masked: Masked) -> Iterator[tuple[list[int], list[int], Tensor]]:
    """Leave out columns until one is left: those that went, those that stay, and their outputs.

    Of columns that are equally dispensable, the last goes.
    """
    kept = list(range(len(masked.columns)))
    yield [], kept, masked.outputs(kept)
    while len(kept) > 1:
        losses = masked.losses_without(kept)
        count = max(1, (len(kept) - ONE_BY_ONE) // AT_ONCE)
        places = sorted(range(len(kept)), key=lambda place: (losses[place], -place))[:count]
        gone = [kept[place] for place in places]
        kept = [each for each in kept if each not in gone]
        if len(kept) <= ONE_BY_ONE:
            masked.tune(kept, TUNED_STEPS)
        yield gone, kept, masked.outputs(kept)


def _path(
    prepared: PreparedRef, columns: Sequence[Column], measure: Measure, store: Store
) -> tuple[tuple[PathStep, ...], bool]:
    """The path from these columns down to one, and whether its best score is beyond chance."""
    snapshot = Snapshot(prepared, store)
    most = max(LEAST_ROWS, VALIDATION_NUMBERS // max(len(columns), prepared.outputs))
    rows = spread(snapshot.frame("validation"), most)
    target, weights = rows[TARGET].to_numpy(), weights_of(rows)
    found = []
    with deterministic(TRAINING.seed):
        masked, standard = _masked(prepared, columns, snapshot, rows)
        for gone, kept, outputs in drop_in_turn(masked):
            own_unit = (outputs * standard.deviation + standard.mean).numpy()
            answers = apply(link_of(prepared.task, "identity"), own_unit)
            names = tuple(columns[each].name for each in gone)
            shaped = answers if answers_are_lists(prepared.task) else answers[:, 0]
            found.append((len(kept), names, masked.loss(outputs), shaped))
    scores = [measure.score(target, answers, weights) for *_, answers in found]
    best = found[(np.argmin if measure.lower_is_better else np.argmax)(scores)][-1]
    lost = [measure.lost(target, best, answers, weights) for *_, answers in found]
    path = tuple(
        PathStep(k=k, dropped=names, loss=loss, score=score, lost=each.estimate, error=each.error)
        for (k, names, loss, _), score, each in zip(found, scores, lost, strict=True)
    )
    return path, measure.is_learned(target, best, weights)


def _masked(
    prepared: PreparedRef, columns: Sequence[Column], snapshot: Snapshot, validation: pd.DataFrame
) -> tuple[Masked, Standard]:
    """A network that learned from all columns, of no more rows than takes seconds."""
    most = max(LEAST_ROWS, min(ROWS, CELLS // len(columns)))
    train = spread(snapshot.frame("train"), most)
    lesson = Lesson((*HIDDEN, prepared.outputs), prepared.task, prepared.quantiles, TRAINING)
    objective = lesson.objective
    network, _ = fit(TrainingData(columns, train, validation), lesson, lambda _: None)
    standard = Standard.of(train, objective)
    network.rescale(-standard.mean / standard.deviation, 1 / standard.deviation)
    learned = standard, objective
    masked = Masked(
        network=network,
        train=Batch.of(columns, train, *learned),
        validation=Batch.of(columns, validation, *learned),
        columns=_own_places(columns),
        objective=objective,
        optimizer=torch.optim.Adam(network.parameters(), TUNED_RATE, fused=True),
    )
    return masked, standard


def _own_places(columns: Sequence[Column]) -> list[Tensor]:
    """For each column, the places of its look-ups among the 2L of a row: lower, then upper ones."""
    count, part = len(lookups(columns)), len(columns)
    own = []
    for index, column in enumerate(columns):
        places = [index, *range(part, part + len(column.parts))]
        part += len(column.parts)
        own.append(torch.tensor([*places, *(count + each for each in places)]))
    return own


def _choice(
    scored: Scored, usable: Sequence[int], path: Sequence[PathStep], enough: int, k: int
) -> Choice:
    """The columns to keep, and what to say of them.

    Those that are `enough` are better than noise, whatever they are alone; 0: all are noise.
    """
    alone = choose(scored.scores, scored.candidates, k)
    names = {scored.columns[index].name: index for index in usable}

    def at(most: int) -> set[int]:
        size = max(step.k for step in path if step.k <= most)
        gone = {names[name] for step in path if step.k >= size for name in step.dropped}
        return set(names.values()) - gone

    kept = at(k or max(enough, 1))
    real = alone.real | at(enough) if enough else frozenset()
    twins = {
        (other if twin in kept else twin): (twin if twin in kept else other)
        for twin, other in alone.twins.items()
    }
    return Choice(frozenset(kept), frozenset(real), twins)
