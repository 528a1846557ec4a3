"""Distillation: a network learns what a teacher answers (Hinton, Vinyals and Dean 2015).

The teacher also answered synthetic rows, which tell more about it than the table's rows alone
(Bucilă, Caruana and Niculescu-Mizil 2006; Fakoor et al. 2020).
"""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from slipstream.artifacts.references import PARTS, Part, PreparedRef, TaughtTrial, TeacherRef
from slipstream.artifacts.store import Store
from slipstream.data.snapshot import PART, Snapshot
from slipstream.features.teacher import synthetic_rows, teacher_answers
from slipstream.measurement.units import quantity
from slipstream.training.batches import TrainingData

__all__ = ["sentence", "taught", "taught_all"]


def taught(
    data: TrainingData, prepared: PreparedRef, teacher: TeacherRef, store: Store
) -> TrainingData:
    """The same rows with the answers of a teacher that has seen no row but the training part's."""
    return _answered(data, prepared, teacher, store, ("train",))


def taught_all(
    data: TrainingData, prepared: PreparedRef, teacher: TeacherRef, store: Store
) -> TrainingData:
    """Training and validation rows to learn from, with the answers of a teacher that did so too."""
    rows = pd.concat([data.train, data.validation], ignore_index=True)
    joined = replace(data, train=rows, validation=None)
    return _answered(joined, prepared, teacher, store, ("train", "validation"))


def _answered(
    data: TrainingData,
    prepared: PreparedRef,
    teacher: TeacherRef,
    store: Store,
    parts: tuple[Part, ...],
) -> TrainingData:
    final = len(parts) > 1
    answers = teacher_answers(teacher, store, final=final).astype(np.float64)
    of_row = Snapshot(prepared, store).frame(columns=[PART])[PART].to_numpy()
    soft = np.concatenate([answers[of_row == PARTS.index(part)] for part in parts])
    answered = replace(data, soft=soft)
    synthetic = synthetic_rows(teacher, store, final=final)
    if synthetic is None:
        return answered
    made, made_soft = synthetic
    return replace(answered, synthetic=made, synthetic_soft=made_soft.astype(np.float64))


def sentence(trial: TaughtTrial, asked: Literal["auto", "on", "off"], *, is_number: bool) -> str:
    """What came of learning from the teacher, and whether that network is kept."""
    measure = "validation RMSE" if is_number else "validation loss"
    alone, after = quantity(trial.labels), quantity(trial.teacher)
    if trial.helps:
        return (
            f"learning from the teacher lowers the {measure} from {alone} to {after}: kept, and "
            "trained again with the validation rows among its own"
        )
    if asked == "on":
        return (
            f"learning from the teacher does not lower the {measure}: it is {after}, and {alone} "
            "without it; kept all the same, as training.distill is on"
        )
    return (
        f"learning from the teacher is not kept: the {measure} is {after}, and {alone} without it"
    )
