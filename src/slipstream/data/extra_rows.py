"""Rows of a table of text that are not data: headers within it, and sums below it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from slipstream.data.cells import is_text
from slipstream.data.texts import plain_numbers
from slipstream.runtime.values import means_missing

__all__ = ["without_extra_rows"]

LEAST_ROWS = 20  # of a table, to tell what is usual in its columns
SAMPLE = 200  # rows that show whether a column holds digits
MOST_HEADERS, MOST_SUMS = 3, 3  # rows above and below the data
EQUAL = 1e-6  # of a sum, which may be rounded
_SUM = re.compile(
    r"((grand |sub)?totals?|sums?|summe|gesamt(summe)?|total général|somme|suma|totale|totaal|"
    r"averages?|avg|mean|mittelwert|durchschnitt|moyenne|promedio|media)\W*",
    re.IGNORECASE,
)
_DIGIT, _WORD = re.compile(r"\d"), re.compile(r"[^\W\d_]{4}")


@dataclass(frozen=True)
class _Column:
    """The cells (N,) of a column, and whether all that say something have digits, and no word."""

    cells: pa.Array
    has_digits: bool

    def once(self, row: int) -> bool:
        """Whether the cell of a row says something that no other row does."""
        cell = self.cells[row].as_py()
        return not means_missing(cell) and pc.sum(pc.equal(self.cells, cell)).as_py() == 1

    @property
    def repeats(self) -> bool:
        """Whether its values are few, as categories are."""
        return 2 * len(self.cells.unique()) < len(self.cells)


def without_extra_rows(table: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    """A raw table without rows that are not data, and notes on them.

    These are rows that repeat the header, as joined files have; a first row of units, types or
    labels between the header and the data; and sums or means at the end.
    """
    if not all(is_text(kind) for kind in table.schema.types):
        return table, ()
    kept, notes = _without_headers(table)
    if len(kept) < LEAST_ROWS:
        return kept, notes
    columns = [_column(kept.column(name).combine_chunks()) for name in kept.column_names]
    headers, columns = _strip(columns, _is_second_header, slice(1, None), MOST_HEADERS)
    sums, _ = _strip(columns, _ends_in_sum, slice(None, -1), MOST_SUMS)
    rows = kept.slice(headers, len(kept) - headers - sums)
    return rows, (*notes, *_header_notes(headers), *_sum_notes(sums))


def _strip(
    columns: list[_Column], is_extra: Callable[[list[_Column]], bool], rest: slice, most: int
) -> tuple[int, list[_Column]]:
    """How many rows at one end are not data, up to `most`; the columns without them."""
    count = 0
    while count < most and is_extra(columns):
        columns = [_Column(each.cells[rest], each.has_digits) for each in columns]
        count += 1
    return count, columns


def _header_notes(count: int) -> list[str]:
    rows, are = ("row has", "is") if count == 1 else (f"{count} rows have", "are")
    note = f"the first {rows} text above numbers, as a second header has, and {are} ignored"
    return [note] * bool(count)


def _sum_notes(count: int) -> list[str]:
    rows = (
        "row holds a sum or mean and is"
        if count == 1
        else f"{count} rows hold sums or means and are"
    )
    return [f"the last {rows} ignored"] * bool(count)


def _without_headers(table: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    is_header = np.ones(len(table), dtype=bool)
    for name in table.column_names:
        cells = pc.utf8_lower(pc.utf8_trim_whitespace(table.column(name)).fill_null(""))
        is_header &= pc.equal(cells, name.lower()).to_numpy()
        if not is_header.any():
            return table, ()
    count, first = int(is_header.sum()), int(is_header.argmax()) + 1
    repeat = "row repeats the header and is" if count == 1 else "rows repeat the header and are"
    note = f"{count:,} {repeat} ignored (the first is row {first})"
    return table.filter(pa.array(~is_header)), (note,)


def _column(cells: pa.Array) -> _Column:
    cells = cells.cast(pa.string()).fill_null("")
    said = [
        cell
        for cell in cells[MOST_HEADERS : SAMPLE + MOST_HEADERS].to_pylist()
        if not means_missing(cell)
    ]
    return _Column(cells, bool(said) and not any(map(_is_label, said)))


def _is_label(cell: str) -> bool:
    """Whether a cell can be no amount, because it has a word or no digits."""
    return _WORD.search(cell) is not None or _DIGIT.search(cell) is None


def _is_amount(cell: str) -> bool:
    """Whether a cell begins with digits, and has no word."""
    return re.match(r"\W*\d", cell) is not None and _WORD.search(cell) is None


def _is_second_header(columns: list[_Column]) -> bool:
    """Whether the first row has words or nothing above columns of digits, and nothing recurs."""
    firsts = ((column.cells[0].as_py(), column) for column in columns)
    said = [(cell, column) for cell, column in firsts if not means_missing(cell)]
    above = [cell for cell, column in said if column.has_digits]
    if not above or any(_is_amount(cell) for cell in above):
        return False
    if not all(column.once(0) for _, column in said):
        return False
    return len(above) > 1 or any(column.repeats for _, column in said if not column.has_digits)


def _ends_in_sum(columns: list[_Column]) -> bool:
    """Whether the last row is called a sum and is half empty, or holds the sums above it."""
    last = len(columns[0].cells) - 1
    cells = [column.cells[last].as_py() for column in columns]
    equal = sum(_is_sum(column.cells) for column in columns if column.has_digits)
    called = any(
        _SUM.fullmatch(cell) and column.once(last)
        for cell, column in zip(cells, columns, strict=True)
    )
    return equal > 1 or (called and (equal == 1 or 3 * cells.count("") >= len(cells)))


def _is_sum(cells: pa.Array) -> bool:
    """Whether the last cell is the sum of the others, and larger than each of them."""
    (last,) = plain_numbers(cells[-1:].to_pylist())
    sample = plain_numbers(cells[:-1][:SAMPLE].to_pylist())
    if last <= np.nanmax(np.abs(sample), initial=0):
        return False  # seen without a look at all of them
    above = plain_numbers(cells[:-1].to_pylist())
    total = float(np.nansum(above))
    return math.isclose(last, total, rel_tol=EQUAL) and last > np.nanmax(above, initial=0)
