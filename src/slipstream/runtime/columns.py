"""Raw values in, table positions out: where in the first layer's table a value of a column lies.

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

__all__ = ["Column", "Positions", "locate", "stack", "table_offsets"]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

# (low, high, t): three arrays of one length.
Positions = tuple[Rows, Rows, Floats]


def locate(values: Floats, edges: Floats) -> tuple[Rows, Floats]:
    """Find the bin of each value and how far into it the value lies.

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

    Numeric and boolean columns own `len(edges) + 1` table rows: one an edge, then "missing".
    Categorical columns own `len(categories) + 2`: one a category, then "unknown" and "missing".
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
        """One raw value as a number: NaN where it is missing; of a category, its table row.

        Raises:
            InputError: the value has the wrong type, or is missing where the model's data had none.
        """
        if self.edges is None:
            code = self._code(value)
            self._check_missing(code == self.missing_row)
            return float(code)
        number = self._number(value)
        self._check_missing(number != number)
        return number

    def encode_all(self, values: Any, count: int) -> Floats:
        """Encode `count` raw values (a sequence, an array or a frame's column; None: all missing).

        Raises:
            InputError: as `encode`, for any of them.
        """
        if values is None:
            values = [None] * count
        if self.edges is None:
            codes = np.fromiter((self._code(value) for value in values), np.float64, count)
            self._check_missing(codes == self.missing_row)
            return codes
        numbers = self._numbers(values, count)
        self._check_missing(np.isnan(numbers))
        return numbers

    def locate(self, numbers: Floats) -> Positions:
        """Where encoded values lie in this column's part of the table: three arrays (N,)."""
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
        """Where one encoded value lies in a table in which this column's part begins at `start`.

        It is what `locate` answers, without the cost of arrays.
        """
        if self.edges is None or number != number:
            row = start + (self.missing_row if number != number else int(number))
            return row, row, 0.0
        edges = self._edge_list
        clamped = min(max(number, edges[0]), edges[-1])
        low = bisect_right(edges, clamped, 1, len(edges) - 1) - 1
        t = (clamped - edges[low]) / (edges[low + 1] - edges[low])
        return start + low, start + low + 1, t

    def _numbers(self, values: Any, count: int) -> Floats:
        if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
            return values.astype(np.float64)
        return np.fromiter((self._number(value) for value in values), np.float64, count)

    def _number(self, value: Any) -> float:
        if type(value) is float:
            return value
        if _is_missing(value) or (isinstance(value, str) and value.strip() in self._codes):
            return math.nan
        try:
            if not _is_number(value):
                raise TypeError
            try:
                return float(value)
            except OverflowError:  # an int beyond float's range saturates like an infinity
                return math.inf if value > 0 else -math.inf
        except (TypeError, ValueError):
            raise self._wrong_type("a number", value) from None

    def _code(self, value: Any) -> int:
        if isinstance(value, str):
            code = self._codes.get(value)
            if code is None:
                code = self._codes.get(value.strip(), self.unknown_row)
            return code
        if _is_missing(value):
            return self.missing_row
        raise self._wrong_type("a string (it is categorical)", value)

    def _wrong_type(self, expected: str, value: Any) -> InputError:
        return InputError(
            f"column {quote(self.name)} must be {expected}, however: a value of type "
            f"{type(value).__name__}; convert the column before predicting"
        )

    def _check_missing(self, absent: NDArray[np.bool_] | bool) -> None:
        if self.allows_missing or not np.any(absent):
            return
        raise InputError(
            f"column {quote(self.name)} must have a value, because the model's data had none "
            f"missing, however: row {int(np.argmax(absent)) + 1} has none; fill it in, or train on "
            f"data where {quote(self.name)} is sometimes missing"
        )


def _is_missing(value: Any) -> bool:
    """None, NaN, numpy's masked, and pandas' missing values, which this package does not import."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _is_number(value: Any) -> bool:
    """Whether `float` reads a number, where it reads anything: it also takes what is none.

    Text, bytes and every other buffer it would parse; of numpy it takes dates of nanoseconds, raw
    memory, and complex numbers without their imaginary part.
    """
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, np.dtype):
        return dtype.kind in "fiub"
    return hasattr(value, "__float__") or hasattr(value, "__index__")


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
