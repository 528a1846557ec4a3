"""Champion: the registered model that is in use."""

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.lifecycle import retraining
from slipstream.lifecycle.promotion import Champion
from slipstream.tracking.registry import Registry
from tasks.support.stage import IO_SECONDS, measured


@task(**measured("champion"), timeout_seconds=IO_SECONDS)
def champion(registry: Registry) -> Champion | None:
    """Find the champion of the registered model."""
    return retraining.find_champion(registry, open_store())
