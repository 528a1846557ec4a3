"""The predictor: raw rows in, answers out."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.bundle import Bundle, read
from slipstream.runtime.columns import Positions, stack, table_offsets
from slipstream.runtime.errors import InputError
from slipstream.runtime.kernels import Float32Kernel, Int8Kernel, Kernel, activations, run
from slipstream.runtime.types import Precision

__all__ = ["Predictor", "load_file"]


def load_file(path: str | Path) -> "Predictor":
    """Load the predictor of a bundle file.

    Raises:
        BundleError: the file cannot be read, is damaged, or is not a bundle.
    """
    return Predictor(read(path))


class Predictor:
    """Answers rows with one bundle; it holds no mutable state, so threads may share it."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._kernel: Kernel = (
            Int8Kernel(bundle.layers)
            if bundle.precision == "int8"
            else Float32Kernel(bundle.layers)
        )
        self._offsets = np.array(table_offsets(bundle.columns))

    @property
    def features(self) -> list[str]:
        """Names of the raw columns the model reads, in order."""
        return [column.name for column in self.bundle.columns]

    @property
    def classes(self) -> list[str]:
        """The two labels; the second is the positive one, whose probability is predicted."""
        return list(self.bundle.classes)

    @property
    def task(self) -> str:
        """What kind of answer the model gives: `binary`."""
        return self.bundle.task

    @property
    def precision(self) -> Precision:
        """The arithmetic: `float32` or `int8`."""
        return self.bundle.precision

    @property
    def weights_bytes(self) -> int:
        """Size of the weight matrices in bytes."""
        return self.bundle.weights_bytes

    def predict_one(self, row: Any) -> float:
        """Answer one row: P(positive).

        Args:
            row: a mapping from column name to raw value (other keys are ignored), or a sequence of
                k raw values in the order of `features`.

        Raises:
            InputError: a value has the wrong type, or is missing where training saw none missing.
        """
        values = self._values(row)
        located = [column.position(each) for column, each in zip(self.bundle.columns, values)]  # noqa: B905 - checked
        low, high, t = zip(*located)  # noqa: B905 - triples
        positions = (
            np.array([low]) + self._offsets,
            np.array([high]) + self._offsets,
            np.array([t]),
        )
        *_, logits = activations(self._kernel, positions, self._depth)
        return _sigmoid_one(float(logits[0, 0]))

    def predict(self, table: Any) -> NDArray[np.float64]:
        """Answer N rows: P(positive) of each, (N,).

        Args:
            table: a pandas frame (other columns are ignored, an absent one is all missing), or an
                (N, k) array of raw values in the order of `features`.

        Raises:
            InputError: the shape or a value is wrong, as for `predict_one`.
        """
        return self._answer(*self._columns(table))

    def layers(self, table: Any) -> Iterator[NDArray[np.generic]]:
        """Yield each hidden layer's activation (N, width), int8 ones in u8 steps, then logits."""
        return activations(self._kernel, self._positions(*self._columns(table)), self._depth)

    @property
    def _depth(self) -> int:
        return len(self.bundle.layers)

    def _answer(self, columns: list[Any], count: int) -> NDArray[np.float64]:
        return sigmoid(run(self._kernel, self._positions(columns, count), self._depth)[:, 0])

    def _positions(self, columns: list[Any], count: int) -> Positions:
        pairs = zip(self.bundle.columns, columns, strict=True)
        return stack((column.positions(values, count) for column, values in pairs), self._offsets)

    def _values(self, row: Any) -> list[Any]:
        if isinstance(row, Mapping) or hasattr(row, "get"):  # a pandas series is no Mapping
            return [row.get(column.name) for column in self.bundle.columns]
        try:
            values = list(row)
        except TypeError:
            raise InputError(
                "a row must be a dict of raw values, or a sequence of them, however: "
                f"{type(row).__name__}"
            ) from None
        self._check_width(len(values))
        return values

    def _columns(self, table: Any) -> tuple[list[Any], int]:
        """The raw values of each feature (None: its column is not there), and how many rows."""
        if hasattr(table, "columns"):
            return self._frame_columns(table), len(table)
        if isinstance(table, np.ma.MaskedArray):
            array = np.ma.filled(table.astype(object), None)
        else:
            array = np.asarray(table, dtype=None if isinstance(table, np.ndarray) else object)
        if array.ndim != 2:
            raise InputError(
                f"a table must have rows and columns, however: its shape is {array.shape}; "
                "give one row to predict_one"
            )
        self._check_width(array.shape[1])
        return list(array.T), len(array)

    def _frame_columns(self, frame: Any) -> list[Any]:
        names = frame.columns
        if not hasattr(names, "is_unique"):
            raise InputError(
                "a table must be a pandas frame or an array, however: "
                f"{type(frame).__name__}; convert it, to_pandas() may do so"
            )
        if not names.is_unique:
            twice = sorted({str(name) for name in names[names.duplicated()]})
            raise InputError(
                f"the columns of a table must have different names, however: {twice} appear twice; "
                "rename or drop one"
            )
        present = set(names)
        return [_plain(frame[name]) if name in present else None for name in self.features]

    def _check_width(self, width: int) -> None:
        if width != len(self.bundle.columns):
            raise InputError(
                f"a row must have {len(self.bundle.columns)} values ({', '.join(self.features)}), "
                f"however: {width}; give a dict to name them"
            )


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn logits (N,) into probabilities (N,), without overflow."""
    small = np.exp(-np.abs(logits.astype(np.float64)))  # in (0, 1]
    return np.where(logits >= 0, 1 / (1 + small), small / (1 + small))


def _sigmoid_one(logit: float) -> float:
    """What `sigmoid` answers, for one logit."""
    small = math.exp(-abs(logit))
    return 1 / (1 + small) if logit >= 0 else small / (1 + small)


def _plain(series: Any) -> NDArray[Any]:
    """A frame's column as an array: numbers as they are, everything else as objects."""
    if getattr(series.dtype, "kind", "O") in "fiub" and isinstance(series.dtype, np.dtype):
        return series.to_numpy()
    return series.to_numpy(dtype=object)
