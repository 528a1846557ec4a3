"""Weights: how much each row counts, in training and in every score."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.config.data import DataConfig
from slipstream.data.cells import floats, is_supported, is_text
from slipstream.data.columns import RawColumn, as_numbers, number_parts
from slipstream.data.numbers import Evidence
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote
from slipstream.runtime.values import MISSING_MARKERS

__all__ = ["read_weights"]

Floats = NDArray[np.float64]


def read_weights(
    raw: pa.Table,
    data: DataConfig,
    evidence: Callable[[], Evidence] = Evidence,
    markers: Sequence[str] = MISSING_MARKERS,
) -> tuple[Floats | None, tuple[str, ...]]:
    """The rows' weights (N,), whose mean is 1, and notes; None where all rows count alike.

    Args:
        raw: the rows.
        data: names the column.
        evidence: what the other columns show about how numbers are written.
        markers: the texts that mean missing in every column.

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
    column = RawColumn(name, raw.column(name).combine_chunks(), markers, evidence)
    weights, notes = _numbers(column)
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
    return weights / weights.mean(), tuple(f"weight {quote(name)}: {each}" for each in notes)


def _numbers(column: RawColumn) -> tuple[Floats, tuple[str, ...]]:
    """The column as numbers (N,), NaN where a cell is missing, read as any other; and notes."""
    kind = column.cells.type
    if pt.is_boolean(kind) or not is_supported(kind):
        raise _refusal(column.name, f"its type is {kind}")
    if not is_text(kind):
        return floats(column.cells), ()
    parts = number_parts(column)
    if parts.is_slip.any():
        count = column.texts.count(parts.is_slip)
        first = column.texts.first_row(parts.is_slip)
        raise _refusal(column.name, f"row {first} has other text ({count:,} such rows)")
    typed = as_numbers(column, parts)
    return typed.series.to_numpy(np.float64), typed.notes


def _refusal(name: str, fact: str) -> InputError:
    return InputError(
        f"a weight must be a number, however: {quote(name)} holds other values ({fact}); correct "
        "them, or name another column"
    )
