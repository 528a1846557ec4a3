"""The section `features`: which columns the model may read."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from slipstream.config.section import Section
from slipstream.runtime.limits import MAX_FEATURES

__all__ = ["FeaturesConfig"]


class FeaturesConfig(Section):
    """Which columns the model may read."""

    form: ClassVar[dict[str, Any]] = {"required": ["k"]}

    k: int = Field(
        0,
        ge=0,
        le=MAX_FEATURES,
        title="Number of features",
        description="the most columns the model reads; 0: the fewest within search.tolerance of "
        "the best validation score, or where columns are scored one by one, that carry 95 % of the "
        f"score; {MAX_FEATURES:,} at most",
    )
    method: Literal["auto", "elimination", "mutual_info", "anova_f"] = Field(
        "auto",
        title="Selection",
        description="how columns are chosen: by what a network's validation loss rises without "
        "them (elimination), or by a score of each alone; auto: elimination, and mutual_info where "
        "both search and training.distill are off",
    )
