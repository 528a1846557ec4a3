"""Stage 3, select: the columns that tell most about the target are kept."""

from prefect import task

from slipstream import selection
from slipstream.config import FeaturesConfig
from slipstream.references import FeatureMask, PreparedRef
from slipstream.store import open_store
from tasks.stage import cached


@task(**cached("select", __name__))
def select(prepared: PreparedRef, features: FeaturesConfig) -> FeatureMask:
    """Score the columns and make the mask."""
    return selection.select(prepared, features, open_store())
