"""Check: the champion can be compared with a challenger on the new data."""

from prefect import task

from slipstream.artifacts.home import open_store
from slipstream.artifacts.references import DatasetRef
from slipstream.lifecycle import retraining
from slipstream.lifecycle.promotion import Champion, Fit
from tasks.support.stage import measured


@task(**measured("check"))
def check(champion: Champion, dataset: DatasetRef) -> Fit:
    """Refuse data that the champion cannot read, or may have been trained on."""
    return retraining.check_champion(champion, dataset, open_store())
