"""Stage 2, preprocess: every column is normalised, fitted on the training part."""

from collections.abc import Mapping

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import DatasetRef, PreparedRef
from slipstream.config.model import Encoding
from slipstream.features import preprocessing
from tasks.support.stage import cached


@task(**cached("preprocess"))
def preprocess(
    dataset: DatasetRef, encoding: Encoding, bins: int, monotone: Mapping[str, int]
) -> PreparedRef:
    """Fit every column on the training part, and normalise the whole snapshot."""
    return preprocessing.preprocess(dataset, encoding, bins, open_store(), monotone)
