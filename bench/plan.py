"""How much is measured."""

from dataclasses import dataclass
from typing import Literal

from slipstream.measurement.harness import Blocks

__all__ = ["PLANS", "Kind", "Plan"]

Kind = Literal["full", "quick"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Rounds, blocks and processes of one run."""

    rounds: int  # of single rows, hot
    blocks: Blocks
    cold_calls: int
    batch_rounds: int
    fresh_processes: int


# The quick one takes too few calls to believe: it shows that everything runs.
PLANS: dict[str, Plan] = {
    "full": Plan(
        rounds=40,
        blocks=Blocks(calls=1000, seconds=0.05),
        cold_calls=300,
        batch_rounds=20,
        fresh_processes=12,
    ),
    "quick": Plan(
        rounds=3,
        blocks=Blocks(calls=200, seconds=0.01),
        cold_calls=5,
        batch_rounds=2,
        fresh_processes=1,
    ),
}
