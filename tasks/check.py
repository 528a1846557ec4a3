"""Check: the champion can be compared with a challenger on the new data."""

from prefect import task

from slipstream import retraining
from slipstream.references import DatasetRef
from slipstream.results import Champion, Fit
from slipstream.store import open_store
from tasks.stage import measured


@task(**measured("check"))
def check(champion: Champion, dataset: DatasetRef) -> Fit:
    """Refuse data that the champion cannot read, or may have been trained on."""
    return retraining.check_champion(champion, dataset, open_store())
