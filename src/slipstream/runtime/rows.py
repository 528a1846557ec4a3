"""Raw rows and tables, whatever they come as, in the order of a model's columns."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.columns import Column
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import listing

__all__ = ["RowReader"]

# What can be iterated and is no row of values: text, memory, what has names or no order.
_NO_ROWS = (str, bytes, bytearray, memoryview, np.void, Set)


class RowReader:
    """Reads rows and tables for some columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._names = [column.name for column in columns]

    def encode_one(self, row: Any) -> list[float]:
        """Turn one raw row into k numbers: NaN for missing, a category's row in its column.

        Raises:
            InputError: a value has the wrong type, or is missing where the model's data had none.
        """
        return [column.encode(value) for column, value in zip(self._columns, self.one(row))]  # noqa: B905 - checked

    def encode(self, table: Any) -> NDArray[np.float64]:
        """Turn a raw table into numbers, (N, k), as `encode_one` does.

        Raises:
            InputError: the shape or a value is wrong.
        """
        raw, count = self.table(table)
        numbers = np.empty((len(raw), count))
        for into, column, values in zip(numbers, self._columns, raw, strict=True):
            into[:] = column.encode_all(values, count)
        return numbers.T

    def one(self, row: Any) -> list[Any]:
        """The k raw values of a row; what a mapping lacks is None."""
        if isinstance(row, Mapping) or hasattr(row, "get"):  # a pandas series is no Mapping
            return [row.get(name) for name in self._names]
        try:
            if isinstance(row, _NO_ROWS):
                raise TypeError
            values = list(row)
        except TypeError:
            raise InputError(
                "a row must be a dict of raw values, or a sequence of them, however: "
                f"{type(row).__name__}"
            ) from None
        self._check_width(len(values))
        return values

    def table(self, table: Any) -> tuple[list[Any], int]:
        """The raw values of each column (None: its column is not there), and how many rows."""
        if hasattr(table, "columns"):
            return self._frame_columns(table), len(table)
        if isinstance(table, np.ma.MaskedArray):
            array = np.where(np.ma.getmaskarray(table), np.array(None), table.data)
        else:
            array = _as_array(table)
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
        twice = sorted(set(names[names.duplicated()]).intersection(self._names))
        if twice:
            raise InputError(
                f"the columns that a model reads must have different names, however: "
                f"{listing(twice)} appear twice; rename or drop one"
            )
        present = set(names)
        return [_plain(frame[name]) if name in present else None for name in self._names]

    def _check_width(self, width: int) -> None:
        if width != len(self._names):
            raise InputError(
                f"a row must have {len(self._names)} values ({listing(self._names)}), "
                f"however: {width}; give a dict to name them"
            )


def _as_array(table: Any) -> NDArray[Any]:
    rows = table if isinstance(table, list | tuple) else ()
    odd = next((each for each in (table, *rows) if isinstance(each, _NO_ROWS)), None)
    if odd is not None:  # numpy would read some of them as numbers
        raise InputError(
            "a table must be a frame, or rows of raw values, however: "
            f"{type(odd).__name__}; convert it to an array of shape (rows, columns)"
        )
    try:
        return np.asarray(table, dtype=None if isinstance(table, np.ndarray) else object)
    except ValueError:  # parts of different lengths
        raise InputError(
            "a table must have as many values in each row, however: they differ; "
            "give a frame, or an array of shape (rows, columns)"
        ) from None


def _plain(series: Any) -> NDArray[Any]:
    """A frame's column as an array: numbers as they are, everything else as objects."""
    if getattr(series.dtype, "kind", "O") in "fiub" and isinstance(series.dtype, np.dtype):
        return series.to_numpy()
    return series.to_numpy(dtype=object)
