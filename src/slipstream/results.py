"""What the measuring stages return: figures with their units in their names."""

from collections.abc import Mapping
from typing import Any

from slipstream import pages
from slipstream.config import OptimizeConfig
from slipstream.references import (
    Blob,
    Bundles,
    DatasetRef,
    FeatureMask,
    NetworkRef,
    Reference,
    SplitRule,
    Value,
)
from slipstream.runtime.types import Precision

__all__ = [
    "Alternative",
    "Alternatives",
    "Benchmark",
    "Champion",
    "Comparison",
    "Decision",
    "Fit",
    "Floor",
    "Interval",
    "LayerTrace",
    "Machine",
    "RowTrace",
    "RunRecord",
    "Stage",
    "TrackedRun",
    "Verdict",
    "Waterfall",
    "WaterfallStep",
]


class Interval(Value):
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float


class LayerTrace(Value):
    """One layer's values for one row, in real units."""

    name: str
    values: tuple[float, ...]


class RowTrace(Reference):
    """One test row on its way through both variants, and their answers."""

    row: Mapping[str, Any]
    label: str
    layers: Mapping[Precision, tuple[LayerTrace, ...]]
    answers: Mapping[Precision, float]

    @property
    def shape(self) -> str:
        # Not the answer: which variant's counts, or whether any does, is not known yet.
        return f"1 row x {len(self.row)} columns -> 1 probability"

    def to_json(self, winner: Precision | None) -> dict[str, Any] | None:
        """The winner's way and answer: what did not win, or does not fit, answers nothing."""
        if winner is None:
            return None
        return {
            "precision": winner,
            "row": dict(self.row),
            "label": self.label,
            "layers": [layer.model_dump(mode="json") for layer in self.layers[winner]],
            "answer": self.answers[winner],
        }


class Machine(Value):
    """Where the figures were measured, and how.

    `instruction_sets` is what the CPU has, `instruction_set` the one that the compiled backend ran.
    """

    cpu: str
    instruction_sets: tuple[str, ...]
    backend: str
    instruction_set: str | None
    threads: int
    timer_us: float
    warm_up_calls: int
    calls: int
    cold_calls: int
    distinct_rows: int

    @property
    def runs(self) -> str:
        """What ran: the backend, and its instruction set where there are several."""
        return f"{self.backend} ({self.instruction_set})" if self.instruction_set else self.backend


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


class Alternative(Value):
    """A smaller model of random weights, measured; `excess` says how it breaks the budget."""

    k: int
    hidden: tuple[int, ...]
    precision: Precision
    latency_p50_us: float
    latency_p99_us: float
    bundle_bytes: int
    excess: str


class Alternatives(Reference):
    """What would fit the budget where the run's own model does not, or else what is closest.

    `own` is the run's shape, measured in the same blocks as the smaller ones.
    """

    own: tuple[Alternative, ...]
    measured: tuple[Alternative, ...]
    conclusion: str

    @property
    def shape(self) -> str:
        fit = sum(not each.excess for each in self.measured)
        return f"{fit} of {len(self.measured)} smaller models fit the budget"


class TrackedRun(Reference):
    """Where MLflow keeps the run."""

    run_id: str
    experiment_id: str
    tracking_uri: str
    server: str
    variants: Mapping[Precision, str]

    @property
    def link(self) -> str:
        """The run's page on the MLflow server."""
        return f"{self.server}/#/experiments/{self.experiment_id}/runs/{self.run_id}"

    @property
    def runs_page(self) -> str:
        """The page on the MLflow server with the table of all runs beside this one."""
        return pages.runs(self.server, self.experiment_id)

    @property
    def shape(self) -> str:
        return f"{2 + len(self.variants)} MLflow runs"  # the parent's and the baseline's too


class Champion(Reference):
    """The registered model that answers now: its version, its file, its labels, its split."""

    version: str
    bundle: Blob
    classes: tuple[str, str]
    split: SplitRule

    @property
    def shape(self) -> str:
        return f"version {self.version}"


class Fit(Reference):
    """The champion can be compared on today's data; `warnings`: what could not be checked."""

    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        return "columns, labels and split are the champion's"


class Decision(Reference):
    """Whether a challenger became champion, and why; `gain` is in nats of log-loss a row.

    `met_budget` is whether there was a challenger at all, `had_champion` whether there was somebody
    to keep; `version` is what was decided on, where nothing changed the champion's, if there is
    one.
    """

    promoted: bool
    reason: str
    met_budget: bool = True
    had_champion: bool = True
    version: str = ""
    gain: Interval | None = None

    @property
    def shape(self) -> str:
        if self.promoted:
            return "promoted"
        return "champion kept" if self.had_champion else "no champion yet"


class Stage(Value):
    """One line of the stage trace; `seconds` is wall time."""

    stage: str
    cached: bool
    seconds: float
    shape: str


class RunRecord(Value):
    """Everything that one run found out, for MLflow and for the report.

    `noticed` are warnings that no stage's result carries, such as of a stored file that was lost.
    """

    config: OptimizeConfig
    dataset: DatasetRef
    mask: FeatureMask
    network: NetworkRef
    bundles: Bundles
    trace: RowTrace
    benchmark: Benchmark
    comparison: Comparison
    alternatives: Alternatives | None = None
    noticed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the model and its files are called."""
        return self.config.name

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know, wherever the run is shown: a sentence each."""
        found = (
            *self.config.warnings,
            *self.dataset.warnings,
            *self.mask.warnings,
            *self.comparison.warnings,
            *self.noticed,
        )
        return tuple(dict.fromkeys(found))
