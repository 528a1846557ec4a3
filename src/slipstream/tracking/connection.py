"""Connecting to an MLflow store: its tables are created, the paths of moved files updated."""

import logging
from contextlib import nullcontext

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from slipstream.runtime import InputError
from slipstream.tracking.locking import setup_lock
from slipstream.tracking.relocation import repair

__all__ = ["connect", "quiet"]


def connect(uri: str) -> MlflowClient:
    """A client of a store whose tables exist: two first runs at once would both create them.

    Raises:
        InputError: the store cannot be used.
    """
    try:
        with setup_lock() if uri.startswith("sqlite") else nullcontext():
            # Without its own URI, the registry would be wherever MLFLOW_REGISTRY_URI says.
            client = MlflowClient(uri, registry_uri=uri)
            client.search_experiments(max_results=1)
            client.search_registered_models(max_results=1)
            repair(uri)
    except MlflowException as error:
        raise InputError(
            f"tracking.uri must lead to an MLflow store, however: {uri}: {error.message}; "
            "check the address, and that the server runs"
        ) from None
    return client


def quiet() -> None:
    """Silence MLflow below warnings: its first start prints its migrations."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
