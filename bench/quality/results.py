"""The figures of one run, as they are written to `quality.json`."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from slipstream.evaluation.results import ScoreName
from slipstream.measurement.intervals import Interval
from slipstream.measurement.machine import Machine
from slipstream.runtime.types import Task

__all__ = ["SHOWN", "ArmFigures", "Quality", "Shown", "Split"]


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shown(_Figures):
    """The one score that is shown of a kind of target, and the unit of differences in it.

    A difference is positive where the score is better.
    """

    score: ScoreName
    name: str
    unit: str
    larger_is_better: bool
    digits: int

    def gain(self, before: float, after: float) -> float:
        """By how much a score is better than another, in the unit."""
        return 100 * (after - before if self.larger_is_better else 1 - after / before)


SHOWN: Mapping[Task, Shown] = {
    "binary": Shown(
        score="test_auc", name="AUC", unit="points of AUC", larger_is_better=True, digits=4
    ),
    "multiclass": Shown(
        score="test_accuracy",
        name="accuracy",
        unit="points of accuracy",
        larger_is_better=True,
        digits=4,
    ),
    "regression": Shown(
        score="test_rmse",
        name="RMSE",
        unit="% of RMSE",
        larger_is_better=False,
        digits=2,
    ),
}


class ArmFigures(_Figures):
    """One arm on one split of a table.

    `difference` is from LightGBM's defaults, in the unit of `SHOWN`, with its 95 % interval over
    the test rows, paired; None where LightGBM was not run. `seconds` are by stage.
    """

    arm: str
    scores: dict[str, float]
    difference: Interval | None
    seconds: dict[str, float]
    p50_us: Interval
    size_bytes: int
    columns: int
    note: str

    @property
    def all_seconds(self) -> float:
        """Everything that it took."""
        return sum(self.seconds.values())


class Split(_Figures):
    """All arms on one split of one table: the same rows for each."""

    table: str
    task: Task
    seed: int
    rows: dict[str, int]
    columns: int
    arms: tuple[ArmFigures, ...]


class Quality(_Figures):
    """Everything that one run measured; `skipped` says why a table is not there."""

    date: str
    machine: Machine
    versions: dict[str, str]
    skipped: dict[str, str]
    splits: tuple[Split, ...]
