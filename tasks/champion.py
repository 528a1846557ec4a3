"""Champion: the registered model that answers now, and whether new data suits it."""

from prefect import task

from slipstream import retraining
from slipstream.config import OptimizeConfig
from slipstream.references import DatasetRef
from slipstream.results import Champion
from tasks.stage import measured


@task(**measured("champion"))
def champion(config: OptimizeConfig) -> Champion | None:
    """Find the champion of the config's model."""
    return retraining.find_champion(config)


@task(**measured("drift"))
def drift(champion: Champion, dataset: DatasetRef, config: OptimizeConfig) -> None:
    """Refuse data in which the champion's columns or labels have changed."""
    retraining.check_champion(champion, dataset, config)
