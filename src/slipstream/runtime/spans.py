"""Durations and times of day: numbers, in seconds, in whatever form they come."""

import re
from datetime import time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.date_text import parse_clock
from slipstream.runtime.numpy_time import NOT_A_TIME, microseconds
from slipstream.runtime.values import WrongValueError, is_missing, text_number, to_number

__all__ = ["NO_SPAN", "parse_span", "span_seconds", "spans_of_array"]

NO_SPAN = "text that is not a duration"

# 1:23:45.5, 2 days 03:00:00, -1 day, 23:59:59 as timedelta and pandas write them
_CLOCK = re.compile(
    r"(?P<sign>[+-])?(?:(?P<days>\d+) days?,? ?)?"
    r"(?:(?P<clock_sign>\+)?(?P<hours>\d+):(?P<minutes>\d{2})(?::(?P<seconds>\d{2}(?:\.\d+)?))?)?",
    re.ASCII | re.IGNORECASE,
)
# P1DT2H30M, PT0.5S, P2W: ISO 8601 without years and months, whose length varies
_ISO = re.compile(
    r"(?P<sign>[+-])?P(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = {"weeks": 604_800.0, "days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0}


def span_seconds(value: Any) -> float:
    """Read one duration or time of day: seconds, NaN if it is missing; a number counts seconds.

    Raises:
        WrongValueError: it is neither.
    """
    if isinstance(value, str):
        return _of_text(value.strip())
    if isinstance(value, np.timedelta64):
        return float(spans_of_array(np.array([value]))[0])
    if is_missing(value):
        return np.nan
    if isinstance(value, timedelta):
        return ((value.days * 86_400 + value.seconds) * 10**6 + value.microseconds) / 1e6
    if isinstance(value, time):
        of_day = (value.hour * 60 + value.minute) * 60 + value.second
        return (of_day * 10**6 + value.microsecond) / 1e6
    return to_number(value)


def spans_of_array(values: NDArray[Any]) -> NDArray[np.float64]:
    """Read an array of timedelta64 (N,): seconds, NaN where they are missing."""
    counts = microseconds(values)
    return np.where(counts == NOT_A_TIME, np.nan, counts / 1e6)


def parse_span(text: str) -> float | None:
    """The seconds that text without blanks around it spells; None if it spells none."""
    of_day = parse_clock(text)
    if of_day is not None:
        return of_day / 1e6
    found = _ISO.fullmatch(text)
    if found is not None:
        total = sum(float(found[each] or 0) * size for each, size in _SECONDS.items())
        given = any(found[each] for each in _SECONDS)
        return (-total if found["sign"] == "-" else total) if given else None
    found = _CLOCK.fullmatch(text)
    return None if found is None else _clock_seconds(found.groupdict())


def _clock_seconds(parts: dict[str, str | None]) -> float | None:
    days, hours = parts["days"], parts["hours"]
    minutes, seconds = int(parts["minutes"] or 0), float(parts["seconds"] or 0)
    if (days or hours) is None or minutes > 59 or seconds >= 60:
        return None
    size = int(hours or 0) * 3_600 + minutes * 60 + seconds
    if days is not None:  # the sign is theirs: -1 days +23:59:59 is one second less than nothing
        return size + int(days) * (-86_400 if parts["sign"] == "-" else 86_400)
    return -size if parts["sign"] == "-" else size


def _of_text(text: str) -> float:
    span = parse_span(text)
    if span is None:
        span = text_number(text)
    if span is None:
        raise WrongValueError(NO_SPAN)
    return span
