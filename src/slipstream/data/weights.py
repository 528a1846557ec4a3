"""Weights: how much each row counts, in training and in every score."""

import numpy as np
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.config.data import DataConfig
from slipstream.data.cells import blank_to_null, is_supported, is_text
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote

__all__ = ["read_weights"]


def read_weights(raw: pa.Table, data: DataConfig) -> NDArray[np.float64] | None:
    """The rows' weights (N,), whose mean is 1; None where all rows count alike.

    Raises:
        InputError: the column is not there, or a weight is missing, negative or not a number, or
            all are 0.
    """
    name = data.weight
    if not name:
        return None
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
    weights = _numbers(name, raw.column(name).combine_chunks())
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
    return weights / weights.mean()


def _numbers(name: str, raw: pa.Array) -> NDArray[np.float64]:
    """The column as numbers (N,); NaN where a cell is missing."""
    values = blank_to_null(raw)
    try:
        if pt.is_boolean(values.type) or not is_supported(values.type):
            raise pa.ArrowInvalid(f"its type is {values.type}")
        # Text that is a number is cast too.
        floats = values.cast(pa.float64(), safe=is_text(values.type))
    except pa.ArrowInvalid as error:
        raise InputError(
            f"a weight must be a number, however: {quote(name)} holds other values ({error}); name "
            "another column"
        ) from None
    return np.asarray(floats.to_numpy(zero_copy_only=False), np.float64)
