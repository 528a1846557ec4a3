"""Stage 3, select: the columns that say most about the target are kept."""

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import FeatureMask, PreparedRef
from slipstream.config.features import FeaturesConfig
from slipstream.features import selection
from tasks.support.stage import cached


@task(**cached("select"))
def select(prepared: PreparedRef, features: FeaturesConfig) -> FeatureMask:
    """Score the columns and make the mask."""
    return selection.select(prepared, features, open_store())
