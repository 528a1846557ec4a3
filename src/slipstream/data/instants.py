"""When each row happened, for a split by time: an instant, or a number such as a year."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.data.cells import blank_to_null, is_text
from slipstream.data.dates import find_dates
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote

__all__ = ["Instants", "instants", "written"]

Instants = NDArray[np.datetime64] | NDArray[np.int64] | NDArray[np.float64]


def instants(name: str, column: pa.ChunkedArray) -> Instants:
    """The instants (N,) of a column, in UTC and microseconds, or its numbers.

    Raises:
        InputError: a row has none, or the column holds something else.
    """
    cells = blank_to_null(column.combine_chunks())
    found = _parsed(cells)
    if found is None:
        raise InputError(
            f"data.time must name a column of dates, times or numbers, however: {quote(name)} "
            "holds others; write dates as 2025-03-04 and times as 2025-03-04T10:00:00"
        )
    missing = pd.isna(found)
    if missing.any():
        raise InputError(
            f"every row must have a time to be split by, however: {int(missing.sum())} rows have "
            f"none in column {quote(name)} (the first is row {int(np.argmax(missing)) + 1}); "
            "fill them in, or remove those rows"
        )
    return found


def written(instant: np.generic) -> str | int | float:
    """An instant as text that sorts as it does, a number as it is: what a tag can hold."""
    if isinstance(instant, np.datetime64):
        return str(instant.astype("datetime64[us]"))
    value: int | float = instant.item()
    return value


def _parsed(cells: pa.Array) -> Instants | None:
    kind = cells.type
    if pt.is_timestamp(kind) or pt.is_date(kind):
        return cells.cast(pa.timestamp("us"), safe=False).to_numpy(zero_copy_only=False)
    if pt.is_integer(kind) and not cells.null_count:
        return cells.to_numpy(zero_copy_only=False)
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return _of_text(cells) if is_text(kind) else None


def _of_text(cells: pa.Array) -> Instants | None:
    """Numbers or dates, all of them; None if any is neither."""
    words = cells.to_pandas()
    present = words.notna()
    numbers = pd.to_numeric(words, errors="coerce")
    if (numbers.notna() == present).all():
        return numbers.to_numpy(np.float64)
    times = find_dates("", cells)
    if times is None or times.kind != "datetime" or (times.series.notna() != present).any():
        return None
    return times.series.to_numpy()
