"""Champion: the registered model that answers now."""

from prefect import task

from slipstream.artifacts.home import open_store
from slipstream.config.optimize import OptimizeConfig
from slipstream.lifecycle import retraining
from slipstream.lifecycle.promotion import Champion
from tasks.support.stage import IO_SECONDS, measured


@task(**measured("champion"), timeout_seconds=IO_SECONDS)
def champion(config: OptimizeConfig) -> Champion | None:
    """Find the champion of the config's model."""
    return retraining.find_champion(config, open_store())
