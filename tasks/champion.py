"""Champion: the registered model that answers now."""

from prefect import task

from slipstream import retraining
from slipstream.config import OptimizeConfig
from slipstream.results import Champion
from slipstream.store import open_store
from tasks.stage import IO_SECONDS, measured


@task(**measured("champion"), timeout_seconds=IO_SECONDS)
def champion(config: OptimizeConfig) -> Champion | None:
    """Find the champion of the config's model."""
    return retraining.find_champion(config, open_store())
