"""The section `evaluation`: from which probability on a row counts as positive."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from slipstream.config.section import Section

__all__ = ["EvaluationConfig"]


class EvaluationConfig(Section):
    """From which probability on, of two labels, a row gets the positive one."""

    form: ClassVar[dict[str, Any]] = {
        "if": {"required": ["threshold"], "properties": {"threshold": {"const": "cost"}}},
        "then": {"required": ["cost"], "properties": {"cost": {"exclusiveMinimum": 0}}},
        "else": {"properties": {"cost": {"maximum": 0}}},
    }

    threshold: Literal["half", "f1", "cost"] = Field(
        "half",
        title="Threshold",
        description="of two labels, the probability from which a row gets the positive one: half "
        "(0.5), or the one that gives the best F1, or the lowest cost, on the validation rows",
    )
    cost: float = Field(
        0,
        ge=0,
        title="Cost of a miss",
        description="where the threshold is cost: what a missed positive costs, where a false "
        "alarm costs 1",
    )

    @model_validator(mode="after")
    def _cost_belongs_to_its_criterion(self) -> Self:
        if (self.threshold == "cost") != bool(self.cost):
            raise ValueError(
                "cost must be given where threshold is cost, and only there, however: threshold "
                f"is {self.threshold}, and cost is {self.cost:g}"
            )
        return self
