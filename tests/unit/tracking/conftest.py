"""What the tests of tracking share: one measured run, and MLflow stores whose tables exist."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from slipstream.config.tracking import TrackingConfig
from slipstream.evaluation import benchmark, row_trace, verdict
from slipstream.reporting.record import RunRecord, TrackedRun
from slipstream.tracking.runs import FlowRun, track
from tests.conftest import Trained, measure_briefly

SERVER = "http://127.0.0.1:5000"


@pytest.fixture(scope="session")
def measured(mixed: Trained) -> RunRecord:
    """A run of the mixed table before it is tracked; `located` says where it will be."""
    with pytest.MonkeyPatch.context() as patch:
        measure_briefly(patch)
        found = benchmark.benchmark(mixed.dataset, mixed.bundles, mixed.baseline, 0.01, mixed.store)
    return RunRecord(
        config=mixed.config,
        dataset=mixed.dataset,
        prepared=mixed.prepared,
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


@pytest.fixture(scope="module")
def record(
    measured: RunRecord,
    empty_store: Callable[[Path], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> RunRecord:
    """That run, in a store of the test file's own."""
    return located(measured, empty_store(tmp_path_factory.mktemp("mlruns")))


@pytest.fixture(scope="module")
def tracked(record: RunRecord, mixed: Trained) -> TrackedRun:
    """That run when it has been tracked."""
    return track(record, FlowRun("flow-run-1", "no page", "test run"), SERVER, mixed.store)


def located(record: RunRecord, uri: str) -> RunRecord:
    """The same run, to be tracked in that store."""
    tracking = TrackingConfig(uri=uri, experiment="tests")
    config = record.config.model_copy(update={"tracking": tracking})
    return record.model_copy(update={"config": config})
