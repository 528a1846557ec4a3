"""Record a finished run in MLflow: a parent run, and nested ones for the variants and baseline.

Every write can be repeated: the parent is found from the flow run's id, metrics carry the run's
own start time (MLflow keeps equal metrics once), and a half-written variant is deleted.
"""

import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow.entities import Dataset, DatasetInput, Experiment, InputTag, Metric, Param, Run
from mlflow.tracking import MlflowClient

from slipstream.artifacts.home import resolve_tracking_uri, root
from slipstream.artifacts.references import BundleRef
from slipstream.artifacts.store import Store
from slipstream.data.snapshot import Snapshot
from slipstream.evaluation.drift import Profile, profile, training_target
from slipstream.evaluation.results import LargerName
from slipstream.reporting.comparison import leading_score
from slipstream.reporting.front import front_figure, front_json
from slipstream.reporting.outcomes import confusion_figure, coverage_figure, residual_figure
from slipstream.reporting.plots import (
    feature_figure,
    history_figure,
    latency_figure,
    waterfall_figure,
)
from slipstream.reporting.record import RunRecord, TrackedRun
from slipstream.reporting.reliability import reliability, reliability_figure
from slipstream.reporting.selection import path_figure
from slipstream.reporting.summary import run_summary
from slipstream.runtime import InputError, Predictor, load_file
from slipstream.runtime.types import Precision
from slipstream.tracking.connection import quiet
from slipstream.tracking.experiments import open_experiment
from slipstream.tracking.history import login
from slipstream.tracking.origin import LEADING_SCORE, PRECISION, PROFILE
from slipstream.tracking.packing import pack, requirements
from slipstream.tracking.signature import example, signature

__all__ = ["FlowRun", "track"]

LOADER = "slipstream.pyfunc"
DIGEST_CHARACTERS = 36  # MLflow's limit
PARAMETER_CHARACTERS = 6000  # MLflow's limit
TAG_CHARACTERS = 8000  # MLflow's limit
PARENT, ROLE = "mlflow.parentRunId", "slipstream.role"


@dataclass(frozen=True)
class FlowRun:
    """The Prefect run to record; its `id` finds a recording that was begun before."""

    id: str
    url: str
    name: str


def track(record: RunRecord, flow_run: FlowRun, server: str, store: Store) -> TrackedRun:
    """Record one run in MLflow; called again for the same flow run, finish what was begun.

    `server` is the address of the MLflow server whose pages show the store.

    Raises:
        InputError: the tracking store cannot be used.
    """
    quiet()
    uri = resolve_tracking_uri(record.config.tracking.uri)
    mlflow.set_tracking_uri(uri)
    client, experiment = open_experiment(record.config.tracking.experiment, uri)
    parent = _begin(client, experiment, flow_run)
    _log_parent(client, parent, record, flow_run.url, store)
    variants = {
        precision: _log_variant(client, parent, record, variant, store)
        for precision, variant in record.bundles.variants.items()
    }
    _log_baseline(client, parent, record)
    _log_larger(client, parent, record)
    client.set_terminated(parent.info.run_id)
    return TrackedRun(
        run_id=parent.info.run_id,
        experiment_id=experiment.experiment_id,
        tracking_uri=uri,
        server=server,
        variants=variants,
        larger=len(record.benchmark.larger),
    )


def _begin(client: MlflowClient, experiment: Experiment, flow_run: FlowRun) -> Run:
    begun = client.search_runs(
        [experiment.experiment_id], f"tags.`prefect.flow_run_id` = '{flow_run.id}'"
    )
    if begun and flow_run.id:
        return begun[0]
    tags = {"prefect.flow_run_id": flow_run.id, "mlflow.user": login()}
    return client.create_run(experiment.experiment_id, run_name=flow_run.name, tags=tags)


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
        "slipstream.warnings": str(len(record.warnings)),
        "mlflow.note.content": run_summary(record),
    }
    for key, value in tags.items():
        client.set_tag(run_id, key, value[:TAG_CHARACTERS])
    metrics = [
        Metric(key, value, parent.info.start_time, epoch.epoch)
        for epoch in record.network.history
        for key, value in epoch.metrics.items()
    ]
    if record.network.trial:
        metrics += _metrics(parent, record.network.trial.metrics)
    if record.bundles.temperature:
        metrics += _metrics(parent, record.bundles.temperature.metrics)
    if record.comparison.verdict.winner:
        metrics += _metrics(
            parent, record.benchmark.metrics[record.comparison.verdict.winner].to_flat()
        )
    client.log_batch(run_id, metrics=metrics, params=_parameters(record))
    client.log_inputs(run_id, [_dataset(record)])
    client.log_dict(run_id, record.mask.to_json(), "feature_mask.json")
    client.log_dict(run_id, _profile(record, store).model_dump(mode="json"), PROFILE)
    client.log_dict(run_id, record.benchmark.machine.model_dump(mode="json"), "machine.json")
    history = history_figure(record.network, record.dataset.task)
    client.log_figure(run_id, history, "history.png")
    client.log_figure(run_id, feature_figure(record.mask), "feature_scores.png")
    if record.mask.path:
        figure = path_figure(record.mask, record.p50_us_of_k)
        client.log_figure(run_id, figure, "feature_path.png")
    if record.found:
        larger = record.benchmark.larger
        client.log_figure(run_id, front_figure(record.found, larger), "search.png")
        client.log_dict(run_id, front_json(record.found, larger), "search.json")
    client.log_figure(run_id, latency_figure(record.benchmark), "latency.png")
    _log_outcomes(client, run_id, record, store)
    waterfall = record.benchmark.waterfall
    client.log_figure(run_id, waterfall_figure(waterfall), "waterfall.png")
    client.log_dict(run_id, waterfall.model_dump(mode="json"), "waterfall.json")
    if record.warnings:
        client.log_text(run_id, json.dumps(record.warnings, indent=2), "warnings.json")
    if record.alternatives:
        client.log_dict(run_id, record.alternatives.model_dump(mode="json"), "alternatives.json")


def _log_outcomes(client: MlflowClient, run_id: str, record: RunRecord, store: Store) -> None:
    """What the winner, or else float32, answers on the test part; of labels, what both do."""
    dataset = record.dataset
    shown = record.comparison.verdict.winner or "float32"
    if dataset.quantiles:
        coverage = record.benchmark.metrics[shown].coverage
        count = record.benchmark.test_rows
        figure = coverage_figure(dataset.quantiles, tuple(coverage.values()), count)
        client.log_figure(run_id, figure, "coverage.png")
        return
    snapshot = Snapshot(dataset, store)
    target, rows = snapshot.target("test").to_numpy(), snapshot.rows("test")
    answers = {
        precision: load_file(store.path(variant.file)).predict(rows)
        for precision, variant in record.bundles.variants.items()
    }
    if dataset.task == "regression":
        figure = residual_figure(target, answers[shown], dataset.target)
        client.log_figure(run_id, figure, "residuals.png")
        return
    weights = snapshot.weights("test")
    found = {precision: reliability(target, each, weights) for precision, each in answers.items()}
    errors = {
        precision: metrics.scores["test_ece"]
        for precision, metrics in record.benchmark.metrics.items()
    }
    event = "of the positive label" if dataset.task == "binary" else "of the answered label"
    client.log_figure(run_id, reliability_figure(found, errors, event), "reliability.png")
    if dataset.task == "multiclass":
        chosen = answers[shown].argmax(axis=1)
        figure = confusion_figure(target, chosen, dataset.classes)
        client.log_figure(run_id, figure, "confusion.png")


def _log_variant(
    client: MlflowClient, parent: Run, record: RunRecord, variant: BundleRef, store: Store
) -> str:
    for begun in _children(client, parent, PRECISION, variant.precision):
        if begun.info.status == "FINISHED":
            return str(begun.info.run_id)
        _discard(client, begun)
    tags = {PRECISION: variant.precision, LEADING_SCORE: leading_score(record.benchmark)}
    run = _nest(client, parent, record, variant.precision, tags)
    predictor = load_file(store.path(variant.file))
    with (
        mlflow.start_run(run_id=run.info.run_id),
        tempfile.TemporaryDirectory() as folder,
    ):
        named = Path(folder) / f"{record.name}.{variant.precision}.safetensors"
        named.write_bytes(store.get(variant.file))
        wheel = pack(Path(folder))
        model = mlflow.pyfunc.log_model(
            name="model",
            loader_module=LOADER,
            data_path=str(named),
            code_paths=[str(wheel)],
            pip_requirements=requirements(wheel),
            signature=signature(predictor),
            input_example=example(predictor),
        )
        mlflow.log_params(_variant_parameters(record, variant.precision, predictor))
        metrics = record.benchmark.metrics[variant.precision].to_flat()
        mlflow.log_metrics(metrics, model_id=model.model_id)
    return str(run.info.run_id)


def _log_baseline(client: MlflowClient, parent: Run, record: RunRecord) -> None:
    """The same metrics as a variant's, but no model: this one is not for deployment."""
    begun = _children(client, parent, ROLE, "baseline")
    run = begun[0] if begun else _nest(client, parent, record, "baseline", {ROLE: "baseline"})
    metrics = _metrics(parent, record.benchmark.baseline.to_flat())
    network = record.benchmark.waterfall.steps[0].network
    client.log_batch(run.info.run_id, metrics=metrics, params=[Param("network", network)])
    client.set_terminated(run.info.run_id)


def _log_larger(client: MlflowClient, parent: Run, record: RunRecord) -> None:
    """What the teacher and LightGBM reach, by a variant's metrics; no models either."""
    for name, model in record.benchmark.larger.items():
        begun = _children(client, parent, ROLE, name)
        run = begun[0] if begun else _nest(client, parent, record, name, {ROLE: name})
        client.log_batch(
            run.info.run_id,
            metrics=_metrics(parent, model.to_flat()),
            params=_larger_parameters(record, name),
        )
        client.set_terminated(run.info.run_id)


def _larger_parameters(record: RunRecord, name: LargerName) -> list[Param]:
    """Of the teacher, where it is from and what it is blended of."""
    if name != "teacher" or record.teacher is None:
        return []
    shares = {f"share of {each}": share for each, share in record.teacher.blend.items()}
    return [Param("source", record.teacher.source), *(Param(k, str(v)) for k, v in shares.items())]


def _nest(
    client: MlflowClient, parent: Run, record: RunRecord, what: str, tags: Mapping[str, str]
) -> Run:
    """Create a run below the parent, with the user and the dataset that MLflow's table shows."""
    run = client.create_run(
        parent.info.experiment_id,
        run_name=f"{record.name} {what}",
        tags={PARENT: parent.info.run_id, "mlflow.user": login(), **tags},
    )
    client.log_inputs(run.info.run_id, [_dataset(record)])
    return run


def _metrics(parent: Run, values: Mapping[str, float]) -> list[Metric]:
    """Metrics with the run's own start time: equal ones, logged again, are kept once."""
    return [Metric(key, value, parent.info.start_time, 0) for key, value in values.items()]


def _discard(client: MlflowClient, half_written: Run) -> None:
    """Delete a variant's run that was not finished, and the model it may have logged."""
    outputs = half_written.outputs.model_outputs if half_written.outputs else []
    for output in outputs:
        client.delete_logged_model(output.model_id)
    client.delete_run(half_written.info.run_id)


def _children(client: MlflowClient, parent: Run, tag: str, value: str) -> list[Run]:
    return list(
        client.search_runs(
            [parent.info.experiment_id],
            f"tags.`{PARENT}` = '{parent.info.run_id}' and tags.`{tag}` = '{value}'",
        )
    )


def _parameters(record: RunRecord) -> list[Param]:
    """The config, one parameter per field, too long ones cut; and the scale that was kept."""
    scale = [Param("target_scale", record.network.target_scale)] if record.network.trial else []
    return scale + [
        Param(f"{section}.{field}", str(value)[:PARAMETER_CHARACTERS])
        for section, fields in record.config.model_dump().items()
        for field, value in fields.items()
    ]


def _variant_parameters(
    record: RunRecord, precision: Precision, predictor: Predictor
) -> dict[str, str]:
    """The variant's own parameters: its arithmetic, its shape, its threshold."""
    shape = (len(predictor.features), *(len(each.bias) for each in predictor.bundle.layers))
    rows = record.config.quantization.calibration_rows
    return {
        "precision": precision,
        "network": "-".join(map(str, shape)),
        **({"target_scale": "log1p"} if predictor.bundle.link == "expm1" else {}),
        **({} if predictor.threshold is None else {"threshold": f"{predictor.threshold:g}"}),
        **({"quantization.calibration_rows": str(rows)} if precision == "int8" else {}),
    }


def _profile(record: RunRecord, store: Store) -> Profile:
    """How the training part is distributed, for comparison with later data."""
    snapshot = Snapshot(record.dataset, store)
    columns = load_file(store.path(record.bundles.int8.file)).bundle.columns
    return profile(columns, snapshot.rows("train"), training_target(record.dataset, snapshot))


def _dataset(record: RunRecord) -> DatasetInput:
    """The training data's name, digest and source, but none of its rows."""
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
