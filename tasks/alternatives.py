"""Alternatives: where nothing fits the budget, what would."""

from prefect import task
from prefect.artifacts import create_table_artifact

from slipstream.artifacts.home import open_store
from slipstream.artifacts.references import Bundles, DatasetRef, FeatureMask
from slipstream.config.budget import BudgetConfig
from slipstream.reporting.tables import alternatives_table
from slipstream.search import alternatives as library
from slipstream.search.candidates import Alternatives
from tasks.support.stage import measured


@task(**measured("alternatives"))
def alternatives(
    dataset: DatasetRef, mask: FeatureMask, bundles: Bundles, budget: BudgetConfig
) -> Alternatives:
    """Measure smaller models without training them, and publish which would fit."""
    found = library.measure_alternatives(dataset, mask, bundles, budget, open_store())
    create_table_artifact(
        table=alternatives_table(found),
        key="alternatives",
        description=f"Measured with random weights, not trained: {found.conclusion}.",
    )
    return found
