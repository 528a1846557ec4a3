"""When each row happened, for a split by time: an instant, or a number such as a year."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from slipstream.config.data import ColumnType
from slipstream.data.cells import floats, is_text
from slipstream.data.columns import UnusableError
from slipstream.data.schema import raw_columns, type_column
from slipstream.data.snapshot import Instants
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote
from slipstream.runtime.values import MISSING_MARKERS

__all__ = ["instants", "written"]

_PADDED = r"^[+-]?0[0-9]"  # a date in digits with the day or month first, which is no number


def instants(
    name: str,
    column: pa.ChunkedArray,
    wanted: ColumnType | None = None,
    markers: Sequence[str] = MISSING_MARKERS,
) -> tuple[Instants, tuple[str, ...]]:
    """The instants (N,) of a column, in UTC and microseconds, or its numbers; how it was read.

    Args:
        name: the column's name.
        column: its cells (N,).
        wanted: what `data.types` says of it.
        markers: the texts that mean missing in every column.

    Raises:
        InputError: a row has none, or the column holds something else.
    """
    found, notes = _read(pa.table({name: column}), wanted, markers)
    if found is None:
        raise InputError(
            f"data.time must name a column of dates, times or numbers, however: {quote(name)} "
            f"holds others{''.join(f' ({note})' for note in notes)}; write dates as 2025-03-04 "
            "and times as 2025-03-04T10:00:00"
        )
    missing = pd.isna(found)
    if missing.any():
        raise InputError(
            f"every row must have a time to be split by, however: {int(missing.sum())} rows have "
            f"none in column {quote(name)} (the first is row {int(np.argmax(missing)) + 1}); "
            "fill them in, or remove those rows"
        )
    return found, tuple(f"column {quote(name)}: {note}" for note in notes)


def written(instant: np.generic) -> str | int | float:
    """An instant as text that sorts as it does, a number as it is: what a tag can hold."""
    if isinstance(instant, np.datetime64):
        return str(instant.astype("datetime64[us]"))
    value: int | float = instant.item()
    return value


def _read(
    table: pa.Table, wanted: ColumnType | None, markers: Sequence[str]
) -> tuple[Instants | None, tuple[str, ...]]:
    """What the only column of a table holds: None if that is neither dates nor numbers; notes."""
    (column,) = raw_columns(table, markers)
    exact = _exact(column.cells)
    if exact is not None and wanted != "datetime":
        return exact, ()
    try:
        typed = type_column(column, wanted if wanted in ("numeric", "datetime") else None)
    except UnusableError:
        return None, ()
    if typed.kind not in ("numeric", "datetime"):
        return None, typed.notes
    return typed.series.to_numpy(), typed.notes


def _exact(cells: pa.Array) -> Instants | None:
    """Numbers as they are, such as years: also beyond what a float holds, which may count time."""
    kind = cells.type
    if pt.is_integer(kind) and not cells.null_count:
        return cells.to_numpy(zero_copy_only=False)
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return floats(cells)
    if not is_text(kind) or pc.any(pc.match_substring_regex(cells, _PADDED)).as_py():
        return None
    numbers = pd.to_numeric(cells.to_pandas(), errors="coerce")
    return numbers.to_numpy(np.float64) if numbers.isna().sum() == cells.null_count else None
