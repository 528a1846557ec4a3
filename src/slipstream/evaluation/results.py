"""What the measuring stages return: figures with their units in their names."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from slipstream.artifacts.values import Reference, Value
from slipstream.measurement.figures import LatencyFigures, SizeFigures
from slipstream.measurement.intervals import Interval
from slipstream.measurement.machine import Machine
from slipstream.runtime.links import HALF
from slipstream.runtime.types import Precision, Task

__all__ = [
    "Benchmark",
    "Comparison",
    "Evidence",
    "Floor",
    "LargerModel",
    "LargerName",
    "Order",
    "ScoreName",
    "StepName",
    "VariantMetrics",
    "Verdict",
    "Waterfall",
    "WaterfallStep",
]

# A metric of the test part, as MLflow and the report call it.
ScoreName = Literal[
    "test_accuracy",
    "test_auc",
    "test_pr_auc",
    "test_log_loss",
    "test_ece",
    "test_recall_at_1pct_fpr",
    "test_precision_at_top_1pct",
    "test_precision",
    "test_recall",
    "test_precision_at_half",
    "test_recall_at_half",
    "test_positive_share",
    "test_macro_f1",
    "test_top_3_accuracy",
    "test_top_5_accuracy",
    "test_rmse",
    "test_mae",
    "test_r2",
    "test_relative_rmse",
    "test_pinball",
    "test_d2_pinball",
    "test_relative_pinball",
    "test_coverage_gap",
]
StepName = Literal["baseline", "features selected", "smaller network", "int8"]

LargerName = Literal["teacher", "lightgbm"]


class VariantMetrics(Value):
    """What was measured of one model: how well it answers, how fast, and how large it is.

    `coverage` has for each quantile, by its name, the share of test rows at or below the answer.
    """

    scores: Mapping[ScoreName, float]
    coverage: Mapping[str, float] = {}
    latency: LatencyFigures
    size: SizeFigures

    def to_flat(self) -> dict[str, float]:
        """All figures by the names that they have in MLflow and in the report."""
        return {
            **dict(self.scores.items()),
            **{f"test_coverage_{name}": share for name, share in self.coverage.items()},
            "latency_p50_us": self.latency.p50_us,
            "latency_p99_us": self.latency.p99_us,
            "latency_cold_p50_us": self.latency.cold_p50_us,
            "throughput_rows_per_s": self.latency.throughput_rows_per_s,
            "weights_bytes": float(self.size.weights_bytes),
            "tensors_bytes": float(self.size.tensors_bytes),
            "bundle_bytes": float(self.size.bundle_bytes),
        }


class LargerModel(Value):
    """What a model that reads all columns, and is not for deployment, reaches on the test part.

    `latency_p50_us` is that of one row by LightGBM's fastest call, of the model's trees; 0 where it
    has none. `is_timed_in_full` is whether it is nothing but trees: if not, it takes longer.
    """

    scores: Mapping[ScoreName, float]
    coverage: Mapping[str, float] = {}
    latency_p50_us: float = 0.0
    is_timed_in_full: bool = True

    @property
    def latency(self) -> dict[str, float]:
        """The latency, if it was measured, by a name that says if it is all of it."""
        name = "latency_p50_us" if self.is_timed_in_full else "latency_p50_us_at_least"
        return {name: self.latency_p50_us} if self.latency_p50_us else {}

    def to_flat(self) -> dict[str, float]:
        """All figures by the names that a variant's have in MLflow."""
        coverage = {f"test_coverage_{name}": share for name, share in self.coverage.items()}
        return {**dict(self.scores.items()), **coverage, **self.latency}


class WaterfallStep(Value):
    """One step from the baseline to int8, and its change against the step before.

    `p50_ratio` is this step over the one before; `score_changes`, by metric, are paired by test
    row. The first step has neither. `remark` says in words whether the step helped. `scores` are
    written out next to the other figures.
    """

    name: StepName
    network: str
    latency_p50_us: float
    weights_bytes: int
    scores: Mapping[ScoreName, float]
    p50_ratio: Interval | None = None
    score_changes: Mapping[ScoreName, Interval] = {}
    helped: bool = True
    remark: str = ""

    @model_serializer(mode="wrap")
    def _flat(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        figures = written(self)
        return {**figures.pop("scores"), **figures}


class Waterfall(Value):
    """The steps, and how long each part of one prediction takes in both variants of the run.

    The parts add up to a whole prediction, timed by blocks of calls: without the timer's own cost.
    """

    steps: tuple[WaterfallStep, ...]
    parts_us: Mapping[Precision, Mapping[str, Interval]]


class Floor(Value):
    """What no model can go below: the p99 of a call that does nothing, the smallest bundle."""

    empty_p99_us: Interval
    bundle_bytes: int


class Order(Value):
    """How well a model's answers order the rows, whatever their size: in a measure named so.

    `chance` is what an order by chance has, 1 what a perfect one has. `use` says what answers are
    good for whose order is better than chance, although their loss is not.
    """

    name: str
    measured: Interval
    chance: float
    use: str

    def is_notable(self, least: float) -> bool:
        """Whether it is beyond chance, and this share or more of the way to a perfect order."""
        way = (self.measured.estimate - self.chance) / (1 - self.chance)
        return self.measured.low > self.chance and way >= least

    @property
    def seen(self) -> str:
        return f"its {self.name} is {self.measured:.4f} ({self.chance:g} is chance)"


class Evidence(Value):
    """What the test rows prove: `lead` is by how much a row's loss is below that of guessing.

    `order` is there for variants that lead by little or nothing; `guess_loss` is guessing's own;
    `label_rows` how many rows have each label; `one_answer` the label that each variant answers
    every row with, empty if it answers several; `alone` the column that scores best by itself and
    its score, where the model's is beyond belief.
    """

    lead: Mapping[Precision, Interval]
    order: Mapping[Precision, Order] = {}
    guess_loss: float
    loss_name: str
    loss_unit: str
    label_rows: tuple[tuple[str, int], ...]
    one_answer: Mapping[Precision, str]
    alone: tuple[str, float] | None = None


class Benchmark(Reference):
    """Size, quality and latency of both variants, measured side by side in one process.

    `baseline` is the wide network. Ratios are int8 over float32; `noise_ratio` is int8 over itself.
    Changes, by metric, are paired by test row: `score_changes` are int8's against float32,
    `baseline_changes` each variant's against the baseline, in the score `judged_by`. `class_rows`
    is how many test rows have each label; of two, a row gets the second from the probability
    `threshold` on. `quantiles` are the levels predicted, and `off_level` names those that a variant
    misses, by its coverage. `larger` are the teacher and LightGBM with its defaults, if there are.
    """

    metrics: Mapping[Precision, VariantMetrics]
    baseline: VariantMetrics
    waterfall: Waterfall
    score_changes: Mapping[ScoreName, Interval]
    baseline_changes: Mapping[Precision, Interval]
    judged_by: ScoreName = "test_auc"
    task: Task = "binary"
    class_rows: tuple[int, ...] = ()
    quantiles: tuple[float, ...] = ()
    off_level: Mapping[Precision, tuple[str, ...]] = {}
    threshold: float = HALF
    changed_answers: int
    test_rows: int
    positive_rows: int
    floor: Floor
    latency_p50_us: Mapping[Precision, Interval]
    latency_p99_us: Mapping[Precision, Interval]
    p50_ratio: Interval
    noise_ratio: Interval
    latency_quantiles_us: Mapping[Precision, tuple[float, ...]]
    machine: Machine
    evidence: Evidence | None = None
    larger: Mapping[LargerName, LargerModel] = {}

    @property
    def shape(self) -> str:
        return f"{self.machine.calls:,} calls a variant"


class Verdict(Value):
    """Which variant wins, and why, a sentence each; no winner where nothing fits the budget."""

    winner: Precision | None
    reasons: tuple[str, ...]

    @property
    def reason(self) -> str:
        """All reasons; neither the first nor the last sentence is punctuated."""
        return ". ".join(self.reasons)

    def to_json(self) -> dict[str, str | None]:
        """What the report holds."""
        return {"winner": self.winner, "reason": self.reason}


class Comparison(Reference):
    """The verdict on both variants, and what in it a user should be warned of.

    `smaller_may_fit` is whether a smaller model could meet the budget that neither variant meets;
    `doubt` is in a few words what a winner's score is no better than, empty if it learned.
    """

    verdict: Verdict
    doubt: str = ""
    warnings: tuple[str, ...] = ()
    smaller_may_fit: bool = False

    @property
    def shape(self) -> str:
        return f"winner: {self.verdict.winner or 'none'}"
