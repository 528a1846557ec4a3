"""Encoded values in, table positions out: which rows of the first layer's table a value uses.

A position is a pair of table rows and a weight, `(low, high, t)`: the column contributes
`(1 - t) * table[low] + t * table[high]` to the first layer. Categories, missing and unknown values
have a row of their own (`low == high`, `t == 0`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.dates import DateFormat
from slipstream.runtime.formats import NumberFormat
from slipstream.runtime.types import ColumnKind

__all__ = [
    "Column",
    "Positions",
    "locate",
    "lookup_names",
    "lookups",
    "stack",
    "table_offsets",
]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

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

    Columns of numbers own `len(edges) + 1` table rows: one per edge, then "missing".
    Categorical columns own `len(categories) + 2`: one per category, then "unknown" and "missing".
    A date or time is its instant, a number of seconds; `dates` says how it is written, and `parts`
    are what is derived from it (`date_parts.PARTS`), each a column with rows of its own.

    Args:
        format: how the column writes numbers; None: in digits, with a decimal point.
        missing: texts that stand for a missing value in this column only.
        direction: of a column under `features.monotone`: 1 if answers must never fall as it rises,
            -1 if they must never rise. It is for training; a bundle does not keep it.
    """

    name: str
    kind: ColumnKind
    allows_missing: bool
    edges: Floats | None = None
    categories: tuple[str, ...] = ()
    format: NumberFormat | None = None
    missing: tuple[str, ...] = ()
    dates: DateFormat | None = None
    parts: tuple["Column", ...] = ()
    direction: int = 0
    _edge_list: list[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
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


def lookups(columns: Sequence[Column]) -> list[Column]:
    """All that a row is looked up by: the k columns themselves, then the parts of each, (L,)."""
    return [*columns, *(part for column in columns for part in column.parts)]


def lookup_names(columns: Sequence[Column]) -> list[str]:
    """A name for each of the `lookups`: a part's ends in a blank, which no column's does."""
    own = [column.name for column in columns]
    return own + [f"{column.name}, {part.name} " for column in columns for part in column.parts]


def table_offsets(columns: Iterable[Column]) -> list[int]:
    """Where the rows of each of a model's `lookups` begin in the table."""
    return [0, *accumulate(column.rows for column in columns)][:-1]


def stack(positions: Iterable[Positions], offsets: Iterable[int]) -> Positions:
    """Join the positions of k columns into (N, k) arrays that index the whole table."""
    low, high, t = [], [], []
    for (column_low, column_high, column_t), offset in zip(positions, offsets, strict=True):
        low.append(column_low + offset)
        high.append(column_high + offset)
        t.append(column_t)
    return np.stack(low, axis=1), np.stack(high, axis=1), np.stack(t, axis=1)
