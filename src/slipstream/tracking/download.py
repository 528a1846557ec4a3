"""Models from MLflow's registry, for programs that only predict: it needs only mlflow."""

import re
import tempfile
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.utils.models import get_model_name_and_version
from mlflow.tracking import MlflowClient

from slipstream.artifacts.home import TRACKING_STORE, has_checkout, resolve_tracking_uri
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean
from slipstream.tracking.relocation import current

__all__ = ["fetch_bundle", "model_names"]


def fetch_bundle(model_uri: str, client: MlflowClient | None = None) -> bytes:
    """Download the bundle of a registered model, such as `models:/churn@champion`.

    Args:
        model_uri: what to fetch.
        client: of the registry that has it; by default the one that the program has set in
            MLflow, else the checkout's, else MLflow's own default.

    Raises:
        InputError: the registry has no such model, or it is not a bundle.
    """
    try:
        client = client or _default_client()
        location = current(_location(model_uri, client), client.tracking_uri)
        with tempfile.TemporaryDirectory() as folder:
            # Without a URI of its own, a location on a server would be looked for on the default.
            mlflow.artifacts.download_artifacts(
                location, dst_path=folder, tracking_uri=client.tracking_uri
            )
            return next(Path(folder).glob("**/*.safetensors")).read_bytes()
    except (MlflowException, OSError, StopIteration) as error:
        raise InputError(
            f"a model URI must name a bundle in the registry, however: {model_uri}: "
            f"{error or 'there is none'}; {_meant(model_uri, client)}look at the registered models "
            "in MLflow"
        ) from None


def model_names(client: MlflowClient) -> list[str]:
    """The names of all registered models of a store, sorted."""
    names: list[str] = []
    token = None
    while token != "":
        page = client.search_registered_models(page_token=token)
        names += [model.name for model in page]
        token = page.token or ""
    return sorted(names)


def _meant(model_uri: str, client: MlflowClient | None) -> str:
    """Suggest registered models with similar names, if the registry can be asked."""
    name = re.split("[/@]", model_uri.removeprefix("models:/"))[0]
    try:
        known = model_names(client) if client else []
    except (MlflowException, OSError):
        return ""
    return "" if name in known else did_you_mean(name, known)


def _default_client() -> MlflowClient:
    if mlflow.is_tracking_uri_set() or not has_checkout():
        return MlflowClient()
    return MlflowClient(resolve_tracking_uri(TRACKING_STORE))


def _location(model_uri: str, client: MlflowClient) -> str:
    """Where the model's files are; MLflow's own download would ask the process-wide registry."""
    found = get_model_name_and_version(client, model_uri)
    if len(found) == 1:
        return str(client.get_logged_model(*found).artifact_location)
    return str(client.get_model_version_download_uri(*found))
