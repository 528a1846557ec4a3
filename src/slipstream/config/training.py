"""The section `training`."""

from typing import Literal

from pydantic import Field

from slipstream.config.section import Section

__all__ = ["TrainingConfig"]


class TrainingConfig(Section):
    """How the network is trained."""

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
