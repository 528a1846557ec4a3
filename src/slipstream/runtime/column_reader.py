"""Raw values of one column in, numbers out, or a refusal that says what is wrong."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.columns import Column
from slipstream.runtime.dates import seconds, seconds_of_array
from slipstream.runtime.errors import InputError
from slipstream.runtime.spans import span_seconds, spans_of_array
from slipstream.runtime.text import quote
from slipstream.runtime.types import ColumnKind
from slipstream.runtime.values import (
    WrongValueError,
    is_missing,
    means_missing,
    spellings,
    text_number,
    to_number,
    to_texts,
    word_truth,
)

__all__ = ["NO_NUMBER", "NO_VALUE", "ColumnReader"]

Floats = NDArray[np.float64]

# What a column may find in a table and refuse, apart from values of other types.
NO_VALUE = "none"
NO_NUMBER = "text that is not a number"

# What a value of a column has to be, and what to do about another one.
_RULES: Mapping[ColumnKind, tuple[str, str]] = {
    "numeric": ("must be a number", "convert it to one"),
    "boolean": ("must be true or false", "write true, false, 1 or 0"),
    "categorical": (
        "must be a string (it is categorical)",
        "convert it to text, or train again with data.types saying that it is numeric",
    ),
    "datetime": ("must be a date or time", "write it as 2025-03-04 or 2025-03-04T12:30"),
    "duration": (
        "must be a duration or a time of day",
        "give its seconds, or write it as 1:23:45",
    ),
}


class ColumnReader:
    """Reads one column's raw values.

    Args:
        column: what it is.
        missing_markers: text that stands for a missing value, unless it is a category.
    """

    def __init__(self, column: Column, missing_markers: Iterable[str] = ()) -> None:
        self.column = column
        self._is_categorical = column.edges is None
        missing = dict.fromkeys((*missing_markers, *column.missing), column.missing_row)
        self._codes = missing | spellings(column.categories)
        self._has_numbers = any(text_number(each) is not None for each in column.categories)
        self._value: Callable[[Any], float] = {
            "categorical": self._code,
            "datetime": self._instant,
            "duration": self._span,
        }.get(column.kind, self._number)

    @property
    def codes(self) -> dict[str, int]:
        """The table row, counted within the column, of each text that has one.

        These are the categories in all their spellings, and the missing markers.
        """
        return dict(self._codes)

    @property
    def markers(self) -> list[str]:
        """The texts that stand for a missing value."""
        return [text for text, row in self._codes.items() if row == self.column.missing_row]

    def encode(self, value: Any) -> float:
        """Encode one raw value: NaN if it is missing; for a category, its table row.

        Raises:
            InputError: the value has the wrong type, or is missing where the model's data had none.
        """
        try:
            number = self._value(value)
        except WrongValueError as error:
            raise self.refusal(str(error)) from None
        if not self.column.allows_missing and self._is_absent(number):
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
        if not self.column.allows_missing:
            absent = self._is_absent(numbers)
            if absent.any():
                raise self.refusal(NO_VALUE, absent)
        return numbers

    def encode_absent(self, count: int) -> Floats:
        """Encode `count` values of a column that the table lacks."""
        missing = self.column.missing_row if self._is_categorical else math.nan
        return np.full(count, missing, np.float64)

    def number(self, text: str) -> float:
        """Parse stripped text of a column of numbers: NaN if it means missing.

        Raises:
            WrongValueError: it is not a number.
        """
        if text in self._codes:
            return math.nan
        if self.column.kind in ("datetime", "duration"):
            return self._value(text)
        form = self.column.format
        number = text_number(text) if form is None else form.parse(text)
        if number is None and self.column.kind == "boolean":
            number = word_truth(text)
        if number is None and means_missing(text):
            number = math.nan
        if number is None:
            raise WrongValueError(NO_NUMBER)
        return number

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
            f"column {quote(self.column.name)} {rule}, however: {where} {found}{more}; {way_out}"
        )

    def _encode_each(self, values: Any, count: int) -> Floats:
        if isinstance(values, np.ndarray):
            numbers = self._array(values)
            if numbers is not None:
                return numbers
        return np.fromiter(map(self._value, values), np.float64, count)

    def _array(self, values: NDArray[Any]) -> Floats | None:
        """Read an array of a type that needs no look at each value; None: it does."""
        if self.column.dates is not None:
            return seconds_of_array(values, self.column.dates)
        if values.dtype.kind == "m" and self.column.kind == "duration":
            return spans_of_array(values)
        if values.dtype.kind not in "fiub":
            return None
        if not self._is_categorical:
            return values.astype(np.float64)
        distinct, places = np.unique(values, return_inverse=True)
        codes = [self._code(value) for value in distinct.astype(object)]
        return np.array(codes, np.float64)[places.ravel()]

    def _instant(self, value: Any) -> float:
        if isinstance(value, str) and self._means_missing(value.strip()):
            return math.nan
        assert self.column.dates is not None
        return seconds(value, self.column.dates)

    def _span(self, value: Any) -> float:
        if isinstance(value, str) and self._means_missing(value.strip()):
            return math.nan
        return span_seconds(value)

    def _means_missing(self, text: str) -> bool:
        return text in self._codes or means_missing(text)

    def _number(self, value: Any) -> float:
        if type(value) is float:
            return value
        if isinstance(value, str):
            return self.number(value.strip())
        return math.nan if is_missing(value) else to_number(value)

    def _code(self, value: Any) -> float:
        if isinstance(value, str):
            code = self._codes.get(value)
            if code is None:
                code = self._codes.get(value.strip(), self.column.unknown_row)
            return float(code)
        if is_missing(value):
            return float(self.column.missing_row)
        for text in to_texts(value):
            if text in self._codes:
                return float(self._codes[text])
        if self._has_numbers:
            return float(self.column.unknown_row)
        raise WrongValueError(f"a value of type {type(value).__name__}")  # of another column?

    def _is_absent(self, numbers: Any) -> Any:
        return numbers == self.column.missing_row if self._is_categorical else numbers != numbers

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
            name = quote(self.column.name)
            return rule, f"fill it in, or train on data where {name} is missing sometimes"
        empty = ", or leave it empty" if self.column.allows_missing else ""
        rule, way_out = _RULES[self.column.kind]
        if found == NO_NUMBER and self.column.kind == "numeric":
            way_out = "write it in digits, such as 1234.5"
        return rule, f"{way_out}{empty}"
