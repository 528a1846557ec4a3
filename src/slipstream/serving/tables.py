"""Rows to predict, converted to the types of the model's columns."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.data.cells import floats, is_supported, is_text
from slipstream.runtime import InputError, Predictor
from slipstream.runtime.column_reader import NO_NUMBER, NO_VALUE, ColumnReader
from slipstream.runtime.dates import NO_DATE
from slipstream.runtime.rows import RowReader, check_names_differ
from slipstream.runtime.spans import NO_SPAN
from slipstream.runtime.text import listing, quote, shorten
from slipstream.runtime.types import ColumnKind
from slipstream.runtime.values import WrongValueError
from slipstream.serving.dates import read_dates, read_spans

__all__ = ["checked_rows", "typed_rows"]

Mask = NDArray[np.bool_]
Reading = Callable[[ColumnReader, pa.Array], tuple[NDArray[Any], Mask]]


def typed_rows(model: Predictor, table: pa.Table) -> pd.DataFrame:
    """The model's columns of a raw table: numbers as float64, dates as datetime64, text trimmed.

    Names are trimmed, as they were when the model was trained. Text is a number, missing or wrong
    by the rules of `Predictor.predict`.

    Raises:
        InputError: a cell of a numeric column is not a number, a column of the model appears
            twice, or all are absent.
    """
    frame, wrong = _typed_columns(model, table)
    for reader in RowReader(model.bundle).columns:
        if reader.column.name in wrong:
            raise reader.refusal(_fault(reader), wrong[reader.column.name])
    return frame


def checked_rows(model: Predictor, table: pa.Table) -> tuple[pd.DataFrame, Mask, str]:
    """As `typed_rows`, with a mask (N,) of the rows that the model refuses, and the first reason.

    Raises:
        InputError: as for `typed_rows`, except for the content of single cells.
    """
    frame, wrong = _typed_columns(model, table)
    refused: Mask = np.zeros(len(frame), bool)
    reasons: list[tuple[int, str]] = []
    for reader in RowReader(model.bundle).columns:
        column = reader.column
        if column.name not in frame:
            continue
        no_number = wrong.get(column.name, np.zeros(len(frame), bool))
        no_value = frame[column.name].isna().to_numpy() & ~no_number & (not column.allows_missing)
        for found, mask in ((_fault(reader), no_number), (NO_VALUE, no_value)):
            if mask.any():
                refused |= mask
                reasons.append((int(mask.argmax()), str(reader.refusal(found, mask))))
    return frame, refused, min(reasons)[1] if reasons else ""


def _typed_columns(model: Predictor, table: pa.Table) -> tuple[pd.DataFrame, Mapping[str, Mask]]:
    """The model's columns, and in which rows (N,) they have text that is not a number."""
    names = [name.strip() for name in table.column_names]
    check_names_differ(names, model.features)
    columns: dict[str, pd.Series] = {}
    wrong: dict[str, Mask] = {}
    for reader in RowReader(model.bundle).columns:
        column = reader.column
        if column.name not in names:
            continue
        raw = table.column(names.index(column.name)).combine_chunks()
        if pt.is_dictionary(raw.type):
            raw = raw.dictionary_decode()
        if column.edges is None:
            columns[column.name] = _texts(reader, raw)
            continue
        read: Reading = _READERS.get(column.kind, _numbers)
        numbers, mask = read(reader, raw)
        columns[column.name] = pd.Series(numbers)
        if mask.any():
            wrong[column.name] = mask
    if not columns:
        raise InputError(
            f"a table must have the model's columns ({listing(model.features)}), however: it has "
            f"{listing(names)}; use a table like the one the model was made for"
        )
    return pd.DataFrame(columns), wrong


def _fault(reader: ColumnReader) -> str:
    """What a cell is that is of the right type, and wrong."""
    return {"datetime": NO_DATE, "duration": NO_SPAN}.get(reader.column.kind, NO_NUMBER)


def _texts(reader: ColumnReader, raw: pa.Array) -> pd.Series:
    """Trimmed text; None where it is missing. Numbers and truth values stay what they are."""
    if is_text(raw.type):
        return pd.Series(_trimmed(raw, {"", *reader.markers}).to_pylist(), dtype=object)
    if not pt.is_null(raw.type) and not is_supported(raw.type):
        raise InputError(
            f"column {quote(reader.column.name)} must hold text, however: its type is "
            f"{shorten(raw.type)}; derive text from it, as for training"
        )
    return pd.Series(raw.to_pylist(), dtype=object)


def _numbers(reader: ColumnReader, raw: pa.Array) -> tuple[NDArray[np.float64], Mask]:
    """Numbers (N,), NaN where they are missing or wrong, and a mask of the wrong ones."""
    if is_text(raw.type):
        return _text_numbers(reader, raw)
    if not pt.is_null(raw.type) and not is_supported(raw.type):
        raise InputError(
            f"column {quote(reader.column.name)} must hold numbers, however: its type is "
            f"{shorten(raw.type)}; derive numbers from it, as for training"
        )
    return floats(raw), np.zeros(len(raw), bool)


def _text_numbers(reader: ColumnReader, raw: pa.Array) -> tuple[NDArray[np.float64], Mask]:
    texts = _trimmed(raw, {"", *reader.markers})
    try:
        numbers = floats(texts) if reader.column.format is None else np.zeros(0)
        # arrow reads more ways to write NaN
        if len(numbers) and np.isnan(numbers).sum() == texts.null_count:
            return numbers, np.zeros(len(texts), bool)
    except pa.ArrowInvalid:
        pass
    coded = texts.dictionary_encode()
    read = [_number(reader, text) for text in coded.dictionary.to_pylist()]
    values = np.array([np.nan if each is None else each for each in (*read, None)])
    bad = np.array([each is None for each in read] + [False])
    codes = coded.indices.fill_null(len(read)).to_numpy(zero_copy_only=False)
    return values[codes], bad[codes]


def _number(reader: ColumnReader, text: str) -> float | None:
    try:
        return float(reader.number(text))
    except WrongValueError:
        return None


def _trimmed(raw: pa.Array, absent: set[str]) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(raw.cast(pa.string()))
    nothing = pc.is_in(trimmed, pa.array(sorted(absent), pa.string()))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), trimmed)


# How a column is read whose numbers are written in other ways.
_READERS: Mapping[ColumnKind, Reading] = {
    "datetime": read_dates,
    "duration": read_spans,
}
