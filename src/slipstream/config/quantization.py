"""The section `quantization`: how int8 is made and judged."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    model_validator,
)

from slipstream.config.section import Section

__all__ = ["QuantizationConfig"]

# Fields that had another name, by section: the old name still works, with a warning.
RENAMED = {"quantization": {"max_accuracy_drop": "max_score_loss"}}


def _take_old_names(schema: dict[str, Any]) -> None:
    """Let a form's schema pass names that it does not show; the model refuses unknown ones."""
    del schema["additionalProperties"]


class QuantizationConfig(Section):
    """How the int8 variant is made and judged."""

    model_config = ConfigDict(json_schema_extra=_take_old_names)
    _notes: tuple[str, ...] = PrivateAttr(())

    calibration_rows: int = Field(
        8192,
        ge=1,
        title="Calibration rows",
        description="the most training rows that int8's integers are chosen by",
    )
    max_score_loss: float = Field(
        0.01,
        ge=0,
        le=1,
        title="Score loss allowed",
        description="how much int8 may lose against float32 and still win: AUC, log-loss (nats), "
        "and accuracy where there are 1,000 test rows; of a number, RMSE as a share of that of "
        "always answering the mean",
    )

    @model_validator(mode="wrap")
    @classmethod
    def _rename(cls, given: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        """Replace old names with the new ones, and note it for the run's warnings."""
        renamed = RENAMED["quantization"]
        old = [name for name in renamed if isinstance(given, Mapping) and name in given]
        if not old:
            return build(given)
        values = {renamed[name]: given[name] for name in old}
        made = build({**values, **{key: each for key, each in given.items() if key not in old}})
        made._notes = tuple(
            f"quantization.{name} is now called quantization.{renamed[name]}, and limits AUC and "
            "log-loss as well as accuracy: "
            + (
                "it is ignored, because both are given"
                if renamed[name] in given
                else "check the value, and rename it"
            )
            for name in old
        )
        return made
