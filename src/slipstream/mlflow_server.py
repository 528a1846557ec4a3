"""MLflow's server as Slipstream starts it: `mlflow server --app-name slipstream`.

Which pages MLflow shows for an experiment is a preference in each browser's local storage. It
starts with those for chat applications, where a table of runs is not the first thing seen, and a
panel opens over them; no setting of the server or of an experiment changes that. So the page sets
other first values, for browsers that have none: what a user chooses with MLflow's switch stays.
"""

import json
import os
from pathlib import Path

from flask import Response
from mlflow.server import app as pages
from mlflow.server.constants import BACKEND_STORE_URI_ENV_VAR
from mlflow.server.fastapi_app import app

from slipstream.relocation import mend

__all__ = ["app"]

FIRST_VALUES = {
    "mlflow.workflowType_v1": "machine_learning",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": True,
}
SCRIPT = (
    f"for (const [key, value] of Object.entries({json.dumps(FIRST_VALUES)}))"
    " if (localStorage.getItem(key) === null) localStorage.setItem(key, JSON.stringify(value));"
)


def page() -> Response:
    """MLflow's one page, with other first values in the browser."""
    html = Path(str(pages.static_folder), "index.html").read_text(encoding="utf-8")
    first = html.replace("<head>", f"<head><script>{SCRIPT}</script>", 1)
    return Response(first, mimetype="text/html", headers={"Cache-Control": "no-cache"})


mend(os.environ.get(BACKEND_STORE_URI_ENV_VAR, ""))  # a checkout that was moved
pages.view_functions["serve"] = page
