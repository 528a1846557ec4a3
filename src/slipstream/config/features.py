"""The section `features`: which columns the model may read."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from slipstream.config.section import Section
from slipstream.runtime.limits import MAX_FEATURES

__all__ = ["Direction", "FeaturesConfig"]

DIRECTIONS = {"1": 1, "+1": 1, "-1": -1}  # as flags write them
Direction = Annotated[
    Literal[1, -1],
    BeforeValidator(
        lambda given: DIRECTIONS.get(given, given), json_schema_input_type=Literal[1, -1]
    ),
]
ColumnName = Annotated[str, StringConstraints(min_length=1)]


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
    monotone: dict[ColumnName, Direction] = Field(
        {},
        title="Monotone",
        description="columns of numbers with which answers never fall (1) or never rise (-1), such "
        'as {"age": 1}; categories and dates cannot be named, nor any if there are three labels',
    )
