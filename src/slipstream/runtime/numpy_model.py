"""A bundle in numpy: what runs where the compiled form is not there, or layers are asked for."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.columns import Positions, lookups, stack, table_offsets
from slipstream.runtime.kernels import Float32Kernel, Int8Kernel, Kernel, activations, run

__all__ = ["NumpyModel"]


class NumpyModel:
    """Computes with one bundle, from the L numbers of a row as `RowReader` encodes them.

    Args:
        bundle: a verified bundle.
    """

    def __init__(self, bundle: Bundle) -> None:
        made = Int8Kernel if bundle.precision == "int8" else Float32Kernel
        self._columns = lookups(bundle.columns)
        self._offsets = table_offsets(self._columns)
        self._depth = len(bundle.layers)
        self._kernel: Kernel = made(bundle.layers)

    def layers(self, numbers: NDArray[np.float64]) -> Iterator[NDArray[np.generic]]:
        """Yield each hidden layer's activation (N, width), int8 ones in u8 steps, then logits.

        Args:
            numbers: (N, L).
        """
        return activations(self._kernel, self.positions(numbers), self._depth)

    def logits(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        """The logits (N, O) of rows (N, L), computed a bounded number of rows at a time."""
        return run(self._kernel, self.positions(numbers), self._depth)

    def logits_of_one(self, numbers: Sequence[float]) -> NDArray[np.float32]:
        """The logits (1, O) of one row (L,), in less time than as a table."""
        places = zip(self._columns, numbers, self._offsets)  # noqa: B905 - L each
        located = zip(*(column.locate_one(number, start) for column, number, start in places))  # noqa: B905 - triples
        low, high, t = (np.array([each]) for each in located)
        *_, logits = activations(self._kernel, (low, high, t), self._depth)
        return logits

    def positions(self, numbers: NDArray[np.float64]) -> Positions:
        """Where rows (N, L) are in the first layer's table."""
        located = (
            column.locate(values) for column, values in zip(self._columns, numbers.T, strict=True)
        )
        return stack(located, self._offsets)
