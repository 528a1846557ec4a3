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
        5,
        ge=0,
        le=MAX_FEATURES,
        title="Number of features",
        description="the most columns the model reads; 0: the fewest that carry 95 % of the score, "
        f"{MAX_FEATURES:,} at most",
    )
    method: Literal["mutual_info", "anova_f"] = Field(
        "mutual_info", title="Score", description="how a column's importance is scored"
    )
