"""How a store of MLflow's is entered: with its tables made, and its files where it says."""

import logging
from contextlib import nullcontext

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from slipstream.runtime import InputError
from slipstream.tracking.locking import setup_lock
from slipstream.tracking.relocation import mend

__all__ = ["connect", "quiet"]


def connect(uri: str) -> MlflowClient:
    """A client of a store that has its tables: two first runs at once would both make them.

    Raises:
        InputError: the store cannot be used.
    """
    try:
        with setup_lock() if uri.startswith("sqlite") else nullcontext():
            # Without its own URI, the registry would be wherever MLFLOW_REGISTRY_URI says.
            client = MlflowClient(uri, registry_uri=uri)
            client.search_experiments(max_results=1)
            client.search_registered_models(max_results=1)
            mend(uri)
    except MlflowException as error:
        raise InputError(
            f"tracking.uri must lead to an MLflow store, however: {uri}: {error.message}; "
            "check the address, and that the server runs"
        ) from None
    return client


def quiet() -> None:
    """Only warnings of MLflow's concern a user; its first start would print its migrations."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
