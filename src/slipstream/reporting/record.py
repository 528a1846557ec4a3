"""What one run found out and decided, and everything that is needed to show it."""

from collections.abc import Mapping

from slipstream.artifacts.references import (
    Bundles,
    DatasetRef,
    FeatureMask,
    NetworkRef,
    PreparedRef,
    TeacherRef,
)
from slipstream.artifacts.traces import RowTrace
from slipstream.artifacts.values import Reference, Value
from slipstream.config.optimize import OptimizeConfig
from slipstream.evaluation.results import Benchmark, Comparison
from slipstream.measurement.intervals import Interval
from slipstream.reporting import pages
from slipstream.runtime.types import Precision
from slipstream.search.candidates import Alternatives
from slipstream.search.found import Found

__all__ = ["Decision", "RunRecord", "Stage", "TrackedRun"]


class TrackedRun(Reference):
    """Where MLflow keeps the run."""

    run_id: str
    experiment_id: str
    tracking_uri: str
    server: str
    variants: Mapping[Precision, str]
    larger: int = 0

    @property
    def link(self) -> str:
        """The run's page on the MLflow server."""
        return pages.run(self.server, self.experiment_id, self.run_id)

    @property
    def runs_page(self) -> str:
        """The page on the MLflow server with the table of all runs of the experiment."""
        return pages.runs(self.server, self.experiment_id)

    @property
    def shape(self) -> str:
        # The parent's and the baseline's too, and those of larger models.
        return f"{2 + len(self.variants) + self.larger} MLflow runs"


class Decision(Reference):
    """Whether a challenger became champion, and why.

    `gain` is in loss a row: nats of log-loss, or squared error in variances of the target.

    `brief` is the reason without figures, for lists; empty: the reason has none. `met_budget` is
    whether there was a challenger at all, `had_champion` whether there was a champion to keep;
    `version` is the one that was decided on; where nothing changed, the champion's, if there is
    one.
    """

    promoted: bool
    reason: str
    brief: str = ""
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
    prepared: PreparedRef
    mask: FeatureMask
    network: NetworkRef
    bundles: Bundles
    trace: RowTrace
    benchmark: Benchmark
    comparison: Comparison
    teacher: TeacherRef | None = None
    found: Found | None = None
    alternatives: Alternatives | None = None
    noticed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the model and its files are called."""
        return self.config.name

    @property
    def p50_us_of_k(self) -> Mapping[int, float]:
        """The latency of the chosen hidden layers with several numbers of columns, if searched."""
        return self.found.p50_us_of_k if self.found else {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know, wherever the run is shown: a sentence each."""
        found = (
            *self.config.warnings,
            *self.dataset.warnings,
            *self.prepared.warnings,
            *(self.teacher.warnings if self.teacher else ()),
            *self.mask.warnings,
            *(self.found.warnings if self.found else ()),
            *self.network.warnings,
            *self.bundles.warnings,
            *self.comparison.warnings,
            *self.noticed,
        )
        return tuple(dict.fromkeys(found))
