"""Reading what a teacher answers: for the rows of the snapshot, and for synthetic ones."""

import io

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import load

from slipstream.artifacts.references import TeacherRef
from slipstream.artifacts.store import Store

__all__ = ["soft_names", "synthetic_rows", "teacher_answers"]

SOFT = "soft "
Answers = NDArray[np.float32]


def teacher_answers(teacher: TeacherRef, store: Store, *, final: bool = False) -> Answers:
    """The answers (N, O) for every row of the snapshot, those of the training part out of fold.

    The `final` teacher had the validation part among its rows: those are out of fold as well. NaN
    where a file has no answer for a row of the test part.
    """
    return load(store.get(teacher.final_answers if final else teacher.answers))["answers"]


def synthetic_rows(
    teacher: TeacherRef, store: Store, *, final: bool = False
) -> tuple[pd.DataFrame, Answers] | None:
    """Synthetic rows as in the normalised table, and the answers for them (S, O).

    Where rows do not count alike, each has the weight of the row that it was made of.
    """
    made = teacher.final_synthetic if final else teacher.synthetic
    if made is None:
        return None
    frame = pd.read_parquet(io.BytesIO(store.get(made)))
    names = [name for name in frame.columns if name.startswith(SOFT)]
    return frame.drop(columns=names), frame[names].to_numpy(np.float32)


def soft_names(outputs: int) -> list[str]:
    """The columns of the answers for synthetic rows."""
    return [f"{SOFT}{place}" for place in range(outputs)]
