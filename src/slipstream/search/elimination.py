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

import torch
from torch import Tensor
from torch.nn import functional

from slipstream.artifacts.references import FeatureMask, PreparedRef, TeacherRef
from slipstream.artifacts.selection import PathStep
from slipstream.artifacts.store import Store
from slipstream.config.features import FeaturesConfig
from slipstream.config.training import TrainingConfig
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
from slipstream.search.material import Material, material_of
from slipstream.search.measures import as_good
from slipstream.training.batches import Batch, Standard, inputs_of
from slipstream.training.losses import Objective
from slipstream.training.network import Network
from slipstream.training.optimisation import Lesson, deterministic, fit

__all__ = ["Masked", "choose_k", "eliminate", "select"]

HIDDEN = (64, 64)
TRAINING = TrainingConfig(epochs=20, batch_size=256, learning_rate=0.004, patience=3)
STEPS = 1000  # of a network that learns from a teacher
CELLS = 1 << 18  # training rows times columns
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

    def tune(self, kept: Sequence[int]) -> None:
        """Let the network learn to do without the other columns; undo it where it does not help."""
        before = {name: each.clone() for name, each in self.network.state_dict().items()}
        loss = self.loss(self.outputs(kept))
        self._learn(self._places(kept))
        if self.loss(self.outputs(kept)) > loss:
            self.network.load_state_dict(before)

    def _learn(self, own: Tensor) -> None:
        for _ in range(min(TUNED_STEPS, 2 * -(-len(self.train) // TUNED_ROWS))):
            batch = self.train.at(torch.randint(len(self.train), (TUNED_ROWS,)))
            outputs = self.network(batch.rows[:, own], batch.shares[:, own])
            self.optimizer.zero_grad()
            batch.loss(outputs, self.objective).backward()
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
    prepared: PreparedRef,
    teacher: TeacherRef | None,
    features: FeaturesConfig,
    tolerance: float,
    store: Store,
) -> FeatureMask:
    """Choose columns as the config asks: by elimination, or by a score of each alone."""
    if features.method == "elimination":
        return eliminate(prepared, teacher, features, tolerance, store)
    return selection.select(prepared, features, store)


def eliminate(
    prepared: PreparedRef,
    teacher: TeacherRef | None,
    features: FeaturesConfig,
    tolerance: float,
    store: Store,
) -> FeatureMask:
    """Train a network on all columns, walk the path, and keep k columns of it.

    Args:
        prepared: the normalised table.
        teacher: whose answers the network learns from, if there is one.
        features: k; 0: the smallest whose score is within the tolerance of the path's best.
        tolerance: how much of the score may be lost.
        store: where the table is.
    """
    scored = score_columns(prepared, "mutual_info", store)
    widths = [len(lookups([column])) for column in scored.columns]
    order = by_score([score.value for score in scored.scores])
    usable = sorted(within_limit(order, widths))
    columns = [scored.columns[index] for index in usable]
    material = material_of(prepared, teacher, CELLS, len(columns), store)
    path, is_learned = _path(material, columns)
    enough = choose_k(path, tolerance) if is_learned else 0
    mask = mask_of(scored, _choice(scored, usable, path, enough, features.k), prepared, features)
    names = {column.name for column in columns}
    beyond = tuple(each.name for each in scored.columns if each.name not in names)
    first, *rest = path
    path = (first.model_copy(update={"dropped": beyond}), *rest)
    return mask.model_copy(update={"path": path, "measure": material.measure.name})


def choose_k(path: Sequence[PathStep], tolerance: float) -> int:
    """The smallest number of columns that is as good as the best."""
    return min(step.k for step in as_good(path, tolerance))


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
            masked.tune(kept)
        yield gone, kept, masked.outputs(kept)


def _path(material: Material, columns: Sequence[Column]) -> tuple[tuple[PathStep, ...], bool]:
    """The path from these columns down to one, and whether its best score is beyond chance."""
    found = []
    with deterministic(TRAINING.seed):
        masked, standard = _masked(material, columns)
        for gone, kept, outputs in drop_in_turn(masked):
            own_unit = outputs * standard.deviation + standard.mean
            names = tuple(columns[each].name for each in gone)
            answers = material.answers(own_unit.numpy())
            found.append((len(kept), names, masked.loss(outputs), answers))
    scores = [material.score(answers) for *_, answers in found]
    best = found[material.measure.best(scores)][-1]
    lost = [material.lost(best, answers) for *_, answers in found]
    path = tuple(
        PathStep(
            k=k,
            dropped=names,
            loss=loss,
            score=score,
            lost=each.estimate,
            error=each.error,
            is_worse=each.is_worse,
        )
        for (k, names, loss, _), score, each in zip(found, scores, lost, strict=True)
    )
    return path, material.is_learned(best)


def _masked(material: Material, columns: Sequence[Column]) -> tuple[Masked, Standard]:
    """A network that learned from all columns, and the unit that it learned the target in."""
    widths = (*HIDDEN, material.outputs)
    lesson = Lesson(widths, material.task, material.quantiles, TRAINING, STEPS)
    objective = lesson.objective
    network, _ = fit(material.of(columns), lesson, lambda _: None)
    standard = Standard.of(material.train, objective)
    network.rescale(-standard.mean / standard.deviation, 1 / standard.deviation)
    train, validation = (
        Batch.of(inputs_of(columns, rows), rows, standard, objective)
        for rows in (material.train, material.validation)
    )
    if material.soft is not None:
        train = train.taught(material.soft, standard)
    masked = Masked(
        network=network,
        train=train,
        validation=validation,
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
    """The columns to keep, and what there is to say of all.

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
    return Choice(frozenset(kept), frozenset(real), alone.twins)
