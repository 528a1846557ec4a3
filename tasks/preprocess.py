"""Stage 2, preprocess: every column is normalised, fitted on the training part."""

from prefect import task

from slipstream import preprocessing
from slipstream.config import Encoding
from slipstream.references import DatasetRef, PreparedRef
from slipstream.store import open_store
from tasks.stage import cached


@task(**cached("preprocess", __name__))
def preprocess(dataset: DatasetRef, encoding: Encoding, bins: int) -> PreparedRef:
    """Fit every column on the training part, and normalise the whole snapshot."""
    return preprocessing.preprocess(dataset, encoding, bins, open_store())
