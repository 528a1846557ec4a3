"""Drift: how far the data has moved since the champion was trained."""

import logging

from prefect import task
from prefect.artifacts import create_table_artifact

from slipstream import retraining
from slipstream.config import OptimizeConfig
from slipstream.drift import Drift
from slipstream.references import DatasetRef
from slipstream.results import Champion
from slipstream.store import open_store
from tasks.stage import IO_SECONDS, measured

logger = logging.getLogger("slipstream")


@task(**measured("drift"), timeout_seconds=IO_SECONDS)
def drift(champion: Champion, dataset: DatasetRef, config: OptimizeConfig) -> Drift | None:
    """Measure it, and publish it where the champion's run is and in Prefect."""
    moved = retraining.measure_drift(champion, dataset, config, open_store())
    if moved is not None:
        logger.info("drift: %s", moved.shape)
        create_table_artifact(
            table=[{"feature": name, "psi": round(psi, 4)} for name, psi in moved.psi.items()],
            key="drift",
            description=f"Since the champion's training: {moved.shape}.",
        )
    return moved
