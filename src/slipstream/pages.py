"""Addresses of MLflow's pages: its own first page shows traces of chat applications, not runs."""

import json
import urllib.request
from urllib.parse import quote

__all__ = ["VIEW", "find_runs", "runs"]

VIEW = "slipstream"  # MLflow's saved view with our columns; see slipstream.tracking.experiments


def runs(server: str, experiment_id: str) -> str:
    """The table of an experiment's runs."""
    options = f"workflowType=machine_learning&viewStateShareKey={VIEW}"
    return f"{server}/#/experiments/{experiment_id}/runs?{options}"


def find_runs(server: str, experiment: str) -> str:
    """The table of runs of the experiment of this name; before it has any, the list of all."""
    url = f"{server}/api/2.0/mlflow/experiments/get-by-name?experiment_name={quote(experiment)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return runs(server, json.load(answer)["experiment"]["experiment_id"])
    except (OSError, ValueError, KeyError):  # MLflow answers 404 where there is none
        return f"{server}/#/experiments?workflowType=machine_learning"
