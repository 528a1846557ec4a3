"""Material: the rows that networks of a search learn from and are judged by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.references import PARTS, PreparedRef, TeacherRef
from slipstream.artifacts.store import Store
from slipstream.data.sampling import spread, spread_places
from slipstream.data.snapshot import PART, TARGET, Snapshot, weights_of
from slipstream.evaluation.scoring import scoring_at
from slipstream.features.teacher import synthetic_rows, teacher_answers
from slipstream.runtime.columns import Column
from slipstream.runtime.links import HALF, answers_are_lists, apply, link_of
from slipstream.runtime.types import Task
from slipstream.search.measures import Lost, Measure, allowed, measure_of, relative_loss
from slipstream.training.batches import TrainingData

__all__ = ["LEAST_ROWS", "Material", "material_of"]

LEAST_ROWS = 1024
VALIDATION_NUMBERS = 1 << 19  # validation rows times columns, or outputs
LOSS_TOLERANCE = 0.001  # of the mean loss, as a share of that of a constant answer

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Material:
    """Training rows, with a teacher's answers if there is one, and validation rows.

    `made` are synthetic rows and the teacher's answers for them; None: there are none.
    """

    task: Task
    quantiles: Sequence[float]
    outputs: int
    train: pd.DataFrame
    validation: pd.DataFrame
    soft: Floats | None
    made: tuple[pd.DataFrame, Floats] | None

    def of(self, columns: Sequence[Column]) -> TrainingData:
        """What a network that reads these columns learns from."""
        return TrainingData(
            columns, self.train, self.validation, self.soft, *(self.made or (None, None))
        )

    @property
    def rows(self) -> int:
        """How many rows a network learns from."""
        return len(self.train) + (len(self.made[0]) if self.made else 0)

    @property
    def measure(self) -> Measure:
        """By which score models are compared."""
        return measure_of(self.task, self.quantiles)

    def answers(self, outputs: NDArray[np.float32]) -> Floats:
        """Outputs (V, O) in the target's unit as answers: (V,), or (V, O) where they are lists."""
        answers = apply(link_of(self.task, "identity"), outputs)
        return answers if answers_are_lists(self.task) else answers[:, 0]

    def score(self, answers: Floats) -> float:
        """The score of answers for the validation rows."""
        return self.measure.score(self._target, answers, weights_of(self.validation))

    def lost(self, before: Floats, after: Floats) -> Lost:
        """How much score is lost from one model's answers for the validation rows to another's."""
        compared = self._target, before, after, weights_of(self.validation)
        lost = self.measure.lost(*compared)
        loss = relative_loss(scoring_at(HALF, self.task, self.quantiles)).lost(*compared)
        is_worse = loss.estimate > allowed(LOSS_TOLERANCE, loss.error)
        return replace(lost, is_worse=is_worse)

    def is_learned(self, answers: Floats) -> bool:
        """Whether answers are better than a constant one, beyond chance."""
        return self.measure.is_learned(self._target, answers, weights_of(self.validation))

    @property
    def _target(self) -> NDArray[np.generic]:
        return self.validation[TARGET].to_numpy()


def material_of(
    prepared: PreparedRef, teacher: TeacherRef | None, cells: int, columns: int, store: Store
) -> Material:
    """The material of a table: no more training rows than make so many cells."""
    snapshot = Snapshot(prepared, store)
    train, soft, made = snapshot.frame("train"), None, None
    places = spread_places(len(train), max(LEAST_ROWS, cells // columns))
    if teacher is not None:
        is_train = snapshot.frame(columns=[PART])[PART].to_numpy() == PARTS.index("train")
        soft = teacher_answers(teacher, store)[is_train][places].astype(np.float64)
        made = _made(teacher, max(LEAST_ROWS, cells // columns), store)
    most = max(LEAST_ROWS, VALIDATION_NUMBERS // max(columns, prepared.outputs))
    return Material(
        task=prepared.task,
        quantiles=prepared.quantiles,
        outputs=prepared.outputs,
        train=train.iloc[places],
        validation=spread(snapshot.frame("validation"), most),
        soft=soft,
        made=made,
    )


def _made(teacher: TeacherRef, most: int, store: Store) -> tuple[pd.DataFrame, Floats] | None:
    found = synthetic_rows(teacher, store)
    if found is None:
        return None
    rows, answers = found
    places = spread_places(len(rows), most)
    return rows.iloc[places], answers[places].astype(np.float64)
