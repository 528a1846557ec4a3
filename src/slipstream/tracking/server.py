"""MLflow's server as Slipstream starts it: `mlflow server --app-name slipstream`.

Which pages MLflow shows for an experiment is a preference in each browser's local storage. It
starts with those for chat applications, where a table of runs is not the first thing seen, and a
panel opens over them; no setting of the server or of an experiment changes that. So the page sets
other initial values, for browsers that have none: what a user chooses in MLflow stays. The columns
of an experiment's table are such a preference too.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from flask import Response
from mlflow.server import app as pages
from mlflow.server.constants import BACKEND_STORE_URI_ENV_VAR
from mlflow.server.fastapi_app import app
from mlflow.tracking import MlflowClient

from slipstream.reporting.pages import COLUMNS, VIEW_TAG
from slipstream.tracking.relocation import repair

__all__ = ["app"]

FIRST_VALUES = {
    "mlflow.workflowType_v1": "machine_learning",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": True,
}
TABLE = 'MLflowLocalStorage-1.1-ExperimentPage-["{}"]-ReactComponentState'
SCRIPT = (
    "<script>for (const [key, value] of Object.entries({}))"
    " if (localStorage.getItem(key) === null) localStorage.setItem(key, JSON.stringify(value));"
    "</script>"
)
STORE = os.environ.get(BACKEND_STORE_URI_ENV_VAR, "")


def page() -> Response:
    """MLflow's single page, with other initial values in the browser."""
    html = Path(str(pages.static_folder), "index.html").read_text(encoding="utf-8")
    values = json.dumps({**FIRST_VALUES, **_columns()})
    first = html.replace("<head>", f"<head>{SCRIPT.replace('{}', values, 1)}", 1)
    return Response(first, mimetype="text/html", headers={"Cache-Control": "no-cache"})


def _columns() -> Mapping[str, object]:
    """The initial table columns of Slipstream's experiments."""
    client = MlflowClient(STORE or None)
    found = client.search_experiments(filter_string=f"tags.`{VIEW_TAG}` LIKE '%'")
    return {TABLE.replace("{}", each.experiment_id): {"selectedColumns": COLUMNS} for each in found}


repair(STORE)  # the checkout may have been moved
pages.view_functions["serve"] = page
