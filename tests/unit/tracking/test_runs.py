"""The adapter to MLflow, against the real store."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

import slipstream
from slipstream.config.data import DataConfig
from slipstream.config.optimize import OptimizeConfig
from slipstream.config.tracking import TrackingConfig
from slipstream.data.snapshot import Snapshot
from slipstream.evaluation.results import Verdict
from slipstream.reporting.record import RunRecord, TrackedRun
from slipstream.reporting.summary import run_summary
from slipstream.runtime import InputError
from slipstream.tracking.experiments import open_experiment
from slipstream.tracking.origin import PROFILE
from slipstream.tracking.registry import Registry
from slipstream.tracking.runs import FlowRun, track
from tests.conftest import Trained
from tests.unit.tracking.conftest import SERVER, located

TEXTS = {"", ".db", ".json", ".txt", ".yaml"}  # "" is MLmodel
METRICS = {
    *("test_accuracy", "test_auc", "test_pr_auc", "test_log_loss", "test_ece"),
    *("test_recall_at_1pct_fpr", "test_precision_at_top_1pct"),
    *("test_precision", "test_recall", "test_positive_share"),
    *("latency_p50_us", "latency_p99_us", "latency_cold_p50_us", "throughput_rows_per_s"),
    *("weights_bytes", "tensors_bytes", "bundle_bytes"),
}


def registry_of(tracked: TrackedRun, name: str) -> Registry:
    return Registry(name, tracked.tracking_uri)


def run_with(tracked: TrackedRun, *arguments: str) -> str:
    """Run a fresh interpreter that tracks where the run is; returns what it prints."""
    environment = {**os.environ, "MLFLOW_TRACKING_URI": tracked.tracking_uri}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def client(tracked: TrackedRun) -> MlflowClient:
    return MlflowClient(tracked.tracking_uri)


def test_the_parent_run_has_everything(
    client: MlflowClient, tracked: TrackedRun, record: RunRecord
) -> None:
    """Parameters, history, dataset, mask, figures and tags are on the parent run."""
    run = client.get_run(tracked.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["features.k"] == "5"
    assert run.data.params["model.hidden"] == "[16, 8]"
    for metric in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
        history = client.get_metric_history(tracked.run_id, metric)
        assert [each.step for each in history] == list(range(1, len(record.network.history) + 1))
    assert run.inputs.dataset_inputs[0].dataset.digest == record.dataset.table.sha256[:36]
    assert {
        "prefect.flow_run_id": "flow-run-1",
        "data_sha256": record.dataset.table.sha256,
        "verdict": str(record.comparison.verdict.winner),
    }.items() <= run.data.tags.items()
    assert len(run.data.tags["git_sha"]) in (7, 40)
    names = {artifact.path for artifact in client.list_artifacts(tracked.run_id)}
    figures = {"history.png", "feature_scores.png", "latency.png", "waterfall.png"}
    figures |= {"reliability.png"}
    facts = {"feature_mask.json", "training_profile.json", "machine.json", "waterfall.json"}
    assert names == figures | facts | {"warnings.json"}


def test_the_parent_run_says_how_it_came_out(
    client: MlflowClient, tracked: TrackedRun, record: RunRecord
) -> None:
    """The winner's figures, under the variants' own keys, and the outcome in words."""
    run = client.get_run(tracked.run_id)
    winner = record.comparison.verdict.winner
    assert winner
    assert run.data.metrics.items() >= record.benchmark.metrics[winner].to_flat().items()
    assert run.data.tags["mlflow.note.content"] == run_summary(record)
    assert record.warnings
    assert run.data.tags["slipstream.warnings"] == str(len(record.warnings))
    warnings = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/warnings.json")
    assert warnings == list(record.warnings)


def test_without_a_winner_the_parent_has_no_figures_of_one(
    mixed: Trained, record: RunRecord, empty_store: Callable[[Path], str], tmp_path: Path
) -> None:
    """Where nothing fits the budget, no variant's latency is shown as the run's."""
    verdict = Verdict(winner=None, reasons=("nothing fits",))
    comparison = record.comparison.model_copy(update={"verdict": verdict})
    lost = located(record, empty_store(tmp_path)).model_copy(update={"comparison": comparison})
    run = track(lost, FlowRun("flow-run-0", "", "lost"), SERVER, mixed.store)
    metrics = MlflowClient(run.tracking_uri).get_run(run.run_id).data.metrics
    epochs = {"train_loss", "train_accuracy", "val_loss", "val_accuracy"}
    fitted = record.bundles.temperature
    assert metrics.keys() == epochs | (fitted.metrics.keys() if fitted else set())


def test_the_experiment_opens_on_its_runs(client: MlflowClient, tracked: TrackedRun) -> None:
    """The experiment is of the kind that has runs, and offers a view with our columns."""
    tags = client.get_experiment(tracked.experiment_id).tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    view = json.loads(tags["mlflow.sharedViewState.slipstream"])
    assert "metrics.`test_auc`" in json.loads(view["state"])["selectedColumns"]
    page = f"/#/experiments/{tracked.experiment_id}/runs?workflowType=machine_learning"
    assert page in tracked.runs_page


def test_an_experiment_of_an_earlier_release_is_given_what_it_lacks(
    empty_store: Callable[[Path], str], tmp_path: Path
) -> None:
    """Its kind and its view are set when it is used again; what a user set there stays."""
    uri = empty_store(tmp_path)
    before = MlflowClient(uri)
    place = (tmp_path / "artifacts").as_uri()
    mine = "mlflow.sharedViewState.slipstream"
    number = before.create_experiment("old", place, tags={mine: "a user's own"})
    open_experiment("old", uri)
    tags = before.get_experiment(number).tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    assert tags[mine] == "a user's own"


def test_variants_are_nested_runs_with_the_same_metrics(
    client: MlflowClient, tracked: TrackedRun
) -> None:
    """float32 and int8 are runs below the parent, with the same metric keys and a model each."""
    assert set(tracked.variants) == {"float32", "int8"}
    for precision, run_id in tracked.variants.items():
        run = client.get_run(run_id)
        assert run.info.run_name == f"mixed {precision}"
        assert run.data.tags["mlflow.parentRunId"] == tracked.run_id
        assert run.data.tags["slipstream.precision"] == precision
        shown = {"precision": precision, "network": "4-16-8-1", "threshold": "0.5"}
        assert run.data.params.items() >= shown.items()
        (dataset,) = run.inputs.dataset_inputs
        assert dataset.dataset.name == "mixed"
        assert set(run.data.metrics) == METRICS
        (model,) = run.outputs.model_outputs
        assert {each.key for each in client.get_logged_model(model.model_id).metrics} == METRICS


def test_the_baseline_is_a_nested_run_without_a_model(
    client: MlflowClient, tracked: TrackedRun, record: RunRecord
) -> None:
    """The baseline has the same metrics as a variant, and nothing that could be deployed."""
    (run,) = client.search_runs(
        [tracked.experiment_id],
        f"tags.`slipstream.role` = 'baseline' and tags.`mlflow.parentRunId` = '{tracked.run_id}'",
    )
    assert (run.info.run_name, run.info.status) == ("mixed baseline", "FINISHED")
    assert run.data.params["network"] == record.benchmark.waterfall.steps[0].network
    assert run.inputs.dataset_inputs
    assert run.data.metrics == record.benchmark.baseline.to_flat()
    assert run.data.metrics.keys() == METRICS
    assert not run.outputs.model_outputs


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_the_logged_model_answers_like_the_bundle(
    client: MlflowClient, tracked: TrackedRun, mixed: Trained, precision: str
) -> None:
    """`mlflow.pyfunc.load_model` and `slipstream.load` give the same answers on raw rows."""
    rows = Snapshot(mixed.dataset, mixed.store).rows("test")
    (output,) = client.get_run(tracked.variants[precision]).outputs.model_outputs
    mlflow.set_tracking_uri(tracked.tracking_uri)
    logged = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    bundle = slipstream.load(mixed.store.path(getattr(mixed.bundles, precision).file))
    np.testing.assert_array_equal(logged.predict(rows), bundle.predict(rows))
    integers = pd.DataFrame({"age": [40], "city": ["Oslo"], "member": [True]})
    np.testing.assert_array_equal(logged.predict(integers), bundle.predict(integers))
    again = slipstream.load(f"models:/{output.model_id}")
    np.testing.assert_array_equal(again.predict(rows), bundle.predict(rows))


def test_loading_leaves_the_program_as_it_was(
    tracked: TrackedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading by alias neither keeps a downloaded copy nor changes where the program tracks."""
    made = registry_of(tracked, "left-alone").register(tracked.variants["int8"], "one", "{}")
    mlflow.set_tracking_uri(tracked.tracking_uri)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert slipstream.load("models:/left-alone@challenger").precision == "int8"
    elsewhere = f"sqlite:///{tmp_path}/elsewhere.db"
    mlflow.set_tracking_uri(elsewhere)
    assert registry_of(tracked, "left-alone").bundle(made)
    assert mlflow.get_tracking_uri() == elsewhere
    assert list(tmp_path.iterdir()) == []


def test_predicting_from_the_registry_needs_mlflow_only(tracked: TrackedRun) -> None:
    """Where MLflow is and Slipstream's other libraries are not, a model loads by its alias."""
    registry_of(tracked, "served").register(tracked.variants["int8"], "one", "{}")
    code = (
        "import sys\n"
        "for name in ('filelock', 'torch', 'prefect', 'matplotlib'): sys.modules[name] = None\n"
        "import slipstream\n"
        "print(slipstream.load('models:/served@challenger').precision)\n"
        "print(*sorted(name for name in sys.modules if name.startswith('slipstream')))"
    )
    precision, modules = run_with(tracked, "-c", code).splitlines()
    assert precision == "int8"
    wings = {"slipstream", "slipstream.artifacts", "slipstream.tracking"}
    others = {name for name in modules.split() if not name.startswith("slipstream.runtime")}
    assert others - wings == {
        "slipstream.artifacts.home",
        "slipstream.tracking.download",
        "slipstream.tracking.relocation",
    }


def test_a_registered_model_can_be_inspected(tracked: TrackedRun) -> None:
    """`slipstream inspect` takes a model of the registry as it takes a file."""
    registry_of(tracked, "inspected").register(tracked.variants["float32"], "one", "{}")
    code = "from slipstream.cli.main import main; raise SystemExit(main())"
    shown = run_with(tracked, "-c", code, "inspect", "models:/inspected@challenger")
    assert shown.startswith("models:/inspected@challenger\n")
    assert "float32" in shown


def test_a_registration_that_was_killed_is_finished(
    tracked: TrackedRun, client: MlflowClient
) -> None:
    """Killed between version and alias, the same again finds the version and sets the alias."""
    registry = registry_of(tracked, "killed")
    made = registry.register(tracked.variants["int8"], "one", "{}")
    client.delete_registered_model_alias("killed", "challenger")
    assert registry.register(tracked.variants["int8"], "one", "{}") == made
    assert client.get_model_version_by_alias("killed", "challenger").version == int(made.number)


@pytest.mark.parametrize(
    "stem", ["bob's", "a:b?c", 'say "100%" & co; @#$`*', "tab\there", "ü" * 80]
)
def test_whatever_a_source_is_called_its_model_can_be_registered(
    tracked: TrackedRun, stem: str
) -> None:
    """The name derived from a source can be searched for, and its model fetched."""
    config = OptimizeConfig(data=DataConfig(path=f"data/{stem}.csv"))
    registry = registry_of(tracked, config.name)
    assert registry.find("one") is None
    made = registry.register(tracked.variants["int8"], "one", "{}")
    assert registry.find("one") == made
    assert registry.bundle(made)


def test_the_registry_is_where_the_config_says(
    tracked: TrackedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment variable of MLflow's does not move a promotion to another registry."""
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", f"sqlite:///{tmp_path}/other.db")
    registry_of(tracked, "at-home").register(tracked.variants["int8"], "one", "{}")
    assert not (tmp_path / "other.db").exists()
    uri = tracked.tracking_uri
    assert MlflowClient(uri, registry_uri=uri).get_registered_model("at-home")


def test_no_row_of_the_data_is_written(tracked: TrackedRun, mixed: Trained) -> None:
    """No income of any part is in the store's texts, and the input example's lie within the edges.

    The bundle is excepted, which holds its edges, and the profile, which holds deciles.
    """
    rows = Snapshot(mixed.dataset, mixed.store).rows()
    incomes = {str(value).encode() for value in rows["income"].dropna()}
    edges = next(
        each.edges
        for each in slipstream.load(mixed.store.path(mixed.bundles.int8.file)).bundle.columns
        if each.name == "income"
    )
    folder = Path(tracked.tracking_uri.removeprefix("sqlite:///")).parent
    examples = 0
    for path in filter(Path.is_file, folder.rglob("*")):
        if path.name == "input_example.json":
            example = pd.DataFrame(**json.loads(path.read_text()))
            examples += 1
            assert example["income"].between(edges[0], edges[-1], inclusive="neither").all()
        if path.suffix in TEXTS and path.name != PROFILE:
            text = path.read_bytes()
            assert not any(income in text for income in incomes), path
    assert examples == 2


def test_the_profile_holds_aggregates(tracked: TrackedRun, mixed: Trained) -> None:
    """Of a number, nine deciles and no extremes; of labels, as the target's, their shares."""
    rows = Snapshot(mixed.dataset, mixed.store).rows("train")
    profile = mlflow.artifacts.load_dict(f"runs:/{tracked.run_id}/{PROFILE}")
    assert profile.keys() == {"features", "outside_share", "target"}
    (income,) = [each for each in profile["features"] if each["name"] == "income"]
    assert income.keys() == {"name", "edges", "categories", "shares"}
    assert len(income["edges"]) == 9
    assert rows["income"].min() < income["edges"][0]
    assert income["edges"][-1] < rows["income"].max()
    target = profile["target"]
    assert (target["name"], tuple(target["categories"])) == (
        mixed.dataset.target,
        mixed.dataset.classes,
    )
    shares = Snapshot(mixed.dataset, mixed.store).target("train").value_counts(normalize=True)
    assert target["shares"] == pytest.approx([*shares.sort_index(), 0, 0])


def test_tracking_again_finishes_what_was_begun(
    record: RunRecord, tracked: TrackedRun, client: MlflowClient, mixed: Trained
) -> None:
    """The same flow run again finds its run: one parent, three below it, no metric twice."""
    client.update_run(tracked.run_id, status="RUNNING")
    client.update_run(tracked.variants["int8"], status="RUNNING")  # as if killed there
    again = track(record, FlowRun("flow-run-1", "no page", "test run"), SERVER, mixed.store)
    assert again.run_id == tracked.run_id
    assert again.variants["float32"] == tracked.variants["float32"]
    assert again.variants["int8"] != tracked.variants["int8"]
    models = client.search_logged_models([tracked.experiment_id])
    assert len(models) == 2
    runs = client.search_runs([tracked.experiment_id])
    assert {run.info.experiment_id for run in runs} == {tracked.experiment_id}
    assert sorted(run.info.status for run in runs) == ["FINISHED"] * 4
    history = client.get_metric_history(tracked.run_id, "train_loss")
    assert len(history) == len(record.network.history)


def test_stores_that_cannot_be_used_are_explained(mixed: Trained, record: RunRecord) -> None:
    """A URI that is not a tracking store is the user's mistake, reported in one message."""
    bad = record.model_copy(
        update={"config": OptimizeConfig(tracking=TrackingConfig(uri="nosuchscheme://host/store"))}
    )
    with pytest.raises(InputError, match=r"tracking\.uri must lead to an MLflow store"):
        track(bad, FlowRun("flow-run-2", "", "test"), SERVER, mixed.store)


def test_a_registry_without_the_model_is_explained(tracked: TrackedRun) -> None:
    """A model that was never registered is an InputError with its name."""
    mlflow.set_tracking_uri(tracked.tracking_uri)
    with pytest.raises(InputError, match="models:/nobody@champion"):
        slipstream.load("models:/nobody@champion")


def test_column_names_are_drawn_literally() -> None:
    """A column named like broken TeX is drawn as it is written."""
    import io

    from slipstream.artifacts.references import FeatureMask
    from slipstream.artifacts.selection import FeatureScore
    from slipstream.reporting.plots import feature_figure

    score = FeatureScore(name=r"a$\frac$ and $b", score=0.5, kept=True)
    mask = FeatureMask(method="mutual_info", scores=(score,), rows=1)
    feature_figure(mask).savefig(io.BytesIO())


def test_telemetry_is_off() -> None:
    """MLflow's telemetry is switched off."""
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
