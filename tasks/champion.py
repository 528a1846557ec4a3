"""Champion: the registered model that answers now, and whether new data suits it."""

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


@task(**measured("champion"), timeout_seconds=IO_SECONDS)
def champion(config: OptimizeConfig) -> Champion | None:
    """Find the champion of the config's model."""
    return retraining.find_champion(config)


@task(**measured("drift"), timeout_seconds=IO_SECONDS)
def drift(champion: Champion, dataset: DatasetRef, config: OptimizeConfig) -> Drift | None:
    """Refuse data that the champion cannot read, and say how far it has moved otherwise."""
    retraining.check_champion(champion, dataset, config)
    moved = retraining.measure_drift(champion, dataset, config, open_store())
    if moved is not None:
        logger.info("drift: %s", moved.shape)
        create_table_artifact(
            table=[{"feature": name, "psi": round(psi, 4)} for name, psi in moved.psi.items()],
            key="drift",
            description=f"Since the champion's training: {moved.shape}.",
        )
    return moved
