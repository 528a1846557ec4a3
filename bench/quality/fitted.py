"""What every arm gives once it is fitted, and how its one-row call is checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.measurement.harness import Arm

__all__ = ["CHECKED_ROWS", "TIMED_ROWS", "Fitted"]

TIMED_ROWS = 512  # of the test part, in turn
CHECKED_ROWS = 16
TOLERANCE = 1e-5  # of the largest answer: some arms compute single rows in another order


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A model of one table.

    Attributes:
        name: the arm.
        answers: for the test rows: (N,), or (N, C) for more than two labels.
        one_row: one row in, one answer out; its rows are the first of the test rows.
        seconds: by what took them.
        size_bytes: of the model as a file, or of its parameters.
        columns: how many it reads.
        note: its shape, or what it chose.
        is_checked: whether `one_row` gives the whole answer.
    """

    name: str
    answers: NDArray[np.float64]
    one_row: Arm
    seconds: Mapping[str, float]
    size_bytes: int
    columns: int
    note: str = ""
    is_checked: bool = True

    def check(self) -> None:
        """Compare answers of single rows with those of the whole table.

        Raises:
            RuntimeError: they differ: the time of a wrong answer says nothing.
        """
        if not self.is_checked:
            return
        for index in range(min(CHECKED_ROWS, self.one_row.rows)):
            (row,) = self.one_row.inputs(np.array([index]))
            single = np.ravel(np.asarray(self.one_row.call(row), np.float64))
            expected = np.ravel(self.answers[index])
            difference = _distance(single, expected)
            if not difference <= TOLERANCE * max(1.0, float(np.abs(self.answers).max())):
                raise RuntimeError(
                    f"{self.name} must answer a single row as it answers the table, however: "
                    f"answers differ by {difference}"
                )


def _distance(single: NDArray[Any], expected: NDArray[Any]) -> float:
    """The largest difference; scikit-learn gives the probability of both labels, others of one."""
    if len(single) == 2 and len(expected) == 1:
        single = single[1:]
    return float(np.abs(single - expected).max())
