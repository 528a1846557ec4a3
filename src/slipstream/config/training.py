"""The section `training`."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from slipstream.config.section import Section

__all__ = ["TrainingConfig"]


class TrainingConfig(Section):
    """How the network is trained."""

    form: ClassVar[dict[str, Any]] = {
        "if": {"required": ["distill"], "properties": {"distill": {"const": "off"}}},
        "then": {"properties": {"teacher": {"maxLength": 0}}},
    }

    epochs: int = Field(
        60, ge=1, le=10_000, title="Epochs", description="the most passes over the training rows"
    )
    batch_size: int = Field(256, ge=1, le=2**31, title="Batch size", description="rows a step")
    learning_rate: float = Field(
        0.004, gt=0, le=1, title="Learning rate", description="AdamW's peak learning rate"
    )
    patience: int = Field(
        8, ge=1, title="Patience", description="epochs without a better validation loss before stop"
    )
    target_scale: Literal["auto", "identity", "log1p"] = Field(
        "auto",
        title="Target scale",
        description="of a predicted number, what training sees: the number (identity), its "
        "log(1 + number) (log1p), or where it is skewed, what the validation rows favour (auto)",
    )
    seed: int = Field(
        0, ge=0, lt=2**63, title="Training seed", description="seed of weights and batches"
    )
    distill: Literal["auto", "on", "off"] = Field(
        "auto",
        title="Distill",
        description="whether the network also learns from what a larger model, the teacher, "
        "answers: where the validation rows favour it (auto), always, or not at all, which saves "
        "the time for the teacher",
    )
    teacher: str = Field(
        "",
        title="Teacher",
        description="a Parquet file of answers to learn from, a row for each value of data.key, "
        "made by models that have not seen that row; empty: boosted trees, trained here",
    )

    @model_validator(mode="after")
    def _a_teacher_is_for_distilling(self) -> Self:
        if self.teacher and self.distill == "off":
            raise ValueError(
                "teacher must be empty where distill is off, however: a file is named; take one of "
                "the two out"
            )
        return self
