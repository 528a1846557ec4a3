"""Stage 6, predict: one real row through the int8 bundle, layer by layer."""

from prefect import task

from slipstream import tracing
from slipstream.references import Bundles, DatasetRef
from slipstream.results import RowTrace
from slipstream.store import open_store
from tasks.stage import cached


@task(**cached("predict", __name__))
def predict(dataset: DatasetRef, bundles: Bundles) -> RowTrace:
    """Answer one test row with both variants, and keep int8's values at every layer."""
    return tracing.trace_row(dataset, bundles, open_store())
