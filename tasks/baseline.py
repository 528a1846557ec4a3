"""Baseline: the wide network that the waterfall starts from."""

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import Baseline, DatasetRef, FeatureMask, PreparedRef
from slipstream.runtime.types import TargetScale
from tasks.support.stage import cached


@task(**cached("baseline"))
def baseline(
    dataset: DatasetRef, prepared: PreparedRef, mask: FeatureMask, target_scale: TargetScale
) -> Baseline:
    """Train a wide float32 network on all columns, and again on the mask's."""
    # PyTorch takes a second to import, which a cached run should not pay.
    from slipstream.evaluation import baseline

    return baseline.train_baseline(dataset, prepared, mask, target_scale, open_store())
