"""The section `budget`: what the winner must fit into."""

from pydantic import Field

from slipstream.config.section import Section

__all__ = ["BudgetConfig"]


class BudgetConfig(Section):
    """What the winner must fit into."""

    p99_us: float = Field(
        0, ge=0, title="Latency budget (µs)", description="p99 of one row; 0: no limit"
    )
    size_bytes: int = Field(
        0, ge=0, title="Size budget (bytes)", description="size of the bundle file; 0: no limit"
    )
    max_score_loss: float = Field(
        0,
        ge=0,
        le=1,
        title="Score budget",
        description="test AUC (of a number: RMSE as a share of that of always answering the mean) "
        "that the winner may lose against the baseline, a wide float32 network on all columns; 0: "
        "no limit, but a warning beyond 0.01",
    )
