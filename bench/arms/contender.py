"""What every library's file needs: what an arm is built from, and how its answers are checked.

A row is made just before its block, as in a request, in the form that the library reads; the
library's answer is left as it is (an array, a tensor). Both are in the peers' favour: ours takes
raw values and gives a float.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.models import Data, Model
from slipstream.measurement.harness import Arm

__all__ = ["CHECKED_ROWS", "FLOAT32_TOLERANCE", "INT8_TOLERANCE", "Contender", "Setting", "only"]

CHECKED_ROWS = 256
FLOAT32_TOLERANCE = 1e-4
INT8_TOLERANCE = 0.08  # int8 rounds: either library's probability may differ by this much


@dataclass(frozen=True)
class Setting:
    """What an arm is built from: the table, a model trained on it, and a folder for files."""

    data: Data
    model: Model
    folder: Path

    @cached_property
    def reference(self) -> NDArray[np.float64]:
        """The probability of every row that is checked, computed independently."""
        return self.model.reference(self.data.scaled[:CHECKED_ROWS])


@dataclass(frozen=True, kw_only=True)
class Contender:
    """An arm by its name, with what its answers must be.

    `probability` reads the answer off what the call returned; `tolerance` is how far it may differ
    from `reference` (N,). An arm without a reference answers nothing.
    """

    name: str
    arm: Arm
    probability: Callable[[Any], float] = float
    reference: NDArray[np.float64] | None = None
    tolerance: float = FLOAT32_TOLERANCE
    ours: bool = False

    def check(self) -> float:
        """The largest difference from the reference: a wrong model's speed is worth nothing.

        Raises:
            RuntimeError: an answer differs by more than the tolerance.
        """
        if self.reference is None:
            return 0.0
        chosen = np.arange(CHECKED_ROWS)
        # An answer is read before the next call: some libraries reuse its memory.
        answers = [self.probability(self.arm.call(each)) for each in self.arm.inputs(chosen)]
        difference = float(np.abs(np.array(answers) - self.reference[chosen]).max())
        if not difference <= self.tolerance:
            raise RuntimeError(
                f"{self.name} must agree with the reference within {self.tolerance}, "
                f"however: it differs by {difference}"
            )
        return difference


def only(answer: Any) -> float:
    """The one number in an array of any shape."""
    return float(np.asarray(answer).item())
