from collections.abc import Callable
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

instruction_set: str
instruction_sets: tuple[str, ...]
MAX_FEATURES: int
MAX_WIDTH: int
MAX_BIAS: int

@final
class Model:
    """A network in compiled form; see slipstream.runtime.native."""

    def __new__(
        cls,
        columns: tuple[
            tuple[
                str,
                bool,
                NDArray[np.float64] | None,
                dict[str, int] | None,
                int,
                tuple[str, str, bool, tuple[tuple[int, NDArray[np.float64]], ...]] | None,
            ],
            ...,
        ],
        layers: tuple[tuple[NDArray[Any], NDArray[Any], NDArray[np.float32] | None], ...],
        link: Literal["identity", "sigmoid", "expm1", "softmax", "sorted"],
        encode: Callable[[Any], list[float]],
    ) -> Model: ...
    def predict_one(self, row: Any, /) -> Any:
        """Answer one row: a float, or a list of floats where there are several outputs."""
    def predict(self, table: NDArray[Any], answers: NDArray[np.float64], /) -> bool:
        """Write the answers of a float32 or float64 table (N, L) into `answers` (N, outputs).

        A categorical column holds its rows. False where a value is not plain, or must not be
        missing.
        """
    def read_dates(
        self, column: int, values: NDArray[Any], numbers: NDArray[np.float64], start: int, /
    ) -> int:
        """Read the dates of one column from row `start` on, with their parts, into `numbers`.

        `values` are objects or datetime64 (N,), `numbers` (L, N). Answers the first row that Python
        has to read, N if there is none.
        """
