"""What the tests of tracking share: one measured run, and MLflow stores whose tables exist."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from slipstream.config.tracking import TrackingConfig
from slipstream.evaluation import benchmark, row_trace, verdict
from slipstream.reporting.record import RunRecord
from tests.conftest import Trained

SERVER = "http://127.0.0.1:5000"


@pytest.fixture(scope="session")
def measured(mixed: Trained) -> RunRecord:
    """A run of the mixed table before it is tracked; `located` says where it will be."""
    with pytest.MonkeyPatch.context() as patch:  # nothing here looks at how well a time is known
        patch.setattr("slipstream.measurement.latency.HOT_SECONDS", 0.05)
        patch.setattr("slipstream.measurement.breakdown.SECONDS", 0.02)
        found = benchmark.benchmark(mixed.dataset, mixed.bundles, mixed.baseline, 0.01, mixed.store)
    return RunRecord(
        config=mixed.config,
        dataset=mixed.dataset,
        mask=mixed.mask,
        network=mixed.network,
        bundles=mixed.bundles,
        trace=row_trace.trace_row(mixed.dataset, mixed.bundles, mixed.store),
        benchmark=found,
        comparison=verdict.compare(found, mixed.config.quantization, mixed.config.budget),
    )


@pytest.fixture(scope="session")
def empty_store(mlflow_tables: Path) -> Callable[[Path], str]:
    """Puts an empty store into a folder and returns its URI."""

    def put(folder: Path) -> str:
        shutil.copy(mlflow_tables, folder / "mlflow.db")
        return f"sqlite:///{folder}/mlflow.db"

    return put


def located(record: RunRecord, uri: str) -> RunRecord:
    """The same run, to be tracked in that store."""
    tracking = TrackingConfig(uri=uri, experiment="tests")
    config = record.config.model_copy(update={"tracking": tracking})
    return record.model_copy(update={"config": config})
