"""Larger models next to what a search compares: the teacher, and LightGBM with its defaults.

Both were fitted to the training part only, as the networks of a search are.
"""

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from slipstream.artifacts.references import PARTS, PreparedRef, TeacherRef
from slipstream.artifacts.store import Store
from slipstream.data.sampling import spread_places
from slipstream.data.snapshot import PART, Snapshot
from slipstream.evaluation.results import LargerName
from slipstream.runtime.links import answers_are_lists
from slipstream.search.material import Material

__all__ = ["score_larger"]


def score_larger(
    prepared: PreparedRef, teacher: TeacherRef, material: Material, store: Store
) -> dict[LargerName, float]:
    """The score of each for the validation rows that the networks of a search are judged by."""
    parts = Snapshot(prepared, store).frame(columns=[PART])[PART].to_numpy()
    found = load(store.get(teacher.answers))
    answers: dict[LargerName, NDArray[np.float32]] = {
        "teacher": found["answers"][parts == PARTS.index("validation")]
    }
    if "early_peer" in found:  # not where there are very many labels
        answers["lightgbm"] = found["early_peer"]
    places = spread_places(len(answers["teacher"]), len(material.validation))

    def score(every: NDArray[np.float32]) -> float:
        given = every[places].astype(np.float64)
        return material.score(given if answers_are_lists(material.task) else given[:, 0])

    return {name: score(each) for name, each in answers.items()}
