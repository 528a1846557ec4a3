"""What the measuring stages return: figures with their units in their names."""

from collections.abc import Mapping

from slipstream.artifacts.values import Reference, Value
from slipstream.measurement.intervals import Interval
from slipstream.measurement.machine import Machine
from slipstream.runtime.types import Precision

__all__ = ["Benchmark", "Comparison", "Floor", "Verdict", "Waterfall", "WaterfallStep"]


class WaterfallStep(Value):
    """One step from the baseline to int8, and its change against the step before.

    `p50_ratio` is this step over the one before; `score_changes`, by metric, are paired by test
    row. The first step has neither. `remark` says in words whether the step helped.
    """

    name: str
    network: str
    latency_p50_us: float
    weights_bytes: int
    test_accuracy: float
    test_auc: float
    test_log_loss: float
    p50_ratio: Interval | None = None
    score_changes: Mapping[str, Interval] = {}
    helped: bool = True
    remark: str = ""


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


class Benchmark(Reference):
    """Size, quality and latency of both variants, measured side by side in one process.

    `metrics` has the same keys for both, and so has `baseline`, the wide network's. Ratios are
    int8 over float32; `noise_ratio` is int8 over itself. Changes, by metric, are paired by test
    row: `score_changes` are int8's against float32, `auc_changes` each variant's against the
    baseline.
    """

    metrics: Mapping[Precision, Mapping[str, float]]
    baseline: Mapping[str, float]
    waterfall: Waterfall
    score_changes: Mapping[str, Interval]
    auc_changes: Mapping[Precision, Interval]
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

    @property
    def shape(self) -> str:
        return f"{self.machine.calls:,} calls a variant"


class Verdict(Value):
    """Which variant wins, and why; no winner where nothing fits the budget."""

    winner: Precision | None
    reason: str


class Comparison(Reference):
    """Both variants side by side, the verdict, and what in it a user should be warned of.

    `smaller_may_fit` is whether a smaller model could meet the budget that neither variant meets.
    """

    metrics: Mapping[Precision, Mapping[str, float]]
    verdict: Verdict
    warnings: tuple[str, ...] = ()
    smaller_may_fit: bool = False

    @property
    def shape(self) -> str:
        return f"winner: {self.verdict.winner or 'none'}"
