"""A date or time in any of its forms in, seconds since 1970-01-01 in UTC out.

Every form becomes whole microseconds first, so that one instant is one number, whoever reads it:
`us / 1e6` is rounded once. Instants with an offset are converted to UTC; those without one are
taken as they are. Years up to 1 and from 9999 on stand for "no date" in many databases: missing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.date_text import EPOCH_ORDINAL, Order, date_in_digits, parse_date
from slipstream.runtime.numpy_time import microseconds
from slipstream.runtime.values import WrongValueError, is_missing, text_number, to_number

__all__ = [
    "END_US",
    "EPOCHS",
    "FIRST_US",
    "NO_DATE",
    "DateFormat",
    "Epoch",
    "as_seconds",
    "instant_us",
    "seconds",
    "seconds_of_array",
]

Floats = NDArray[np.float64]
Epoch = Literal["s", "ms", "us", "ns"]

NO_DATE = "text that is not a date or time"

# How many microseconds a unit is; a nanosecond is divided, so that it is rounded once.
EPOCHS: Mapping[Epoch, float] = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}

_DAY_US = 86_400_000_000
FIRST_US = (date(2, 1, 1).toordinal() - EPOCH_ORDINAL) * _DAY_US
END_US = (date(9999, 1, 1).toordinal() - EPOCH_ORDINAL) * _DAY_US


@dataclass(frozen=True, kw_only=True)
class DateFormat:
    """How a column's dates are written, apart from ISO 8601 and names of months.

    `order` is that of day, month and year in text such as 04/03/25; None: such text is no date.
    `digits`: 20250304 is a date. `epoch` is what a number counts since 1970; None: it is no date.
    """

    order: Order | None = None
    digits: bool = False
    epoch: Epoch | None = None


def instant_us(value: Any, form: DateFormat) -> int | None:
    """Read one value: whole microseconds since 1970, None if it is missing.

    Raises:
        WrongValueError: it is not a date or time.
    """
    count = _read(value, form)
    return None if count is None or not FIRST_US <= count < END_US else count


def seconds(value: Any, form: DateFormat) -> float:
    """As `instant_us`, in seconds; NaN if it is missing."""
    count = instant_us(value, form)
    return math.nan if count is None else count / 1e6


def seconds_of_array(values: NDArray[Any], form: DateFormat) -> Floats | None:
    """Read an array of datetime64 or of numbers (N,); None where each value has to be read."""
    if values.dtype.kind == "M":
        return as_seconds(microseconds(values))
    if values.dtype.kind in "fiu" and form.epoch is not None and not form.digits:
        return as_seconds(np.rint(_scaled(values.astype(np.float64), form.epoch)))
    return None


def as_seconds(counts: NDArray[np.float64] | NDArray[np.int64]) -> Floats:
    """Whole microseconds (N,) as seconds; NaN where they are beyond the years that are read."""
    inside = (counts >= FIRST_US) & (counts < END_US)
    return np.where(inside, counts / 1e6, np.nan)


def _read(value: Any, form: DateFormat) -> int | None:
    if isinstance(value, str):
        return _of_text(value.strip(), form)
    if is_missing(value):
        return None
    if isinstance(value, datetime):
        return _of_datetime(value)
    if isinstance(value, date):
        return (value.toordinal() - EPOCH_ORDINAL) * _DAY_US
    if isinstance(value, np.datetime64):
        return int(microseconds(np.array([value]))[0])
    if isinstance(value, bool | np.bool_) or not (form.epoch or form.digits):
        raise WrongValueError(f"a value of type {type(value).__name__}")
    return _of_number(to_number(value), form)


def _of_text(text: str, form: DateFormat) -> int | None:
    """Microseconds; None where the text says that there is no date."""
    if form.epoch is not None or form.digits:
        number = text_number(text)
        if number is not None:
            return _of_number(number, form)
    found = parse_date(text, form.order)
    if found is None:
        raise WrongValueError(NO_DATE)
    return found


def _of_number(number: float, form: DateFormat) -> int | None:
    if form.digits:
        found = date_in_digits(number)
        if found is not None:
            return found
    if form.epoch is None:
        raise WrongValueError("a number that is not a date")
    scaled = _scaled(number, form.epoch)
    return round(scaled) if abs(scaled) < END_US else None


def _scaled(number: Any, epoch: Epoch) -> Any:
    return number / 1e3 if epoch == "ns" else number * EPOCHS[epoch]


def _of_datetime(value: datetime) -> int:
    days = value.toordinal() - EPOCH_ORDINAL
    of_day = (value.hour * 60 + value.minute) * 60 + value.second
    written = days * _DAY_US + of_day * 1_000_000 + value.microsecond
    offset = None if value.tzinfo is None or value.tzinfo is UTC else value.utcoffset()
    if offset is None:
        return written
    return written - ((offset.days * 86_400 + offset.seconds) * 10**6 + offset.microseconds)
