"""A column's distinct cells: what each row has of them, and how often each occurs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from slipstream.runtime.numpy_time import NOT_A_TIME

__all__ = ["Distinct", "distinct"]


@dataclass(frozen=True)
class Distinct:
    """The distinct texts or numbers of a column (D,), and which of them each row (N,) has.

    A missing cell's code is -1.
    """

    cells: Sequence[str | int | float]
    codes: NDArray[np.int64]

    @property
    def counts(self) -> NDArray[np.int64]:
        """In how many rows (D,) each is."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.cells))

    def first_row(self, chosen: NDArray[np.bool_]) -> int:
        """The number of the first row that has one of the chosen values (D,)."""
        return int(np.argmax(np.append(chosen, False)[self.codes])) + 1

    def rows(self, read: NDArray[np.int64]) -> NDArray[np.int64]:
        """Spread what the distinct values were read as over the rows (N,)."""
        return np.append(read, NOT_A_TIME)[self.codes]


def distinct(cells: pa.Array) -> Distinct:
    """Tell a column's cells apart."""
    coded = cells.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Distinct(coded.dictionary.to_pylist(), codes.astype(np.int64))
