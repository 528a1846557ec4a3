"""What larger models reach on the test part: the teacher, and LightGBM with its defaults."""

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from slipstream.artifacts.references import PARTS, DatasetRef, PreparedRef, TeacherRef
from slipstream.artifacts.store import Store
from slipstream.data.sampling import spread
from slipstream.data.snapshot import PART, Snapshot
from slipstream.evaluation import quantiles
from slipstream.evaluation.results import LargerModel, LargerName
from slipstream.evaluation.scoring import scoring_at
from slipstream.measurement.boosters import one_row_us
from slipstream.runtime.links import answers_are_lists
from slipstream.runtime.quantiles import names

__all__ = ["measure_larger"]

VARIED_ROWS = 500


def measure_larger(
    dataset: DatasetRef,
    prepared: PreparedRef,
    teacher: TeacherRef,
    threshold: float,
    store: Store,
) -> dict[LargerName, LargerModel]:
    """Score both on the test part, and time their trees on single rows.

    Args:
        dataset: the table.
        prepared: its normalised form, which the trees read.
        teacher: what the stage `teach` gave.
        threshold: from which probability on, of two labels, a row gets the second.
        store: where the files are.
    """
    is_test = Snapshot(prepared, store).frame(columns=[PART])[PART] == PARTS.index("test")
    found = load(store.get(teacher.final_answers))
    answers: dict[LargerName, NDArray[np.float32]] = {}
    if "peer" in found:  # not where there are very many labels
        answers["lightgbm"] = found["peer"]
    if teacher.tested:
        answers["teacher"] = found["answers"][is_test.to_numpy()]
    latency = _latency_us(prepared, teacher, store)
    return {
        name: _scored(dataset, each, threshold, store).model_copy(
            update={
                "latency_p50_us": latency.get(name, 0.0),
                "is_timed_in_full": name != "teacher" or teacher.is_trees,
            }
        )
        for name, each in answers.items()
    }


def _scored(
    dataset: DatasetRef, answers: NDArray[np.float32], threshold: float, store: Store
) -> LargerModel:
    snapshot = Snapshot(dataset, store)
    target, weights = snapshot.target("test").to_numpy(), snapshot.weights("test")
    given = answers.astype(np.float64)
    given = given if answers_are_lists(dataset.task) else given[:, 0]
    scoring = scoring_at(threshold, dataset.task, dataset.quantiles)
    coverage: Mapping[str, float] = {}
    if dataset.quantiles:
        shares = quantiles.coverage(target, given, weights)
        coverage = dict(zip(names(dataset.quantiles), shares, strict=True))
    return LargerModel(scores=scoring.quality(target, given, weights), coverage=coverage)


def _latency_us(
    prepared: PreparedRef, teacher: TeacherRef, store: Store
) -> dict[LargerName, float]:
    """The time for one row in µs of each model's trees, if it has any."""
    kept = json.loads(store.get(teacher.models))
    rows = spread(Snapshot(prepared, store).frame("test", kept["names"]), VARIED_ROWS)
    models: dict[LargerName, list[str]] = {"lightgbm": kept["peer"], "teacher": kept["teacher"]}
    cells, outputs = rows.to_numpy(np.float32), prepared.outputs
    return {name: one_row_us(each, cells, outputs) for name, each in models.items() if each}
