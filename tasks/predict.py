"""Stage 6, predict: one real row through the int8 bundle, layer by layer."""

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import Bundles, DatasetRef
from slipstream.artifacts.traces import RowTrace
from slipstream.evaluation import row_trace
from tasks.support.stage import cached


@task(**cached("predict"))
def predict(dataset: DatasetRef, bundles: Bundles) -> RowTrace:
    """Answer one test row with both variants, and keep int8's values at every layer."""
    return row_trace.trace_row(dataset, bundles, open_store())
