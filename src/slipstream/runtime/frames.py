"""Tables whose columns have names, whichever library made them: none is imported.

Frames of pandas and of libraries like it, frames of polars, tables and batches of pyarrow,
structured arrays, and dicts of columns are recognised by what they can do.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote
from slipstream.runtime.types import ColumnKind

__all__ = ["Frame", "unmasked"]

# What has a length, and is not a column.
_NOT_COLUMNS = (str, bytes, bytearray, memoryview, Mapping, Set)


@dataclass(frozen=True)
class Frame:
    """The names of a table's columns, how many rows it has, and how a column is taken from it."""

    names: Sequence[Any]
    rows: int
    take: Callable[[Any], Any]

    @classmethod
    def of(cls, table: Any) -> "Frame | None":
        """See a table as a frame; None if its columns have no names.

        Raises:
            InputError: it is not in memory, or its columns differ in length.
        """
        if isinstance(table, np.ndarray):
            names = table.dtype.names
            return cls(names, len(table), table.__getitem__) if names and table.ndim == 1 else None
        if isinstance(table, Mapping):
            return cls._of_columns(table)
        if hasattr(table, "column_names") and hasattr(table, "num_rows"):  # pyarrow's
            return cls(table.column_names, table.num_rows, table.column)
        if hasattr(table, "get_column") and hasattr(table, "height"):  # polars'
            return cls(table.columns, table.height, table.get_column)
        if not hasattr(type(table), "columns") and not hasattr(table, "columns"):
            return None
        if not hasattr(table, "iloc"):  # of pandas and its like
            raise InputError(
                "a table must be a frame in memory (pandas, polars, pyarrow) or an array, however: "
                f"{type(table).__name__}; convert it, for example with its collect() or to_pandas()"
            )
        return cls(table.columns, len(table), table.__getitem__)

    @classmethod
    def _of_columns(cls, table: Mapping[Any, Any]) -> "Frame | None":
        """A dict of columns; None if it is a row."""
        if not table or not all(map(_is_column, table.values())):
            return None
        (first, rows), *others = ((name, len(column)) for name, column in table.items())
        for name, count in others:
            if count != rows:
                raise InputError(
                    "a table must have as many values in each column, however: "
                    f"{quote(first)} has {rows} and {quote(name)} has {count}; mend it"
                )
        return cls(list(table), rows, table.__getitem__)

    def column(self, name: Any, kind: ColumnKind) -> Any:
        """The raw values of a column, for a model that reads it as this kind."""
        values = self.take(name)
        if hasattr(values, "iloc"):
            return _of_pandas(values, kind)
        if hasattr(values, "to_pylist"):
            if hasattr(values.type, "index_type"):  # its `to_numpy` takes a null for a category
                return values.to_pylist()
            return values.to_numpy(zero_copy_only=False)
        return unmasked(values.to_numpy() if hasattr(values, "to_numpy") else values)


def unmasked(values: Any) -> Any:
    """A masked array as one of objects, with None where it is masked; others as they are."""
    if isinstance(values, np.ma.MaskedArray):
        return np.where(np.ma.getmaskarray(values), np.array(None), values.data)
    return values


def _is_column(values: Any) -> bool:
    has_length = hasattr(values, "__len__") and not isinstance(values, _NOT_COLUMNS)
    return has_length and getattr(values, "ndim", 1) == 1


def _of_pandas(series: Any, kind: ColumnKind) -> NDArray[Any]:
    """A series as an array: numbers and times as they are, everything else as objects."""
    given = getattr(series.dtype, "kind", "O")
    wanted = given in "fiub" or (kind, given) in (("datetime", "M"), ("duration", "m"))
    if wanted and isinstance(series.dtype, np.dtype):
        return series.to_numpy()
    if wanted and given in "Mm":  # of a zone, or Arrow's own
        return series.to_numpy(dtype=f"{given}8[us]")
    return series.to_numpy(dtype=object)
