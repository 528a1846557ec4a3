"""What each raw column is: inferred once, at ingest, and recorded."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from slipstream.artifacts.references import ColumnSchema
from slipstream.data.cells import blank_to_null, is_supported, is_text
from slipstream.data.identifiers import why_identifier
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote
from slipstream.runtime.types import ColumnKind
from slipstream.runtime.values import text_truth

__all__ = ["MAX_SLIPS", "Inferred", "infer"]

# Treat text as numeric if at most this share of its values fails to parse.
MAX_SLIPS = 0.01


class _UnusableError(Exception):
    """The column cannot help a model; the message says why."""


@dataclass(frozen=True)
class Inferred:
    """The usable columns of a table.

    `frame` has numeric and boolean columns as float64 with NaN for missing, categorical ones as
    trimmed text; `warnings` has a line for each column left out; `identifiers` are those that
    identify rows: left out, unless they are kept.
    """

    frame: pd.DataFrame
    columns: tuple[ColumnSchema, ...]
    warnings: tuple[str, ...]
    identifiers: tuple[str, ...]


@dataclass(frozen=True)
class _Typed:
    kind: ColumnKind
    series: pd.Series
    note: str = ""


def infer(table: pa.Table, keep: Collection[str] = ()) -> Inferred:
    """Type the columns of a raw table and leave out those that no model can use.

    Args:
        table: the columns.
        keep: names of those that are not left out if they identify rows.

    Raises:
        InputError: a number is infinite, or no usable column is left.
    """
    columns: dict[str, pd.Series] = {}
    schema: list[ColumnSchema] = []
    warnings: list[str] = []
    identifiers: list[str] = []
    for name in table.column_names:
        try:
            cells = table.column(name).combine_chunks()
            typed = _infer_column(name, cells)
            if why := why_identifier(name, cells, typed.series):
                identifiers.append(name)
                if name not in keep:
                    raise _UnusableError(f"{why} (data.keep keeps it)")
        except _UnusableError as reason:
            warnings.append(f"column {quote(name)} is left out: {reason}")
            continue
        if typed.note:
            warnings.append(f"column {quote(name)}: {typed.note}")
        columns[name] = typed.series
        schema.append(ColumnSchema(name=name, kind=typed.kind))
    if not columns:
        raise InputError(
            "a table must have a column to learn from, however: none is usable:\n  "
            + "\n  ".join(warnings or ["it has only the target"])
            + "\nadd a column that describes the rows"
        )
    return Inferred(pd.DataFrame(columns), tuple(schema), tuple(warnings), tuple(identifiers))


def _infer_column(name: str, raw: pa.Array) -> _Typed:
    values = blank_to_null(raw)
    if values.null_count == len(values):
        raise _UnusableError("it has no values")
    if not is_supported(values.type):
        raise _UnusableError(
            f"its type, {values.type}, is not supported; derive numbers or text from it"
        )
    distinct = pc.unique(values.drop_null())
    if len(distinct) == 1 and not values.null_count:
        raise _UnusableError("it is constant")
    if pt.is_boolean(values.type):
        return _Typed("boolean", _floats(values))
    if is_text(values.type):
        return _infer_text(name, values, distinct.to_pylist())
    return _numeric(name, _floats(values))


def _infer_text(name: str, values: pa.Array, distinct: list[str]) -> _Typed:
    truths = [text_truth(each) for each in distinct]
    if None not in truths:
        return _Typed("boolean", _looked_up(values, dict(zip(distinct, truths, strict=True))))
    numbers = pd.to_numeric(pd.Series(distinct, dtype=object), errors="coerce")
    not_numbers = pa.array(
        [each for each, number in zip(distinct, numbers.isna(), strict=True) if number]
    )
    slips = pc.is_in(values, not_numbers) if len(not_numbers) else None
    slipped = pc.sum(slips).as_py() if slips is not None else 0
    present = len(values) - values.null_count
    if slipped <= MAX_SLIPS * present:
        lookup = dict(zip(distinct, numbers.to_numpy(np.float64), strict=True))
        typed = _numeric(name, _looked_up(values, lookup))
        if not slipped:
            return typed
        first = pc.index(slips, True).as_py() + 1
        note = f"{slipped} values that are not numbers count as missing (the first in row {first})"
        return _Typed(typed.kind, typed.series, note)
    return _Typed("categorical", pd.Series(values.to_pylist(), dtype=object))


def _numeric(name: str, values: pd.Series) -> _Typed:
    numbers = values.to_numpy(np.float64)
    infinite = np.isinf(numbers)
    if infinite.any():
        raise InputError(
            f"a number must be finite, however: column {quote(name)} is infinite in row "
            f"{int(np.argmax(infinite)) + 1} ({int(infinite.sum())} such rows); "
            "replace it, or leave it empty for missing"
        )
    return _Typed("numeric", pd.Series(numbers + 0.0))  # -0.0 becomes 0.0: they are one value


def _looked_up(values: pa.Array, lookup: Mapping[str, float | None]) -> pd.Series:
    """The number for each text; NaN for missing."""
    return pd.Series(values.to_pylist(), dtype=object).map(lookup).astype(float)


def _floats(values: pa.Array) -> pd.Series:
    floats = values.cast(pa.float64(), safe=False)  # integers beyond 2^53 are rounded
    return pd.Series(floats.to_numpy(zero_copy_only=False))
