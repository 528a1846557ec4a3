"""The section `search`: whether the run looks for the model's shape itself."""

from typing import Any, Literal

from pydantic import Field, model_validator

from slipstream.config.section import Section

__all__ = ["SearchConfig"]


class SearchConfig(Section):
    """Whether the run looks for the number of columns and the layers itself."""

    mode: Literal["off", "width", "full"] = Field(
        "width",
        title="Search",
        description="what is tried: nothing but model.hidden (off), several numbers of columns and "
        "widths of two layers (width), or also one layer and more widths (full)",
    )
    tolerance: float = Field(
        0.001,
        ge=0,
        le=1,
        title="Tolerance",
        description="how much of the best validation score a smaller model may lose: AUC, or of a "
        "number the error as a share of that of a constant answer",
    )

    @model_validator(mode="before")
    @classmethod
    def _mode_alone(cls, given: Any) -> Any:
        """`search = "off"` is short for the mode."""
        return {"mode": given} if isinstance(given, str) else given
