"""MLflow's pages: where the table of runs is, and its columns.

By itself, MLflow opens an experiment on traces of chat applications.
"""

import json
import urllib.request
from urllib.parse import quote

__all__ = ["COLUMNS", "VIEW_TAG", "find_runs", "run", "runs", "version"]

COLUMNS = (
    *("metrics.`test_auc`", "metrics.`test_log_loss`", "metrics.`test_r2`", "metrics.`test_rmse`"),
    "metrics.`test_d2_pinball`",
    *("metrics.`latency_p50_us`", "metrics.`latency_p99_us`", "metrics.`bundle_bytes`"),
    "tags.`verdict`",
)
VIEW = "slipstream"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"  # of an experiment, which offers it


def runs(server: str, experiment_id: str) -> str:
    """The table of an experiment's runs."""
    options = f"workflowType=machine_learning&viewStateShareKey={VIEW}"
    return f"{server}/#/experiments/{experiment_id}/runs?{options}"


def run(server: str, experiment_id: str, run_id: str) -> str:
    """The page of one run."""
    return f"{server}/#/experiments/{experiment_id}/runs/{run_id}"


def version(server: str, model: str, number: str) -> str:
    """The page of one version of a registered model."""
    return f"{server}/#/models/{quote(model, safe='')}/versions/{number}"


def find_runs(server: str, experiment: str) -> str:
    """The table of runs of the experiment of this name; before it has any, the list of all."""
    url = f"{server}/api/2.0/mlflow/experiments/get-by-name?experiment_name={quote(experiment)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return runs(server, json.load(answer)["experiment"]["experiment_id"])
    except (OSError, ValueError, KeyError):  # MLflow answers 404 where there is none
        return f"{server}/#/experiments?workflowType=machine_learning"
