"""What each raw column is: inferred once, at ingest, or as `data.types` says; and recorded."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from slipstream.artifacts.references import ColumnSchema
from slipstream.config.data import ColumnType
from slipstream.data.cells import DELIMITER, is_supported, is_text
from slipstream.data.columns import (
    MOST_SLIPS,
    NumberParts,
    RawColumn,
    Typed,
    UnusableError,
    as_category,
    as_numbers,
    as_truths,
    holds_codes,
    missing_notes,
    number_parts,
)
from slipstream.data.date_hints import hint_at_dates
from slipstream.data.dates import Dates, NotDatesError, find_dates, read_dates
from slipstream.data.identifiers import group_hint, why_identifier
from slipstream.data.numbers import Evidence, code_reason, is_telephone
from slipstream.data.sentinels import sentinel_note
from slipstream.data.temporal import is_temporal
from slipstream.data.text_hints import hint_at_content
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote
from slipstream.runtime.values import MISSING_MARKERS

__all__ = ["Inferred", "infer", "raw_columns", "type_column"]

# Text of which at most this share is neither a number nor means missing holds numbers: MAX_SLIPS
# where the numbers are few, which might be codes of categories, MAX_WORDS where they are many.
MAX_SLIPS = 0.01
MAX_WORDS = 0.1
FEW_NUMBERS = 20
MOSTLY = 0.5  # the share of numbers that is worth a note where a column is text


@dataclass(frozen=True)
class Inferred:
    """The usable columns of a table.

    `frame` has numbers, booleans and durations as float64 with NaN for missing, dates as datetime64
    in microseconds, categories as trimmed text; `warnings` has a line for each column left out, and
    for what was assumed of others; `identifiers` are those that identify rows, and those that
    `data.types` leaves out.
    """

    frame: pd.DataFrame
    columns: tuple[ColumnSchema, ...]
    warnings: tuple[str, ...]
    identifiers: tuple[str, ...]


def infer(
    table: pa.Table,
    keep: Collection[str] = (),
    types: Mapping[str, ColumnType] = MappingProxyType({}),
    markers: Sequence[str] = MISSING_MARKERS,
) -> Inferred:
    """Type the columns of a raw table and leave out those that no model can use.

    Args:
        table: the raw columns without the target.
        keep: names of those that are not left out if they identify rows.
        types: what columns are, where it is not to be inferred.
        markers: the texts that mean missing in every column.

    Raises:
        InputError: a number is infinite, a column is not what `types` says, or none is usable.
    """
    columns: dict[str, Typed] = {}
    warnings: list[str] = []
    identifiers = [name for name in table.column_names if types.get(name) in LEFT_OUT]
    for raw in raw_columns(table, markers):
        name, wanted = raw.name, types.get(raw.name)
        try:
            typed = type_column(raw, wanted)
            if why := why_identifier(name, raw.cells, typed.series):
                identifiers.append(name)
                if wanted is None and name not in keep:
                    raise UnusableError("; ".join((f"{why} (data.keep keeps it)", *typed.notes)))
        except UnusableError as reason:
            warnings.append(f"column {quote(name)} is left out: {reason}")
            continue
        hint = "" if name in keep or name in types else group_hint(name, typed.series)
        notes = (*typed.notes, *[hint] * bool(hint))
        warnings += [f"column {quote(name)}: {note}" for note in notes]
        columns[name] = typed
    if not columns:
        raise InputError(
            "a table must have a column to learn from, however: none is usable:\n  "
            + "\n  ".join(warnings or ["it has only the target"])
            + "\nadd a column that describes the rows"
        )
    frame = pd.DataFrame({name: typed.series for name, typed in columns.items()})
    schema = tuple(_schema(name, typed) for name, typed in columns.items())
    return Inferred(frame, schema, tuple(warnings), tuple(identifiers))


def _schema(name: str, typed: Typed) -> ColumnSchema:
    """How the predictor is to read the column."""
    return ColumnSchema(
        name=name,
        kind=typed.kind,
        format=typed.format,
        missing=typed.missing,
        dates=typed.dates,
    )


def raw_columns(table: pa.Table, markers: Sequence[str]) -> list[RawColumn]:
    """The columns, each with what all of them show about how numbers are written."""

    @cache
    def evidence() -> Evidence:
        texts = [each for each in columns if is_text(each.cells.type) and not each.is_marked]
        decimals = {each.forms.decimal for each in texts if not each.forms.is_open} - {""}
        delimiter = (table.schema.metadata or {}).get(DELIMITER, b"").decode()
        return Evidence(decimals, delimiter)

    columns = [
        RawColumn(name, table.column(name).combine_chunks(), markers, evidence)
        for name in table.column_names
    ]
    return columns


def type_column(column: RawColumn, wanted: ColumnType | None) -> Typed:
    """Read a column as what `wanted` says, or as what it holds.

    Raises:
        UnusableError: no model can use it.
        InputError: a number is infinite, or the column is not what `wanted` says.
    """
    if wanted in LEFT_OUT:
        raise UnusableError(LEFT_OUT[wanted])
    values = column.cells
    if values.null_count == len(values):
        raise UnusableError("it has no values")
    if not values.null_count and _is_constant(values):
        raise UnusableError("it is constant")
    if wanted is not None:
        return READERS[wanted](column)
    typed = _guess(column)
    hint = hint_at_dates(column, typed)
    return replace(typed, notes=(*typed.notes, *[hint] * bool(hint)))


def _guess(column: RawColumn) -> Typed:
    """Infer what a column holds from its type and its values."""
    values = column.cells
    if column.is_marked and not pt.is_boolean(values.type):
        return _guess_marked(column)
    if dates := find_dates(column.name, values):
        return _as_typed(column, dates)
    if is_text(values.type):
        return as_truths(column) or _guess_text(column)
    if pt.is_boolean(values.type):
        return Typed("boolean", as_numbers(column).series)
    if holds_codes(values):
        why = "its whole numbers are above 2^53, where floats no longer tell them apart"
        return _codes(column, why)
    return _checked(as_numbers(column))


def _guess_marked(column: RawColumn) -> Typed:
    """Categories, as the file says, unless they are dates, or numbers that hardly repeat.

    Some programs mark every column, because the file is smaller then.
    """
    values = column.cells
    distinct, present = len(values.unique()), len(values) - values.null_count
    vary = distinct >= FEW_NUMBERS and 2 * distinct > present
    if not (vary or is_temporal(values.type) or (is_text(values.type) and find_dates("", values))):
        return as_category(column)
    typed = _guess(replace(column, written=values))
    if typed.kind == "categorical":
        return typed
    what = "dates" if typed.kind == "datetime" else "numbers that hardly repeat"
    note = f"the file marks it as categories, but it holds {what}, and is read as such"
    return replace(typed, notes=(note, *typed.notes))


def _guess_text(column: RawColumn) -> Typed:
    parts = number_parts(column)
    texts = column.texts
    if not _are_numbers(column, parts):
        return _words(column, parts)
    numbers = texts.only(parts.is_number)
    if parts.form is None:
        why = code_reason(numbers, parts.numbers[parts.is_number])
    else:
        phone = is_telephone(numbers, parts.form)
        why = "all are grouped by blanks alike, as telephone numbers are" if phone else ""
    if why:
        return _codes(column, why)
    return _checked(as_numbers(column, parts))


def _are_numbers(column: RawColumn, parts: NumberParts) -> bool:
    """Whether all but slips are numbers, apart from what means missing."""
    texts = column.texts
    rest = texts.present - texts.count(parts.is_marker)
    if not parts.is_number.any() or parts.is_slip.sum() > MOST_SLIPS:
        return False
    most = MAX_WORDS if parts.distinct > FEW_NUMBERS else MAX_SLIPS
    return texts.count(parts.is_slip) <= most * rest


def _words(column: RawColumn, parts: NumberParts) -> Typed:
    """Read text as categories, and say so where much of it is numbers."""
    texts = column.texts
    share = texts.share(parts.is_number)
    if share < MOSTLY:
        return as_category(column, hint_at_content(column))
    currencies = len(column.forms.currencies)
    if currencies > 1:
        why = f"its amounts are in {currencies} currencies (the first that differs is"
        way_out = "write them in one, or each currency in a column of its own"
    else:
        why = f"{100 * (1 - share):.2g} % of its values are not numbers (the first is"
        way_out = "name what means missing in data.missing, or what the column is in data.types"
    first = texts.first_row(parts.is_slip if parts.is_slip.any() else ~parts.is_number)
    note = f"{why} in row {first}), so it is read as text; {way_out}"
    return as_category(column, [note])


def _codes(column: RawColumn, why: str) -> Typed:
    """Read numbers as categories, because they are codes."""
    return as_category(column, [f"its numbers are read as text, because {why}"])


def _checked(typed: Typed) -> Typed:
    """Point out a number that may stand for a missing value."""
    sentinel = sentinel_note(typed.series.to_numpy(np.float64))
    return replace(typed, notes=(*typed.notes, *[sentinel] * bool(sentinel)))


def _is_constant(values: pa.Array) -> bool:
    try:
        return len(pc.unique(values)) == 1
    except pa.ArrowNotImplementedError:  # nested types
        return False


def _as_wanted_numbers(column: RawColumn) -> Typed:
    kind = column.cells.type
    if not is_supported(kind):
        raise _refusal(column, "numeric", f"its type is {kind}")
    if not is_text(kind):
        return as_numbers(column)
    parts = number_parts(column)
    if parts.is_slip.any():
        count = column.texts.count(parts.is_slip)
        first = column.texts.first_row(parts.is_slip)
        raise _refusal(
            column, "numeric", f"row {first} has text that is not a number ({count:,} such rows)"
        )
    return as_numbers(column, parts)


def _as_wanted_category(column: RawColumn) -> Typed:
    if not is_supported(column.cells.type):
        raise _refusal(column, "category", f"its type is {column.cells.type}")
    return as_category(column)


def _as_wanted_dates(column: RawColumn) -> Typed:
    try:
        return _as_typed(column, read_dates(column.name, column.cells))
    except NotDatesError as reason:
        raise _refusal(column, "datetime", str(reason)) from None


def _as_typed(column: RawColumn, dates: Dates) -> Typed:
    """Dates or durations; or, where text is dates in several orders, categories with a note."""
    if dates.kind == "categorical":
        return as_category(column, dates.notes)
    notes = (*dates.notes, *missing_notes(column.markers, {}, len(column.cells.drop_null())))
    return Typed(dates.kind, dates.series, notes, missing=dates.missing, dates=dates.form)


def _refusal(column: RawColumn, wanted: ColumnType, fact: str) -> InputError:
    return InputError(
        f"column {quote(column.name)} must be what data.types says, {wanted}, however: {fact}; "
        "change the data or the type, or name what means missing in data.missing"
    )


LEFT_OUT: Mapping[str | None, str] = {
    "text": "data.types says that it is free text",
    "id": "data.types says that it identifies rows",
    "ignore": "data.types says so",
}

# How a column is read whose type `data.types` gives.
READERS: Mapping[str, Callable[[RawColumn], Typed]] = {
    "numeric": _as_wanted_numbers,
    "category": _as_wanted_category,
    "datetime": _as_wanted_dates,
}
