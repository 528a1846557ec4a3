"""The run's teacher: the larger model whose answers ours learns from."""

import json
from typing import Any

import numpy as np

from bench.arms.light_gbm import single_row_fast
from bench.pipeline import Start
from bench.quality.fitted import TIMED_ROWS, Fitted
from slipstream.artifacts.references import PARTS, TeacherRef
from slipstream.artifacts.store import Store
from slipstream.data.snapshot import PART, Snapshot
from slipstream.features.teacher import teacher_answers
from slipstream.measurement.harness import Arm

__all__ = ["TEACHER", "teacher"]

TEACHER = "teacher"


def teacher(begun: Start, store: Store) -> Fitted | None:
    """What the teacher answers for the test rows; None without one, or where it has no trees.

    Its time for a row is that of its trees' C calls, one after the other, on normalised values: the
    networks in the blend, where there are any, are not stored and would come on top.
    """
    ref = begun.teacher
    trees = _trees(ref, store) if ref else []
    if ref is None or not trees:
        return None
    snapshot = Snapshot(begun.prepared, store)
    part = snapshot.frame(columns=[PART])[PART].to_numpy()
    answers = teacher_answers(ref, store, final=True)[part == PARTS.index("test")].astype(
        np.float64
    )
    return Fitted(
        name=TEACHER,
        answers=answers if answers.shape[1] > 1 else answers[:, 0],
        one_row=_in_turn(trees, _rows(snapshot, ref, store)),
        seconds={stage: begun.seconds[stage] for stage in ("ingest", "preprocess", "teach")},
        size_bytes=ref.models.size_bytes,
        columns=begun.prepared.width,
        note=", ".join(f"{share:.1f} {name}" for name, share in ref.blend.items() if share),
        is_checked=False,
    )


def _kept(ref: TeacherRef, store: Store) -> dict[str, Any]:
    return json.loads(store.get(ref.models))


def _trees(ref: TeacherRef, store: Store) -> list[Any]:
    """The boosters of every fold."""
    import lightgbm

    return [lightgbm.Booster(model_str=text) for text in _kept(ref, store)["teacher"]]


def _rows(snapshot: Snapshot, ref: TeacherRef, store: Store) -> Any:
    """The first test rows as the trees read them (N, k)."""
    names = _kept(ref, store)["names"]
    table = snapshot.frame("test", names).head(TIMED_ROWS)
    return np.ascontiguousarray(table.to_numpy(np.float64))


def _in_turn(trees: list[Any], rows: Any) -> Arm:
    """An arm that asks all models for the same row."""
    arms = [single_row_fast(each, rows) for each in trees]
    calls = [each.call for each in arms]

    def call(address: Any) -> None:
        for each in calls:
            each(address)

    return Arm(call, arms[0].make, rows=len(rows))
