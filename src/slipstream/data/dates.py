"""Which raw columns hold dates, times or durations, and how: decided from the whole column.

What a column holds is read by the predictor's own functions, so that a cell means the same there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.data.cells import is_text
from slipstream.data.columns import MOST_SLIPS
from slipstream.data.date_notes import (
    CONVERTED,
    absent_notes,
    nothing_note,
    short_year_notes,
    years_are,
    zone_notes,
)
from slipstream.data.date_orders import NO_DATE, ORDERS, read_dates_as, settle_order
from slipstream.data.temporal import instants, is_temporal, temporal_seconds
from slipstream.data.texts import Texts, encode, matches
from slipstream.runtime.dates import (
    END_US,
    FIRST_US,
    DateFormat,
    Epoch,
)
from slipstream.runtime.numpy_time import NOT_A_TIME
from slipstream.runtime.spans import parse_span
from slipstream.runtime.text import quote
from slipstream.runtime.types import ColumnKind
from slipstream.runtime.values import means_missing

__all__ = ["Dates", "NotDatesError", "find_dates", "read_dates", "seem_dates"]

# Text of which at most this share is no date holds dates; more where the dates are many.
MAX_SLIPS = 0.01
MAX_WORDS = 0.1
MANY = 20
SAMPLE = 200  # distinct values that show whether a column may hold dates at all
PLAUSIBLE_YEARS = (1800, 2200)  # of nearly all dates, where text alone says that they are
DIGIT_YEARS = (1950, 2050)  # of all dates, where they are numbers such as 20250304

_NAMED = re.compile(r"date|datum|fecha|data$|time|day|ymd|(^|_)dt($|_)", re.IGNORECASE)
# Dates that stand for none in many systems; Excel, Unix, SQL Server and people write them.
_SENTINELS = ("1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "1753-01-01", "2999-12-31")
_DAYS = r"[^-/. ]+[-/. ]+[^-/. ]+[-/. ]+[^-/. ]+.*"
# A year next to another number or word, as in dates of every layout.
_SEEMS_DATED = r"(.*[^0-9])?(19|20)[0-9]{2}([^0-9].*)?"
MOST_MARKS = 5  # patterns of marks between the parts of dates of one layout

Instants = NDArray[np.int64]
Mask = NDArray[np.bool_]


class NotDatesError(Exception):
    """A column that a user calls dates holds something else; the message says what."""


@dataclass(frozen=True)
class Dates:
    """A column of dates as datetime64 (N,), or of durations as seconds (N,), and what to say.

    `missing` are texts that are neither, and count as missing. Of categories, there are only notes:
    why they are not dates.
    """

    kind: ColumnKind
    series: pd.Series
    form: DateFormat | None = None
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def seem_dates(texts: Texts) -> bool:
    """Whether nearly all texts have a year, another number or a month, and like marks between."""
    likely = texts.only(matches(texts.words, _SEEMS_DATED) & matches(texts.words, ".*[^0-9].*"))
    if likely.present < (1 - MAX_WORDS) * texts.present or len(likely.words) <= MANY:
        return False
    marks = pc.replace_substring_regex(likely.words, r"[\pL\p{Nd}]+", "a")
    return len(pc.unique(marks)) <= MOST_MARKS


def find_dates(name: str, cells: pa.Array) -> Dates | None:
    """Read a column whose type or values say that it holds dates or durations; None: it does not.

    Args:
        name: the column's name.
        cells: (N,) its cells, text without blanks around it, null where they are missing.
    """
    if is_temporal(cells.type):
        return _typed(cells)
    if is_text(cells.type):
        texts = encode(cells)
        return _dates_in_text(texts) or _digits(name, texts) or _spans_in_text(texts)
    if pt.is_integer(cells.type) or pt.is_floating(cells.type):
        in_range = pc.min_max(cells).as_py()
        if (in_range["min"] or 1e7) >= 1e7 and 1e7 <= in_range["max"] < 1e14:
            return _digits(name, encode(cells))
    return None


def read_dates(name: str, cells: pa.Array) -> Dates:
    """Read a column that a user says holds dates: epoch numbers too, and a few dates among words.

    Raises:
        NotDatesError: fewer than half of its values are dates; the message says what they are.
    """
    found = find_dates(name, cells)
    if found is not None and found.kind == "datetime":
        return found
    if is_temporal(cells.type) or pt.is_boolean(cells.type):
        raise NotDatesError(f"its type is {cells.type}")
    texts = encode(cells)
    found = _digits(name, texts, named=True) or _epochs(texts) or _dates_in_text(texts, most=0.5)
    if found is None:
        raise NotDatesError("its values are in no layout of dates, or in several")
    return found


# ------------------------------------------------------------------------------------ typed columns


def _typed(cells: pa.Array) -> Dates:
    if not (pt.is_timestamp(cells.type) or pt.is_date(cells.type)):
        return Dates("duration", pd.Series(temporal_seconds(cells)))
    zone = getattr(cells.type, "tz", None)
    found = instants(cells)
    series, notes = _as_series(found)
    if zone not in (None, "UTC", "Etc/UTC", "+00:00"):
        notes.append(CONVERTED.format(f" of zone {zone}"))
    nothing = int(series.isna().sum()) - cells.null_count
    if nothing:
        notes.append(nothing_note(nothing))
    return Dates("datetime", series, DateFormat(), tuple(notes))


# ------------------------------------------------------------------------------------ text


def _dates_in_text(texts: Texts, most: float | None = None) -> Dates | None:
    """Read text as dates if nearly all of it is, in one order of day, month and year."""
    words = texts.words.to_pylist()
    sample = words[:: max(1, len(words) // SAMPLE)]
    if not any(_are_mostly_dates(read_dates_as(sample, form)) for form in ORDERS):
        return None
    form, found, notes = settle_order(texts)
    slips = found == NO_DATE
    if not _are_dates(found, texts.counts, most):
        return _mixed(texts, slips) or _far(texts, slips)
    markers = np.array([means_missing(word) for word in words])
    series, more = _as_series(
        np.append(np.where(slips, NOT_A_TIME, found), NOT_A_TIME)[texts.codes]
    )
    nothing = (found == NOT_A_TIME) & ~markers
    notes += [*absent_notes(texts, markers, slips, "date"), *zone_notes(texts)]
    notes += short_year_notes(words, found)
    if nothing.any():
        notes.append(nothing_note(texts.count(nothing)))
    missing = tuple(sorted(word for word, slip in zip(words, slips, strict=True) if slip))
    return Dates("datetime", series, form, (*notes, *more), missing)


def _mixed(texts: Texts, slips: Mask) -> Dates | None:
    """Text of which much is dates, and the rest is not: categories, with a note."""
    others = texts.count(slips)
    if not 0 < 2 * others < texts.present:
        return None
    note = (
        f"it is read as text, because {others:,} of its values are not dates, or in another order "
        f"of day and month (the first in row {texts.first_row(slips)}); write all as 2025-03-04"
    )
    return Dates("categorical", pd.Series(dtype=object), notes=(note,))


def _far(texts: Texts, slips: Mask) -> Dates | None:
    """Text that is days of years that are not usual: categories, with a note."""
    if texts.count(slips) > MAX_SLIPS * texts.present or not matches(texts.words, _DAYS).any():
        return None
    first, last = PLAUSIBLE_YEARS
    note = (
        f"it is read as text, because its dates are of years before {first} or after {last}; "
        "data.types can say datetime"
    )
    return Dates("categorical", pd.Series(dtype=object), notes=(note,))


def _are_mostly_dates(found: Instants) -> bool:
    """Whether more of the values are dates than are neither dates nor missing."""
    return bool((found > NO_DATE).sum() > (found == NO_DATE).sum())


def _are_read(values: Sequence[str | int | float], form: DateFormat) -> Mask:
    return read_dates_as(values, form) != NO_DATE


def _are_dates(read: Instants, counts: NDArray[np.int64], most: float | None) -> bool:
    """Whether all but slips are dates, and of plausible years unless a user says they are dates."""
    dates = (read != NO_DATE) & (read != NOT_A_TIME)
    if not dates.any():
        return False
    slips = read == NO_DATE
    allowed = most or (MAX_WORDS if dates.sum() > MANY else MAX_SLIPS)
    if slips.sum() > MOST_SLIPS or counts[slips].sum() > allowed * counts.sum():
        return False
    return (
        most is not None or float(years_are(read[dates], PLAUSIBLE_YEARS).mean()) >= 1 - MAX_SLIPS
    )


# ------------------------------------------------------------------------------------ numbers


def _digits(name: str, texts: Texts, *, named: bool = False) -> Dates | None:
    """Read numbers such as 20250304 as dates if all of them are, of usual years."""
    form, values = DateFormat(digits=True), texts.words.to_pylist()
    if not _are_read(values[:SAMPLE], form).all():
        return None
    read = read_dates_as(values, form)
    dates = read[read > NO_DATE]
    says_so = named or _NAMED.search(name) is not None
    if (read == NO_DATE).any() or len(dates) < (1 if says_so else MANY):
        return None
    if not named and not years_are(dates, DIGIT_YEARS).all():
        return None
    note = "its numbers are read as dates, as 20250304 is (data.types can say numeric)"
    series, more = _as_series(np.append(read, NOT_A_TIME)[texts.codes])
    return Dates("datetime", series, form, (note, *more))


def _epochs(texts: Texts) -> Dates | None:
    """Read numbers as seconds since 1970, or as the smaller unit that gives usual years."""
    values = texts.words.to_pylist()
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce")
    numbers = numbers[[not means_missing(str(value)) for value in values]]
    if numbers.isna().any() or not len(numbers):
        return None
    typical = float(numbers.abs().median())
    units: Sequence[tuple[float, Epoch]] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"))
    epoch: Epoch = next((unit for below, unit in units if typical < below), "ns")
    form = DateFormat(epoch=epoch)
    series, more = _as_series(np.append(read_dates_as(values, form), NOT_A_TIME)[texts.codes])
    note = f"its numbers are read as {_EPOCHS[epoch]} since 1970 in UTC"
    return Dates("datetime", series, form, (note, *more))


_EPOCHS: Mapping[Epoch, str] = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}


# ------------------------------------------------------------------------------------ durations


def _spans_in_text(texts: Texts) -> Dates | None:
    """Read text as durations or times of day, in seconds, if nearly all of it is."""
    words = texts.words.to_pylist()
    sample = words[:: max(1, len(words) // SAMPLE)]
    if 2 * sum(parse_span(word) is None for word in sample) > len(sample):
        return None
    read = [parse_span(word) for word in words]
    seconds = np.array([np.nan if each is None else each for each in read])
    markers = np.array([means_missing(word) for word in words]) & np.isnan(seconds)
    slips = np.isnan(seconds) & ~markers
    if slips.sum() > MOST_SLIPS or texts.share(slips) > MAX_SLIPS:
        return None
    note = "its durations or times of day are read as numbers of seconds"
    return Dates(
        "duration",
        pd.Series(np.append(seconds, np.nan)[texts.codes]),
        notes=(note, *absent_notes(texts, markers, slips, "duration")),
        missing=tuple(sorted(word for word, slip in zip(words, slips, strict=True) if slip)),
    )


# ------------------------------------------------------------------------------------ the whole


def _as_series(instants: Instants) -> tuple[pd.Series, list[str]]:
    """Instants (N,) as datetime64, and a note on each date that may stand for none."""
    inside = (instants >= FIRST_US) & (instants < END_US)
    notes = []
    for sentinel in _SENTINELS:
        rows = int((instants == np.datetime64(sentinel, "us").astype(np.int64)).sum())
        if rows > 1 and rows >= MAX_SLIPS * len(instants):
            notes.append(
                f"{sentinel} is in {rows:,} rows and may stand for no date; if so, leave those "
                f"cells empty, or name {quote(sentinel)} in data.missing"
            )
    return pd.Series(np.where(inside, instants, NOT_A_TIME).view("M8[us]")), notes
