"""Raw values in, table positions out: which rows of the first layer's table a value uses.

A position is a pair of table rows and a weight, `(low, high, t)`: the column contributes
`(1 - t) * table[low] + t * table[high]` to the first layer. Categories, missing and unknown values
have a row of their own (`low == high`, `t == 0`).
"""

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.errors import InputError
from slipstream.runtime.text import quote
from slipstream.runtime.types import ColumnKind
from slipstream.runtime.values import (
    WrongValueError,
    is_missing,
    text_number,
    text_truth,
    to_number,
)

__all__ = [
    "NO_NUMBER",
    "NO_VALUE",
    "Column",
    "Positions",
    "locate",
    "stack",
    "table_offsets",
]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

# What a column may find in a table and refuse, apart from values of other types.
NO_VALUE = "none"
NO_NUMBER = "text that is not a number"

# (low, high, t): three arrays of one length.
Positions = tuple[Rows, Rows, Floats]


def locate(values: Floats, edges: Floats) -> tuple[Rows, Floats]:
    """Find the bin of each value and how far into the bin the value is.

    Values outside the edges, infinities included, saturate at the outermost edge; this departs
    from the piecewise-linear encoding of Gorishniy et al. (2022, "On Embeddings for Numerical
    Features in Tabular Deep Learning", eq. 1) on purpose.

    Args:
        values: (N,) raw values without NaN.
        edges: (B + 1,) strictly increasing.

    Returns:
        Bin indices (N,) in [0, B) and offsets t (N,) in [0, 1].
    """
    clamped = np.clip(values, edges[0], edges[-1])
    bins = np.searchsorted(edges[1:-1], clamped, side="right")
    low = edges[bins]
    return bins, (clamped - low) / (edges[bins + 1] - low)


@dataclass(frozen=True, kw_only=True)
class Column:
    """One raw column that a model reads, and its share of the first layer's table.

    Numeric and boolean columns own `len(edges) + 1` table rows: one per edge, then "missing".
    Categorical columns own `len(categories) + 2`: one per category, then "unknown" and "missing".
    """

    name: str
    kind: ColumnKind
    allows_missing: bool
    missing_markers: tuple[str, ...] = ()
    edges: Floats | None = None
    categories: tuple[str, ...] = ()
    _codes: dict[str, int] = field(init=False, repr=False, compare=False)
    _edge_list: list[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        missing = dict.fromkeys(self.missing_markers, self.missing_row)
        codes = {category: code for code, category in enumerate(self.categories)}
        object.__setattr__(self, "_codes", missing | codes)
        object.__setattr__(self, "_edge_list", [] if self.edges is None else self.edges.tolist())

    @property
    def rows(self) -> int:
        """How many rows of the first layer's table belong to this column."""
        return self.missing_row + 1

    @property
    def missing_row(self) -> int:
        """The table row, counted within the column, of a missing value."""
        return len(self.categories) + 1 if self.edges is None else len(self.edges)

    @property
    def unknown_row(self) -> int:
        """The table row, counted within the column, of a category that training did not see."""
        return len(self.categories)

    @property
    def codes(self) -> dict[str, int]:
        """The table row, counted within the column, of every category and missing marker."""
        return dict(self._codes)

    def encode(self, value: Any) -> float:
        """Encode one raw value: NaN if it is missing; for a category, its table row.

        Raises:
            InputError: the value has the wrong type, or is missing where the model's data had none.
        """
        try:
            number = self._code(value) if self.edges is None else self._number(value)
        except WrongValueError as error:
            raise self.refusal(str(error)) from None
        if not self.allows_missing and self._is_absent(number):
            raise self.refusal(NO_VALUE)
        return number

    def encode_all(self, values: Any, count: int) -> Floats:
        """Encode `count` raw values (a sequence, an array or a frame's column).

        Raises:
            InputError: as for `encode`, for any of them.
        """
        try:
            numbers = self._encode_each(values, count)
        except WrongValueError:
            raise self._first_refusal(values) from None
        if not self.allows_missing:
            absent = self._is_absent(numbers)
            if absent.any():
                raise self.refusal(NO_VALUE, absent)
        return numbers

    def encode_absent(self, count: int) -> Floats:
        """Encode `count` values of a column that the table lacks."""
        return np.full(count, self.missing_row if self.edges is None else math.nan, np.float64)

    def refusal(self, found: str, rows: NDArray[np.bool_] | None = None) -> InputError:
        """The error for a value that the column does not accept.

        Args:
            found: `NO_VALUE`, `NO_NUMBER`, or another description of the value.
            rows: which rows of a table (N,) have it; None if there is only one row.
        """
        rule, way_out = self._rule(found)
        where, more = "it has", ""
        if rows is not None:
            where = f"row {int(np.argmax(rows)) + 1} has"
            more = f" ({int(rows.sum()):,} such rows)" if rows.sum() > 1 else ""
        return InputError(
            f"column {quote(self.name)} {rule}, however: {where} {found}{more}; {way_out}"
        )

    def locate(self, numbers: Floats) -> Positions:
        """Locate encoded values in this column's part of the table: three arrays (N,)."""
        if self.edges is None:
            codes = numbers.astype(np.int64)
            return codes, codes, np.zeros(len(codes))
        absent = np.isnan(numbers)
        if not absent.any():
            bins, t = locate(numbers, self.edges)
            return bins, bins + 1, t
        bins, t = locate(np.where(absent, self.edges[0], numbers), self.edges)
        low = np.where(absent, self.missing_row, bins)
        high = np.where(absent, self.missing_row, bins + 1)
        return low, high, np.where(absent, 0.0, t)

    def locate_one(self, number: float, start: int) -> tuple[int, int, float]:
        """Locate one encoded value in a table where this column's part begins at `start`.

        The same result as from `locate`, without the cost of arrays.
        """
        if self.edges is None or number != number:
            row = start + (self.missing_row if number != number else int(number))
            return row, row, 0.0
        edges = self._edge_list
        clamped = min(max(number, edges[0]), edges[-1])
        low = bisect_right(edges, clamped, 1, len(edges) - 1) - 1
        t = (clamped - edges[low]) / (edges[low + 1] - edges[low])
        return start + low, start + low + 1, t

    def _encode_each(self, values: Any, count: int) -> Floats:
        if self.edges is None:
            return np.fromiter(map(self._code, values), np.float64, count)
        if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
            return values.astype(np.float64)
        return np.fromiter(map(self._number, values), np.float64, count)

    def _number(self, value: Any) -> float:
        if type(value) is float:
            return value
        if isinstance(value, str):
            return self.number(value.strip())
        return math.nan if is_missing(value) else to_number(value)

    def number(self, text: str) -> float:
        """Parse stripped text of a numeric or boolean column: NaN if it means missing.

        Raises:
            WrongValueError: it is not a number.
        """
        if text in self._codes:
            return math.nan
        number = text_number(text)
        if number is None and self.kind == "boolean":
            number = text_truth(text)
        if number is None:
            raise WrongValueError(NO_NUMBER)
        return number

    def _code(self, value: Any) -> float:
        if isinstance(value, str):
            code = self._codes.get(value)
            if code is None:
                code = self._codes.get(value.strip(), self.unknown_row)
            return float(code)
        if is_missing(value):
            return float(self.missing_row)
        raise WrongValueError(f"a value of type {type(value).__name__}")

    def _is_absent(self, numbers: Any) -> Any:
        return numbers == self.missing_row if self.edges is None else numbers != numbers

    def _first_refusal(self, values: Any) -> InputError:
        """The error for the first wrong value; it counts those that are wrong in the same way."""
        found = [self._wrong(value) for value in values]
        first = next(filter(None, found))
        return self.refusal(first, np.array([each == first for each in found]))

    def _wrong(self, value: Any) -> str:
        """Describe a value of the wrong type or form; empty if it is right or missing."""
        try:
            self._encode_each([value], 1)
        except WrongValueError as error:
            return str(error)
        return ""

    def _rule(self, found: str) -> tuple[str, str]:
        """The rule that is broken, and a way out that breaks no other."""
        if found == NO_VALUE:
            rule = "must have a value, because the model's data had none missing"
            return (
                rule,
                f"fill it in, or train on data where {quote(self.name)} is missing sometimes",
            )
        empty = ", or leave it empty" if self.allows_missing else ""
        if self.edges is None:
            return "must be a string (it is categorical)", f"convert it to text{empty}"
        if self.kind == "boolean":
            return "must be true or false", f"write true, false, 1 or 0{empty}"
        if found == NO_NUMBER:
            return "must be a number", f"write it in digits, such as 1234.5{empty}"
        return "must be a number", f"convert it to one{empty}"


def table_offsets(columns: Iterable[Column]) -> list[int]:
    """Where each column's rows begin in the table."""
    return [0, *accumulate(column.rows for column in columns)][:-1]


def stack(positions: Iterable[Positions], offsets: Iterable[int]) -> Positions:
    """Join the positions of k columns into (N, k) arrays that index the whole table."""
    low, high, t = [], [], []
    for (column_low, column_high, column_t), offset in zip(positions, offsets, strict=True):
        low.append(column_low + offset)
        high.append(column_high + offset)
        t.append(column_t)
    return np.stack(low, axis=1), np.stack(high, axis=1), np.stack(t, axis=1)
