"""The section `model`: the network's shape and its columns' encoding."""

from typing import Annotated, Literal

from pydantic import Field

from slipstream.config.section import Section
from slipstream.runtime.limits import MAX_WIDTH

__all__ = ["Encoding", "ModelConfig"]

Encoding = Literal["minmax", "piecewise"]


Width = Annotated[int, Field(ge=1, le=MAX_WIDTH)]


class ModelConfig(Section):
    """The network's shape."""

    hidden: list[Width] = Field(
        [32, 32],
        min_length=1,
        max_length=16,
        title="Hidden layers",
        description="width of each hidden layer",
    )
    encoding: Encoding = Field(
        "piecewise",
        title="Encoding",
        description="how numeric columns are normalised: one straight line, or one a bin",
    )
    bins: int = Field(
        64, ge=2, le=64, title="Bins", description="the most bins of a piecewise column"
    )
