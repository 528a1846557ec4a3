"""Benchmark: both bundles, measured side by side, on this machine, now."""

from prefect import task

from slipstream import benchmarking
from slipstream.references import Bundles, DatasetRef
from slipstream.results import Benchmark
from slipstream.store import open_store
from tasks.stage import measured


@task(**measured("benchmark"))
def benchmark(dataset: DatasetRef, bundles: Bundles) -> Benchmark:
    """Measure size, test metrics and latency of both variants."""
    return benchmarking.benchmark(dataset, bundles, open_store())
