"""The experiment that runs are written to, and how MLflow's pages show it."""

import json

from mlflow.entities import Experiment
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from slipstream.reporting.pages import COLUMNS, VIEW_TAG
from slipstream.runtime import InputError
from slipstream.tracking.connection import connect
from slipstream.tracking.relocation import artifact_folder, check_place

__all__ = ["open_experiment"]

_VIEW = {
    "name": "Slipstream: score, latency, size",
    "createdAt": 0,
    "state": json.dumps({"selectedColumns": COLUMNS}),
}
TAGS = {
    "mlflow.experimentKind": "custom_model_development",
    VIEW_TAG: json.dumps(_VIEW),
}


def open_experiment(name: str, uri: str) -> tuple[MlflowClient, Experiment]:
    """A client of the store, and its experiment of this name, created if it is absent.

    Raises:
        InputError: the store cannot be used, the experiment was deleted, or its files are gone.
    """
    client = connect(uri)
    experiment = client.get_experiment_by_name(name) or _create(client, name, uri)
    if experiment.lifecycle_stage == "deleted":
        raise InputError(
            f"tracking.experiment must be an active experiment, however: {name!r} was deleted; "
            "restore it in MLflow, or choose another name"
        )
    check_place(experiment.experiment_id, name, uri)
    for key, value in TAGS.items():
        if key not in experiment.tags:  # created by an earlier release, or in MLflow
            client.set_experiment_tag(experiment.experiment_id, key, value)
    return client, experiment


def _create(client: MlflowClient, name: str, uri: str) -> Experiment:
    """Create the experiment, or find the one that another run has just created."""
    try:
        client.create_experiment(name, _artifact_location(uri), tags=TAGS)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.get_experiment_by_name(name)
    assert made is not None
    return made


def _artifact_location(uri: str) -> str | None:
    """The folder next to an SQLite store; a server decides for itself."""
    folder = artifact_folder(uri)
    return folder.as_uri() if folder else None
