"""Weights: how much each row counts, in training and in every score."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from slipstream.config.data import DataConfig
from slipstream.data.cells import floats, is_number, is_text, missing_markers
from slipstream.data.columns import Typed, as_numbers, number_parts
from slipstream.data.schema import raw_columns
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote

__all__ = ["read_weights"]


def read_weights(
    raw: pa.Table, data: DataConfig
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """The rows' weights (N,), whose mean is 1; None where all rows count alike; how they were read.

    Raises:
        InputError: the column is not there, or a weight is missing, negative or not a number, or
            all are 0.
    """
    name = data.weight
    if not name:
        return None, ()
    if name not in raw.column_names:
        raise InputError(
            f"data.weight must be a column, however: there is no {quote(name)}; "
            f"{did_you_mean(name, raw.column_names)}the columns are {listing(raw.column_names)}"
        )
    if name == data.target:
        raise InputError(
            f"data.weight must not be the target, however: both are {quote(name)}; name another "
            "column, or leave it empty"
        )
    read = _read(raw, name, missing_markers(data.missing))
    weights = read.series.to_numpy(np.float64)
    unusable = ~(np.isfinite(weights) & (weights >= 0))
    if unusable.any():
        raise InputError(
            f"a weight must be a finite number of 0 or more, however: {quote(name)} has "
            f"{int(unusable.sum()):,} that are missing, negative or infinite (the first in row "
            f"{int(unusable.argmax()) + 1}); correct them, or remove those rows"
        )
    if not weights.any():
        raise InputError(
            f"a weight must be above 0 in some rows, however: {quote(name)} is 0 in all; name "
            "another column"
        )
    notes = tuple(f"column {quote(name)}: {note}" for note in read.notes)
    return weights / weights.mean(), notes


def _read(raw: pa.Table, name: str, markers: Sequence[str]) -> Typed:
    """The column as numbers (N,), NaN where a cell is missing, in whatever format they are."""
    (column,) = raw_columns(raw.select([name]), markers)
    kind = column.cells.type
    fault = f"its type is {kind}"
    if is_text(kind):
        parts = number_parts(column)
        if not parts.is_slip.any():
            return as_numbers(column, parts)
        fault = f"row {column.texts.first_row(parts.is_slip)} has text"
    elif is_number(kind):
        return Typed("numeric", pd.Series(floats(column.cells)))
    raise InputError(
        f"a weight must be a number, however: {quote(name)} holds other values ({fault}); name "
        "another column"
    )
