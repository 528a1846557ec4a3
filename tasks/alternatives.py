"""Alternatives: where nothing fits the budget, what would."""

from prefect import task
from prefect.artifacts import create_table_artifact

from slipstream import alternatives as library
from slipstream.config import BudgetConfig
from slipstream.references import Bundles, DatasetRef, FeatureMask
from slipstream.results import Alternatives
from slipstream.store import open_store
from tasks.stage import measured


@task(**measured("alternatives"))
def alternatives(
    dataset: DatasetRef, mask: FeatureMask, bundles: Bundles, budget: BudgetConfig
) -> Alternatives:
    """Measure smaller models without training them, and publish which would fit."""
    found = library.measure_alternatives(dataset, mask, bundles, budget, open_store())
    create_table_artifact(
        table=library.table(found),
        key="alternatives",
        description=f"Measured with random weights, not trained: {found.conclusion}.",
    )
    return found
