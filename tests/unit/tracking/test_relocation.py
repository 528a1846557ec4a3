"""A store that was moved, with the checkout around it or without its files."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

import slipstream
from slipstream.reporting.record import Decision, RunRecord, TrackedRun
from slipstream.runtime import InputError
from slipstream.tracking import relocation
from slipstream.tracking.registry import Registry
from slipstream.tracking.runs import FlowRun, track
from tests.conftest import Trained
from tests.unit.tracking.conftest import SERVER, located

BETTER = Decision(promoted=True, reason="better")


@pytest.fixture(scope="module")
def written(
    measured: RunRecord,
    mixed: Trained,
    empty_store: Callable[[Path], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, TrackedRun]:
    """A store with a champion and its predecessor, no longer where it was written."""
    place = tmp_path_factory.mktemp("relocation")
    old = place / "a checkout" / "mlruns"
    old.mkdir(parents=True)
    record = located(measured, empty_store(old))
    tracked = track(record, FlowRun("flow-run-1", "", "run"), SERVER, mixed.store)
    registry = Registry("customers", tracked.tracking_uri)
    for number in ("one", "two"):
        registry.settle(registry.register(tracked.variants["int8"], number, "{}"), BETTER)
    return old.parent.rename(place / "kept"), tracked


@pytest.fixture
def moved(written: tuple[Path, TrackedRun], tmp_path: Path) -> tuple[Path, TrackedRun]:
    """That store in a place of its own."""
    kept, tracked = written
    return shutil.copytree(kept, tmp_path / "moved") / "mlruns", tracked


def test_a_champion_loads_after_the_checkout_was_moved(moved: tuple[Path, TrackedRun]) -> None:
    """Loading finds the files next to the store, and changes nothing in it."""
    folder, _ = moved
    before = (folder / "mlflow.db").read_bytes()
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    assert slipstream.load("models:/customers@champion").precision == "int8"
    assert (folder / "mlflow.db").read_bytes() == before


def test_connecting_to_a_moved_store_repairs_it(
    moved: tuple[Path, TrackedRun], mixed: Trained, caplog: pytest.LogCaptureFixture
) -> None:
    """A rollback works, MLflow finds runs, models and versions again, and one line says so."""
    folder, tracked = moved
    uri = f"sqlite:///{folder}/mlflow.db"
    with caplog.at_level(logging.WARNING, logger="slipstream"):
        assert Registry("customers", uri).rollback("moved")[1] == "1"
        Registry("customers", uri)
    assert caplog.text.count("were moved") == 1
    client = MlflowClient(uri)
    assert Path(folder, "artifacts", tracked.run_id, "artifacts").exists()
    assert client.list_artifacts(tracked.run_id)
    mlflow.set_tracking_uri(uri)
    frame = pd.DataFrame([{"age": 40, "city": "Oslo", "income": 1.0, "member": True}])
    for model in (f"runs:/{tracked.variants['int8']}/model", "models:/customers@champion"):
        assert len(mlflow.pyfunc.load_model(model).predict(frame)) == 1


def test_new_runs_go_to_where_the_store_is(
    moved: tuple[Path, TrackedRun], measured: RunRecord, mixed: Trained
) -> None:
    """The next run's files are kept next to the store; the old folder is not created again."""
    folder, old = moved
    record = located(measured, f"sqlite:///{folder}/mlflow.db")
    again = track(record, FlowRun("flow-run-2", "", "run"), SERVER, mixed.store)
    assert again.experiment_id == old.experiment_id
    assert (folder / "artifacts" / again.run_id / "artifacts" / "history.png").exists()
    assert not Path(old.tracking_uri.removeprefix("sqlite:///")).parent.exists()


def test_files_that_were_left_behind_are_reported(
    moved: tuple[Path, TrackedRun], measured: RunRecord, mixed: Trained, tmp_path: Path
) -> None:
    """Without its files, neither a model is read nor a new run written, and both say what to do."""
    folder, old = moved
    (folder / "artifacts").rename(tmp_path / "lost")
    record = located(measured, f"sqlite:///{folder}/mlflow.db")
    mlflow.set_tracking_uri(record.config.tracking.uri)
    with pytest.raises(InputError, match="move the folder `artifacts` along with its mlflow.db"):
        slipstream.load("models:/customers@champion")
    with pytest.raises(InputError, match="move the folder `artifacts` along with its mlflow.db"):
        track(record, FlowRun("flow-run-3", "", "run"), SERVER, mixed.store)
    assert not Path(old.tracking_uri.removeprefix("sqlite:///")).parent.exists()


def test_a_store_that_was_not_moved_is_left_alone(
    measured: RunRecord, mixed: Trained, empty_store: Callable[[Path], str], tmp_path: Path
) -> None:
    """A location that a user chose stays the experiment's, even if it does not exist yet."""
    chosen = tmp_path / "chosen"
    uri = empty_store(tmp_path)
    MlflowClient(uri).create_experiment("tests", chosen.as_uri())
    run = track(located(measured, uri), FlowRun("flow-run-4", "", "run"), SERVER, mixed.store)
    assert (chosen / run.run_id / "artifacts" / "history.png").exists()
    Registry("customers", uri)
    assert MlflowClient(uri).get_experiment_by_name("tests").artifact_location == chosen.as_uri()


def test_a_damaged_store_is_one_message(tmp_path: Path) -> None:
    """A file that is not a database is refused by name; one without MLflow's tables is accepted."""
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"not a database" * 100)
    for check in (relocation.repair, lambda uri: relocation.check_place("1", "x", uri)):
        with pytest.raises(InputError, match="must be a database that can be read"):
            check(f"sqlite:///{file}")
    file.write_bytes(b"")
    relocation.repair(f"sqlite:///{file}")
