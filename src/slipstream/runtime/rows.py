"""Raw rows and tables of any kind, read in the order of a model's columns."""

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.column_reader import ColumnReader
from slipstream.runtime.columns import lookups
from slipstream.runtime.date_parts import derive, derive_one
from slipstream.runtime.errors import AbsentColumnWarning, InputError
from slipstream.runtime.frames import Frame, unmasked
from slipstream.runtime.text import did_you_mean, listing, repeated

__all__ = ["Opened", "RowReader", "check_names_differ"]

# Iterable types that are not rows.
_NOT_ROWS = (str, bytes, bytearray, memoryview, np.void, Set)


# Reads the dates of a column, an array, from a row on into all numbers (L, N), with their parts;
# gives the first row that it cannot read.
ReadDates = Callable[[int, NDArray[Any], NDArray[np.float64], int], int]


@dataclass(frozen=True)
class Opened:
    """A table taken apart.

    `columns` has the raw values of each of the model's columns, None for one that is absent;
    `names` are those of all its columns, None if they have none; `named_rows` are its rows, if some
    are mappings.
    """

    columns: list[Any]
    rows: int
    names: list[Any] | None = None
    named_rows: Sequence[Any] = ()


class RowReader:
    """Reads rows and tables for a bundle; `columns` reads the values of each of its columns.

    `read_dates` is the compiled predictor's, if there is one.
    """

    read_dates: ReadDates | None = None

    def __init__(self, bundle: Bundle) -> None:
        self.columns = [ColumnReader(each, bundle.missing_markers) for each in bundle.columns]
        self._names = [column.name for column in bundle.columns]
        self._has_warned = False  # of absent columns
        # What is derived from a column, and where it begins among a row's numbers.
        starts = accumulate((len(each.parts) for each in bundle.columns), initial=len(self._names))
        self._parts = {
            index: (start, [part.name for part in column.parts])
            for index, (column, start) in enumerate(zip(bundle.columns, starts, strict=False))
            if column.parts
        }
        self._width = len(lookups(bundle.columns))

    def encode_one(self, row: Any) -> list[float]:
        """Turn one raw row into L numbers: NaN for missing, a category's row in its column.

        The k columns come first, then what is derived from dates.

        Raises:
            InputError: a value has the wrong type, or is missing where the model's data had none.
        """
        values = self.one(row)
        try:
            numbers = [column.encode(value) for column, value in zip(self.columns, values)]  # noqa: B905 - checked
        except InputError:
            if _has_names(type(row)):
                self._check_present(row, "the row")
            raise
        for index, (_, parts) in self._parts.items():
            numbers += derive_one(numbers[index], parts)
        return numbers

    def encode(self, table: Any, *, strict: bool = False) -> NDArray[np.float64]:
        """Turn a raw table into numbers, (N, L), as `encode_one` does.

        Raises:
            InputError: the shape or a value is wrong, or a column is absent that must not be: if
                `strict`, any.
        """
        raw, count = self.table(table, strict=strict)
        numbers = np.empty((self._width, count))
        for index, values in enumerate(raw):
            self._encode_column(index, values, numbers)
        return numbers.T

    def _encode_column(self, index: int, values: Any, numbers: NDArray[np.float64]) -> None:
        """Write one column's numbers, and those of its parts, into all numbers (L, N)."""
        column, count = self.columns[index], numbers.shape[1]
        if values is None:
            numbers[index] = column.encode_absent(count)
        elif self.read_dates is not None and column.column.dates is not None and _is_native(values):
            self._read_natively(self.read_dates, index, values, numbers)
            return
        else:
            numbers[index] = column.encode_all(values, count)
        start, parts = self._parts.get(index, (0, []))
        for place, part in enumerate(derive(numbers[index], parts), start):
            numbers[place] = part

    def _read_natively(
        self, read: ReadDates, index: int, values: NDArray[Any], numbers: NDArray[np.float64]
    ) -> None:
        """Read dates by the compiled predictor; only what it cannot read, one by one here."""
        column, count = self.columns[index], numbers.shape[1]
        start, parts = self._parts.get(index, (0, []))
        row = read(index, values, numbers, 0)
        while row < count:
            try:
                number = column.encode(values[row])
            except InputError:
                column.encode_all(values, count)  # raises, and names the rows
                raise
            numbers[index, row] = number
            numbers[start : start + len(parts), row] = derive_one(number, parts)
            row = read(index, values, numbers, row + 1)

    def one(self, row: Any) -> list[Any]:
        """The k raw values of a row; None for each key that a mapping lacks."""
        if _has_names(type(row)):
            return [row.get(name) for name in self._names]
        try:
            if isinstance(row, _NOT_ROWS):
                raise TypeError
            values = list(row)
        except TypeError:
            raise InputError(
                "a row must be a dict of raw values, or a sequence of them, however: "
                f"{type(row).__name__}; name the values, as in {{{self._names[0]!r}: …}}"
            ) from None
        self._check_width(len(values), "give a dict to name them")
        return values

    def table(self, table: Any, *, strict: bool = False) -> tuple[list[Any], int]:
        """The raw values of each column (None: absent, and allowed to be), and how many rows.

        Columns that are allowed to be absent are warned of once, or refused if `strict`.

        Raises:
            InputError: the shape is wrong, or a column is absent that must not be.
        """
        opened = self.open(table)
        for number, row in self._lacking(opened):
            self._check_present(row, f"row {number}")
        if opened.names is not None and not opened.named_rows:
            self._check_present(opened.names, "the table")
        absent = [
            name for name, values in zip(self._names, opened.columns, strict=True) if values is None
        ]
        if absent:
            self._report_absent(absent, strict)
        return opened.columns, opened.rows

    def _lacking(self, opened: Opened) -> Iterator[tuple[int, Any]]:
        """The rows that are mappings and may lack a column that must have a value; from 1."""
        required = [
            values
            for reader, values in zip(self.columns, opened.columns, strict=True)
            if not reader.column.allows_missing
        ]
        for number, row in enumerate(opened.named_rows):
            is_lacking = any(values is None or values[number] is None for values in required)
            if is_lacking and _has_names(type(row)):
                yield number + 1, row

    def open(self, table: Any) -> Opened:
        """Take a table apart, whatever is absent from it.

        Raises:
            InputError: the shape is wrong, or no column is the model's.
        """
        frame = Frame.of(table)
        if frame is not None:
            return self._open_frame(frame)
        if isinstance(table, np.ma.MaskedArray):
            array = unmasked(table)
        else:
            rows = _listed(table)
            if rows is not None and (not rows or any(map(_has_names, set(map(type, rows))))):
                return self._open_rows(rows)
            array = _as_array(table if rows is None else rows)
        if array.ndim != 2:
            raise InputError(
                "a table must be a frame, a list of rows, or an array of shape (rows, columns), "
                f"however: {_shown(table, array)}; give one row to predict_one, several as a list"
            )
        self._check_width(array.shape[1], "give a frame or dicts to name them")
        return Opened(list(array.T), len(array))

    def _open_rows(self, rows: Sequence[Any]) -> Opened:
        """The columns of rows of which some, or all, are mappings: each is read as by `one`."""
        read = [self.one(row) for row in rows]
        if not read:
            return Opened([()] * len(self._names), 0)
        columns: list[Any] = list(zip(*read, strict=True))
        if not all(_has_names(type(row)) for row in rows):
            return Opened(columns, len(rows), None, rows)
        there = dict.fromkeys(chain.from_iterable(map(_keys, rows)))
        self._check_names(list(there))
        columns = [
            values if name in there else None
            for name, values in zip(self._names, columns, strict=True)
        ]
        return Opened(columns, len(rows), list(there), rows)

    def _open_frame(self, frame: Frame) -> Opened:
        names = list(frame.names)
        there = set(names)
        if len(there) < len(names):
            check_names_differ(names, self._names)
        self._check_names(names)
        columns = [
            frame.column(each.column.name, each.column.kind) if each.column.name in there else None
            for each in self.columns
        ]
        return Opened(columns, frame.rows, names)

    def _check_names(self, names: Sequence[Any]) -> None:
        """Check that a table has a column of the model's."""
        if not set(names).isdisjoint(self._names):
            return
        way_out = "use a table like the one the model was made for"
        if names and all(isinstance(name, int | np.integer) for name in names):
            way_out = (
                "name them; or, if they are in the order of model.features, give an array "
                "(its to_numpy())"
            )
        raise InputError(
            f"a table must have the model's columns ({listing(self._names)}), however: it has "
            f"{listing(names) or 'none'}; {way_out}"
        )

    def _report_absent(self, absent: Sequence[str], strict: bool) -> None:
        if strict:
            raise InputError(
                "a table must have all columns that the model reads, if it is strict, however: it "
                f"lacks {listing(absent)}; add {'it' if len(absent) == 1 else 'them'}"
            )
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"columns that are not in the table count as missing: {listing(absent)}; check "
                "their names (this is said once; strict=True refuses such tables)",
                AbsentColumnWarning,
                stacklevel=5,  # the call of `predict`
            )

    def _check_present(self, names: Any, what: str) -> None:
        """Check that each column that must have a value is among the given names."""
        if not hasattr(names, "__contains__"):
            return
        required = [each.column.name for each in self.columns if not each.column.allows_missing]
        absent = [name for name in required if name not in names]
        if not absent:
            return
        others = [name for name in _keys(names) if isinstance(name, str)]
        one = len(absent) == 1
        which = f"column{'' if one else 's'} {listing(absent)}"
        raise InputError(
            f"{which} must have a value, because the model's data had none missing, however: "
            f"{which} {'is' if one else 'are'} missing from {what}; "
            f"{did_you_mean(absent[0], set(others).difference(self._names))}"
            f"add {'it' if one else 'them'}"
        )

    def _check_width(self, width: int, way_out: str) -> None:
        if width != len(self._names):
            raise InputError(
                f"a row must have {len(self._names)} values ({listing(self._names)}), "
                f"however: {width}; {way_out}"
            )


def check_names_differ(names: Iterable[Any], read: Collection[str]) -> None:
    """Check that a table has each column that a model reads once at most.

    Args:
        names: of all the table's columns.
        read: of those that the model reads.

    Raises:
        InputError: one is there more than once.
    """
    twice = repeated(name for name in names if name in read)
    if twice:
        raise InputError(
            "the columns that a model reads must have different names, however: the table has "
            f"{listing(twice)} more than once; rename or remove one"
        )


def _is_native(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind in "OM" and values.ndim == 1


def _has_names(kind: type) -> bool:
    """Whether a row of this type is read by name."""
    return issubclass(kind, Mapping) or hasattr(kind, "get")  # a pandas series is not a Mapping


def _keys(names: Any) -> Any:
    return names.keys() if hasattr(names, "keys") else names


def _listed(table: Any) -> Sequence[Any] | None:
    """The rows of a sequence or of an array of objects; None for anything else."""
    if isinstance(table, list | tuple):
        return table
    if isinstance(table, _NOT_ROWS):
        return None
    if isinstance(table, Sequence):
        return list(table)
    kind = getattr(getattr(table, "dtype", None), "kind", "")  # a series of dicts has one too
    return list(table) if kind == "O" and getattr(table, "ndim", 0) == 1 else None


def _as_array(table: Any) -> NDArray[Any]:
    kinds = {type(table), *(map(type, table) if isinstance(table, list | tuple) else ())}
    odd = next((kind for kind in kinds if issubclass(kind, _NOT_ROWS)), None)
    if odd is not None:  # numpy would read some of them as numbers
        raise InputError(
            "a table must be a frame, or rows of raw values, however: "
            f"{odd.__name__}; convert it to an array of shape (rows, columns)"
        )
    try:
        return np.asarray(table, dtype=None if isinstance(table, np.ndarray) else object)
    except ValueError:  # rows of different lengths
        raise InputError(
            "a table must have the same number of values in each row, however: it differs; "
            "give a frame, or an array of shape (rows, columns)"
        ) from None


def _shown(table: Any, array: NDArray[Any]) -> str:
    return f"its shape is {array.shape}" if array.ndim else f"its type is {type(table).__name__}"
