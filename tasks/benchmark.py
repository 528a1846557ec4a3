"""Benchmark: both bundles and the baseline, measured side by side, on this machine, now."""

from prefect import task
from prefect.artifacts import create_table_artifact

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import (
    Baseline,
    Bundles,
    DatasetRef,
    PreparedRef,
    TeacherRef,
)
from slipstream.evaluation import benchmark as library
from slipstream.evaluation.larger import measure_larger
from slipstream.evaluation.results import Benchmark
from slipstream.reporting.tables import steps_table
from slipstream.reporting.waterfall import description
from tasks.support.stage import measured


@task(**measured("benchmark"))
def benchmark(
    dataset: DatasetRef,
    bundles: Bundles,
    baseline: Baseline,
    max_score_loss: float,
    prepared: PreparedRef | None = None,
    teacher: TeacherRef | None = None,
) -> Benchmark:
    """Measure size, test metrics and latency of both variants, and publish the waterfall.

    With a teacher, say what larger models reach on the same rows.
    """
    store = open_store()
    measured = library.benchmark(dataset, bundles, baseline, max_score_loss, store)
    if prepared is not None and teacher is not None:
        found = measure_larger(dataset, prepared, teacher, measured.threshold, store)
        measured = measured.model_copy(update={"larger": found})
    steps = measured.waterfall.steps
    create_table_artifact(
        table=steps_table(steps),
        key="waterfall",
        description=description(steps),
    )
    return measured
