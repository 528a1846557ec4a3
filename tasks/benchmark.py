"""Benchmark: both bundles and the baseline, measured side by side, on this machine, now."""

from prefect import task
from prefect.artifacts import create_table_artifact

from slipstream import benchmarking, waterfall
from slipstream.references import Baseline, Bundles, DatasetRef
from slipstream.results import Benchmark
from slipstream.store import open_store
from tasks.stage import measured


@task(**measured("benchmark"))
def benchmark(
    dataset: DatasetRef, bundles: Bundles, baseline: Baseline, max_score_loss: float
) -> Benchmark:
    """Measure size, test metrics and latency of both variants, and publish the waterfall."""
    measured = benchmarking.benchmark(dataset, bundles, baseline, max_score_loss, open_store())
    steps = measured.waterfall.steps
    create_table_artifact(
        table=waterfall.table(steps),
        key="waterfall",
        description=waterfall.description(steps),
    )
    return measured
