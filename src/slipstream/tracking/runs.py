"""Track: a finished run goes to MLflow: a parent run, a nested one a variant and the baseline's.

Every write can be repeated: the parent is found again by the flow run's id, metrics carry the run's
own start time (MLflow keeps equal metrics once), and a variant that was half written is deleted.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import mlflow
from mlflow.entities import Dataset, DatasetInput, Experiment, InputTag, Metric, Param, Run
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from slipstream.checkout import Addresses, resolve_tracking_uri, root, running_services
from slipstream.drift import Profile, profile
from slipstream.plots import feature_figure, history_figure, latency_figure, waterfall_figure
from slipstream.references import BundleRef
from slipstream.relocation import artifacts_beside, check_place
from slipstream.results import RunRecord, TrackedRun
from slipstream.runtime import InputError, load_file
from slipstream.snapshot import load_part
from slipstream.store import Store
from slipstream.tracking.connection import connect, quiet
from slipstream.tracking.registry import PROFILE
from slipstream.tracking.signature import example, signature

__all__ = ["track"]

LOADER = "slipstream.pyfunc"
EXPERIMENT_KIND = "custom_model_development"  # opens on the table of runs, not on chat traces
DIGEST_CHARACTERS = 36  # MLflow's limit
PARAMETER_CHARACTERS = 6000  # MLflow's limit


def track(
    record: RunRecord, flow_run_id: str, flow_run_url: str, flow_run_name: str, store: Store
) -> TrackedRun:
    """Write one run to MLflow; called again for the same flow run, finish what was begun.

    Raises:
        InputError: the tracking store cannot be used.
    """
    quiet()
    uri = resolve_tracking_uri(record.config.tracking.uri)
    mlflow.set_tracking_uri(uri)
    client, experiment = _connect(record.config.tracking.experiment, uri)
    parent = _begin(client, experiment, flow_run_id, flow_run_name)
    _log_parent(client, parent, record, flow_run_url, store)
    variants = {
        precision: _log_variant(client, parent, record, variant, store)
        for precision, variant in record.bundles.variants.items()
    }
    _log_baseline(client, parent, record)
    client.set_terminated(parent.info.run_id)
    return TrackedRun(
        run_id=parent.info.run_id,
        experiment_id=experiment.experiment_id,
        tracking_uri=uri,
        server=uri.rstrip("/") if uri.startswith("http") else _server(),
        variants=variants,
    )


def _server() -> str:
    """The MLflow server that shows this store: of `make up`, or as `mlflow server` starts it."""
    return (running_services() or Addresses()).mlflow


def _connect(name: str, uri: str) -> tuple[MlflowClient, Experiment]:
    client = connect(uri)
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        experiment = _create_experiment(client, name, uri)
    if experiment.lifecycle_stage == "deleted":
        raise InputError(
            f"tracking.experiment must be an active experiment, however: {name!r} was deleted; "
            "restore it in MLflow, or choose another name"
        )
    check_place(experiment.experiment_id, name, uri)
    return client, experiment


def _create_experiment(client: MlflowClient, name: str, uri: str) -> Experiment:
    """Make the experiment, or find the one that another run has just made."""
    try:
        client.create_experiment(
            name, _artifact_location(uri), tags={"mlflow.experimentKind": EXPERIMENT_KIND}
        )
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.get_experiment_by_name(name)
    assert made is not None
    return made


def _artifact_location(uri: str) -> str | None:
    """Beside an SQLite store, as plain files; a server decides for itself."""
    beside = artifacts_beside(uri)
    return beside.as_uri() if beside else None


def _begin(client: MlflowClient, experiment: Experiment, flow_run_id: str, name: str) -> Run:
    begun = client.search_runs(
        [experiment.experiment_id], f"tags.`prefect.flow_run_id` = '{flow_run_id}'"
    )
    if begun and flow_run_id:
        return begun[0]
    tags = {"prefect.flow_run_id": flow_run_id}
    return client.create_run(experiment.experiment_id, run_name=name, tags=tags)


def _log_parent(
    client: MlflowClient, parent: Run, record: RunRecord, flow_run_url: str, store: Store
) -> None:
    run_id = parent.info.run_id
    tags = {
        "prefect.flow_run_url": flow_run_url,
        "git_sha": _git_sha(),
        "data_sha256": record.dataset.table.sha256,
        "verdict": record.comparison.verdict.winner or "none",
        "verdict.reason": record.comparison.verdict.reason,
    }
    for key, value in tags.items():
        client.set_tag(run_id, key, value)
    metrics = [
        Metric(key, value, parent.info.start_time, epoch.epoch)
        for epoch in record.network.history
        for key, value in epoch.model_dump(exclude={"epoch"}).items()
    ]
    client.log_batch(run_id, metrics=metrics, params=_parameters(record))
    client.log_inputs(run_id, [_dataset(record)])
    client.log_dict(run_id, record.mask.to_json(), "feature_mask.json")
    client.log_dict(run_id, _profile(record, store).model_dump(mode="json"), PROFILE)
    client.log_dict(run_id, record.benchmark.machine.model_dump(mode="json"), "machine.json")
    history = history_figure(record.network.history, record.network.best_epoch)
    client.log_figure(run_id, history, "history.png")
    client.log_figure(run_id, feature_figure(record.mask), "feature_scores.png")
    client.log_figure(run_id, latency_figure(record.benchmark), "latency.png")
    waterfall = record.benchmark.waterfall
    client.log_figure(run_id, waterfall_figure(waterfall), "waterfall.png")
    client.log_dict(run_id, waterfall.model_dump(mode="json"), "waterfall.json")
    if record.alternatives:
        client.log_dict(run_id, record.alternatives.model_dump(mode="json"), "alternatives.json")


def _log_variant(
    client: MlflowClient, parent: Run, record: RunRecord, variant: BundleRef, store: Store
) -> str:
    for begun in _children(client, parent, variant.precision):
        if begun.info.status == "FINISHED":
            return str(begun.info.run_id)
        _discard(client, begun)
    tags = {
        "mlflow.parentRunId": parent.info.run_id,
        "slipstream.precision": variant.precision,
    }
    run = client.create_run(parent.info.experiment_id, run_name=variant.precision, tags=tags)
    predictor = load_file(store.path(variant.file))
    with (
        mlflow.start_run(run_id=run.info.run_id),
        tempfile.TemporaryDirectory() as folder,
    ):
        named = Path(folder) / f"{record.name}.{variant.precision}.safetensors"
        named.write_bytes(store.get(variant.file))
        model = mlflow.pyfunc.log_model(
            name="model",
            loader_module=LOADER,
            data_path=str(named),
            pip_requirements=["slipstream"],
            signature=signature(predictor),
            input_example=example(predictor),
        )
        metrics = dict(record.benchmark.metrics[variant.precision])
        mlflow.log_metrics(metrics, model_id=model.model_id)
    return str(run.info.run_id)


def _log_baseline(client: MlflowClient, parent: Run, record: RunRecord) -> None:
    """The same metrics as a variant's, and no model: nobody should deploy this one."""
    run = next(iter(_children(client, parent, "baseline")), None) or client.create_run(
        parent.info.experiment_id,
        run_name="baseline",
        tags={"mlflow.parentRunId": parent.info.run_id},
    )
    metrics = [
        Metric(key, value, parent.info.start_time, 0)
        for key, value in record.benchmark.baseline.items()
    ]
    client.log_batch(run.info.run_id, metrics=metrics)
    client.set_terminated(run.info.run_id)


def _discard(client: MlflowClient, half_written: Run) -> None:
    """Delete a variant's run that was not finished, and the model it may have logged."""
    outputs = half_written.outputs.model_outputs if half_written.outputs else []
    for output in outputs:
        client.delete_logged_model(output.model_id)
    client.delete_run(half_written.info.run_id)


def _children(client: MlflowClient, parent: Run, name: str) -> list[Run]:
    return list(
        client.search_runs(
            [parent.info.experiment_id],
            f"tags.`mlflow.parentRunId` = '{parent.info.run_id}' "
            f"and attributes.run_name = '{name}'",
        )
    )


def _parameters(record: RunRecord) -> list[Param]:
    """The config, one parameter a field; a value too long for MLflow is cut."""
    return [
        Param(f"{section}.{field}", str(value)[:PARAMETER_CHARACTERS])
        for section, fields in record.config.model_dump().items()
        for field, value in fields.items()
    ]


def _profile(record: RunRecord, store: Store) -> Profile:
    """How the features are distributed in the training part: tomorrow's data is held against it."""
    rows, _ = load_part(record.dataset, "train", store)
    return profile(load_file(store.path(record.bundles.int8.file)).bundle.columns, rows)


def _dataset(record: RunRecord) -> DatasetInput:
    """What was trained on: its name, its digest and where it came from, and no row of it."""
    dataset = Dataset(
        name=record.name,
        digest=record.dataset.table.sha256[:DIGEST_CHARACTERS],
        source_type="code",
        source=json.dumps({"path": record.config.data.path}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _git_sha() -> str:
    try:
        command = ["git", "-C", str(root()), "rev-parse", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, InputError, subprocess.CalledProcessError):  # no git, or no checkout
        return "unknown"
