"""Stage 3, select: the fewest columns are kept that predict the target as well as all."""

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import FeatureMask, PreparedRef, TeacherRef
from slipstream.config.features import FeaturesConfig
from tasks.support.stage import cached


@task(**cached("select"))
def select(
    prepared: PreparedRef, teacher: TeacherRef | None, features: FeaturesConfig, tolerance: float
) -> FeatureMask:
    """Score the columns, or leave out one after the other, and make the mask."""
    # PyTorch takes a second to import, which a cached run should not pay.
    from slipstream.search import elimination

    return elimination.select(prepared, teacher, features, tolerance, open_store())
