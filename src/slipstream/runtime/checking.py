"""What a table holds that a model does not know: counted, and not refused."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.column_reader import ColumnReader
from slipstream.runtime.columns import Column
from slipstream.runtime.errors import InputError
from slipstream.runtime.rows import RowReader
from slipstream.runtime.text import listing, quote

__all__ = ["CheckReport", "ColumnReport", "check"]


@dataclass(frozen=True, kw_only=True)
class ColumnReport:
    """How many values of one column are which.

    Attributes:
        name: the column.
        absent: the table lacks it; then all values are missing.
        missing: values that are missing.
        allows_missing: whether the model accepts them.
        unknown: categories that training did not see.
        outside: numbers below the least or above the greatest that training saw.
        wrong: values of the wrong type or form, which the model refuses.
    """

    name: str
    absent: bool
    missing: int
    allows_missing: bool
    unknown: int
    outside: int
    wrong: int

    def findings(self, rows: int) -> Iterator[str]:
        """What there is to say, as phrases."""
        refused = "" if self.allows_missing else ", and must not be"
        if self.absent:
            yield f"not in the table{refused}"
        elif self.missing:
            yield f"{self.missing:,} of {rows:,} missing{refused}"
        if self.wrong:
            yield f"{self.wrong:,} of the wrong type or form"
        if self.unknown:
            yield f"{self.unknown:,} of a category that training did not see"
        if self.outside:
            yield f"{self.outside:,} outside what training saw"


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What a table holds that a model does not know; as text, a line for each column that has it.

    Attributes:
        rows: how many the table has.
        columns: those that the model reads, in order.
        extra: names of the table's other columns, which are ignored.
    """

    rows: int
    columns: tuple[ColumnReport, ...]
    extra: tuple[str, ...]

    @property
    def absent(self) -> tuple[str, ...]:
        """Names of the columns that the table lacks."""
        return tuple(column.name for column in self.columns if column.absent)

    @property
    def is_refused(self) -> bool:
        """Whether the model refuses the table: a value is wrong, or missing and must not be."""
        return any(
            column.wrong or (column.missing and not column.allows_missing)
            for column in self.columns
        )

    def __str__(self) -> str:
        found = {each.name: "; ".join(each.findings(self.rows)) for each in self.columns}
        lines = [f"column {quote(name)}: {said}" for name, said in found.items() if said]
        lines = lines or ["all values are like those that training saw"] * bool(self.rows)
        extra = [f"not read: {listing(self.extra)}"] * bool(self.extra)
        rows = f"{self.rows:,} row{'s' * (self.rows != 1)}"
        columns = f"{len(self.columns):,} column{'s' * (len(self.columns) != 1)} read"
        return "\n".join([f"{rows}, {columns}", *lines, *extra])


def check(bundle: Bundle, table: Any) -> CheckReport:
    """Count what a table holds that a bundle's model does not know.

    Raises:
        InputError: it is not a table, or none of its columns is the model's.
    """
    lenient = tuple(replace(column, allows_missing=True) for column in bundle.columns)
    reader = RowReader(replace(bundle, columns=lenient))
    opened = reader.open(table)
    given = zip(bundle.columns, reader.columns, opened.columns, strict=True)
    read = {column.name for column in bundle.columns}
    return CheckReport(
        rows=opened.rows,
        columns=tuple(_report(*each, opened.rows) for each in given),
        extra=tuple(str(name) for name in opened.names or () if name not in read),
    )


def _report(column: Column, reader: ColumnReader, values: Any, rows: int) -> ColumnReport:
    wrong = 0
    if values is None:
        numbers = reader.encode_absent(rows)
    else:
        numbers, wrong = _encoded(reader, values, rows)
    is_missing = numbers == column.missing_row if column.edges is None else np.isnan(numbers)
    unknown = outside = 0
    if column.edges is None:
        unknown = int((numbers == column.unknown_row).sum())
    else:
        outside = int(((numbers < column.edges[0]) | (numbers > column.edges[-1])).sum())
    return ColumnReport(
        name=column.name,
        absent=values is None,
        missing=int(is_missing.sum()),
        allows_missing=column.allows_missing,
        unknown=unknown,
        outside=outside,
        wrong=wrong,
    )


def _encoded(reader: ColumnReader, values: Any, rows: int) -> tuple[NDArray[np.float64], int]:
    """The numbers (R,) of values that are right or missing, and how many others there are."""
    try:
        return reader.encode_all(values, rows), 0
    except InputError:
        numbers = []
        for value in values:
            try:
                numbers.append(reader.encode(value))
            except InputError:
                continue
        return np.array(numbers, np.float64), rows - len(numbers)
