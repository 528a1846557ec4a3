"""Rows to predict, typed as the model's columns want them."""

import pandas as pd
import pyarrow as pa
import pyarrow.types as pt

from slipstream.runtime import InputError, Predictor
from slipstream.runtime.columns import Column
from slipstream.runtime.text import listing, quote, shorten
from slipstream.schema import MAX_SLIPS, blank_to_null

__all__ = ["typed_rows"]

_NO_TEXT = (
    *(pt.is_nested, pt.is_binary, pt.is_large_binary),
    *(pt.is_binary_view, pt.is_fixed_size_binary),
)


def typed_rows(model: Predictor, table: pa.Table) -> pd.DataFrame:
    """The model's columns of a raw table: numbers as float64, text trimmed; others are left out.

    Names are trimmed, as they were when the model was trained.

    Raises:
        InputError: a cell of a numeric column is no number, a column of the model is there twice,
            or none is there.
    """
    names = [name.strip() for name in table.column_names]
    twice = [name for name in model.features if names.count(name) > 1]
    if twice:
        raise InputError(
            "the columns that a model reads must have different names, however: the table has "
            f"{listing(twice)} more than once; rename or remove one"
        )
    columns = {
        column.name: _typed(column, table.column(names.index(column.name)).combine_chunks())
        for column in model.bundle.columns
        if column.name in names
    }
    if not columns:
        raise InputError(
            f"a table must have the model's columns ({listing(model.features)}), however: it has "
            f"{listing(names)}; use the table the model was trained for"
        )
    return pd.DataFrame(columns)


def _typed(column: Column, raw: pa.Array) -> pd.Series:
    values = pd.Series(blank_to_null(raw).to_pylist(), dtype=object)
    if column.edges is None:
        if any(is_such(raw.type) for is_such in _NO_TEXT):
            raise InputError(
                f"column {quote(column.name)} must hold text, however: its type is "
                f"{shorten(raw.type)}; derive text from it, as for training"
            )
        return values.where(values.isna(), values.astype(str))
    if column.kind == "boolean":
        words = {"true": 1.0, "false": 0.0}
        values = values.map(lambda v: words.get(v.lower(), v) if isinstance(v, str) else v)
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    wrong = numbers.isna() & values.notna()
    few = int(wrong.sum()) <= MAX_SLIPS * len(values)  # as in training, they count as missing
    if wrong.any() and not (few and column.allows_missing):
        row = int(wrong.to_numpy().argmax()) + 1
        raise InputError(
            f"column {quote(column.name)} must hold numbers, however: row {row} "
            f"does not ({int(wrong.sum())} such rows); mend them, or leave them empty"
        )
    return numbers
