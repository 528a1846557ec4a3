"""Columns of dates and of durations in a raw table, read once for each distinct cell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.data.cells import is_supported, is_text
from slipstream.runtime import InputError
from slipstream.runtime.column_reader import ColumnReader
from slipstream.runtime.dates import DateFormat, instant_us
from slipstream.runtime.numpy_time import NOT_A_TIME
from slipstream.runtime.spans import span_seconds
from slipstream.runtime.text import quote, shorten
from slipstream.runtime.values import WrongValueError, means_missing

__all__ = ["read_dates", "read_spans"]

Mask = NDArray[np.bool_]


def read_dates(reader: ColumnReader, raw: pa.Array) -> tuple[NDArray[np.datetime64], Mask]:
    """Dates (N,), NaT where they are missing or wrong, and a mask of the wrong ones.

    Raises:
        InputError: the column's type is not of dates.
    """
    form = reader.column.dates or DateFormat()
    typed = pt.is_timestamp(raw.type) or pt.is_date(raw.type)
    counted = form.epoch is not None or form.digits
    if not (typed or _is_plain(raw, numbers=counted)):
        raise _refusal(reader, raw, "must hold dates or times")
    if pt.is_timestamp(raw.type) or pt.is_date(raw.type):
        return np.asarray(raw.to_numpy(zero_copy_only=False)), np.zeros(len(raw), bool)

    def one(cell: Any) -> int:
        found = instant_us(cell, form)
        return NOT_A_TIME if found is None else found

    read, wrong = _each(reader, raw, one, NOT_A_TIME)
    return read.astype(np.int64).view("M8[us]"), wrong


def read_spans(reader: ColumnReader, raw: pa.Array) -> tuple[NDArray[np.float64], Mask]:
    """Durations and times of day as seconds (N,), NaN where they are missing or wrong; a mask.

    Raises:
        InputError: the column's type is of neither.
    """
    if not (pt.is_duration(raw.type) or pt.is_time(raw.type) or _is_plain(raw, numbers=True)):
        raise _refusal(reader, raw, "must hold durations or times of day")
    read, wrong = _each(reader, raw, span_seconds, np.nan)
    return read.astype(np.float64), wrong


def _is_plain(raw: pa.Array, *, numbers: bool) -> bool:
    """Whether cells are text, numbers if wanted, or all missing."""
    number = is_supported(raw.type) and not pt.is_boolean(raw.type)
    return is_text(raw.type) or pt.is_null(raw.type) or (numbers and number)


def _each(
    reader: ColumnReader, raw: pa.Array, one: Callable[[Any], float], missing: float
) -> tuple[NDArray[Any], Mask]:
    """Read each distinct cell: what every row has (N,), and which rows are wrong."""
    if pt.is_null(raw.type):
        return np.full(len(raw), missing, object), np.zeros(len(raw), bool)
    cells = pc.utf8_trim_whitespace(raw.cast(pa.string())) if is_text(raw.type) else raw
    coded = cells.dictionary_encode()
    read: list[Any] = []
    bad: list[bool] = []
    for cell in coded.dictionary.to_pylist():
        try:
            is_marker = isinstance(cell, str) and (cell in reader.codes or means_missing(cell))
            read.append(missing if is_marker else one(cell))
            bad.append(False)
        except WrongValueError:
            read.append(missing)
            bad.append(True)
    codes = coded.indices.fill_null(len(read)).to_numpy(zero_copy_only=False)
    return np.array([*read, missing], object)[codes], np.array([*bad, False])[codes]


def _refusal(reader: ColumnReader, raw: pa.Array, rule: str) -> InputError:
    return InputError(
        f"column {quote(reader.column.name)} {rule}, however: its type is "
        f"{shorten(raw.type)}; convert it, as for training"
    )
