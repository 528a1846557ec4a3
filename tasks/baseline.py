"""Baseline: the wide network that the waterfall starts from."""

from prefect import task

from slipstream.references import Baseline, DatasetRef, FeatureMask, PreparedRef
from slipstream.store import open_store
from tasks.stage import cached


@task(**cached("baseline", __name__))
def baseline(dataset: DatasetRef, prepared: PreparedRef, mask: FeatureMask) -> Baseline:
    """Train a wide float32 network on all columns, and again on the mask's."""
    # PyTorch takes a second to import, which a cached run should not pay.
    from slipstream import baseline

    return baseline.train_baseline(dataset, prepared, mask, open_store())
