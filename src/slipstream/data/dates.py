"""Which raw columns hold dates, times or durations, and how: decided from the whole column.

What a column holds is read by the predictor's own functions, so that a cell means the same there.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.data.cells import is_text
from slipstream.data.distinct import Distinct, distinct
from slipstream.data.temporal import instants, is_temporal, temporal_seconds
from slipstream.runtime.date_text import has_zone
from slipstream.runtime.dates import (
    END_US,
    FIRST_US,
    DateFormat,
    Epoch,
    instant_us,
)
from slipstream.runtime.numpy_time import NOT_A_TIME
from slipstream.runtime.spans import parse_span
from slipstream.runtime.text import quote
from slipstream.runtime.types import ColumnKind
from slipstream.runtime.values import WrongValueError

__all__ = ["Dates", "find_dates", "read_dates"]

# Text of which at most this share is no date holds dates; more where the dates are many.
MAX_SLIPS = 0.01
MAX_WORDS = 0.1
MANY = 20
SAMPLE = 200  # distinct values that show whether a column may hold dates at all
PLAUSIBLE_YEARS = (1800, 2200)  # of nearly all dates, where text alone says that they are
DIGIT_YEARS = (1950, 2050)  # of all dates, where they are numbers such as 20250304

_NAMED = re.compile(r"date|datum|fecha|data$|time|day|ymd|(^|_)dt($|_)", re.IGNORECASE)
_ORDERED = re.compile(r"\d{1,2}([-/. ])\d{1,2}\1(\d{4}|\d{2})\b.*", re.ASCII | re.DOTALL)
# Dates that stand for none in many systems; Excel, Unix, SQL Server and people write them.
_SENTINELS = ("1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "1753-01-01", "2999-12-31")
_DAY_US = 86_400_000_000

Instants = NDArray[np.int64]


@dataclass(frozen=True)
class Dates:
    """A column of dates as datetime64 (N,), or of durations as seconds (N,), and what to say."""

    kind: ColumnKind
    series: pd.Series
    form: DateFormat | None = None
    notes: tuple[str, ...] = ()


def find_dates(name: str, cells: pa.Array) -> Dates | None:
    """Read a column whose type or values say that it holds dates or durations; None: it does not.

    Args:
        name: the column's name.
        cells: (N,) its cells, text without blanks around it, null where they are missing.
    """
    if is_temporal(cells.type):
        return _typed(cells)
    if is_text(cells.type):
        words = distinct(cells)
        return _dates_in_text(words) or _digits(name, words) or _spans_in_text(words)
    if pt.is_integer(cells.type) or pt.is_floating(cells.type):
        in_range = pc.min_max(cells).as_py()
        if (in_range["min"] or 1e7) >= 1e7 and 1e7 <= in_range["max"] < 1e14:
            return _digits(name, distinct(cells))
    return None


def read_dates(name: str, cells: pa.Array) -> Dates:
    """Read a column that a user says holds dates: epoch numbers too, and a few dates among words.

    Raises:
        ValueError: fewer than half of its values are dates; the message says what they are.
    """
    found = find_dates(name, cells)
    if found is not None and found.kind == "datetime":
        return found
    if is_temporal(cells.type) or pt.is_boolean(cells.type):
        raise ValueError(f"its type is {cells.type}")
    words = distinct(cells)
    found = _digits(name, words, named=True) or _epochs(words) or _dates_in_text(words, most=0.5)
    if found is None:
        raise ValueError("its values are in no layout of dates, or in several")
    return found


# ------------------------------------------------------------------------------------ typed columns


def _typed(cells: pa.Array) -> Dates:
    if not (pt.is_timestamp(cells.type) or pt.is_date(cells.type)):
        return Dates("duration", pd.Series(temporal_seconds(cells)))
    zone = getattr(cells.type, "tz", None)
    notes = []
    if zone not in (None, "UTC", "Etc/UTC", "+00:00"):
        notes.append(f"its times of zone {zone} are converted to UTC, hour and weekday too")
    return _as_dates(instants(cells), DateFormat(), notes, cells.null_count)


# ------------------------------------------------------------------------------------ text


def _dates_in_text(words: Distinct, most: float | None = None) -> Dates | None:
    """Read text as dates if nearly all of it is, in one order of day, month and year."""
    sample = words.cells[:: max(1, len(words.cells) // SAMPLE)]
    forms = [DateFormat(order=order) for order in ("dmy", "mdy", "ymd")]
    if not any(2 * _parsed(sample, form).sum() > len(sample) for form in forms):
        return None
    counts = words.counts
    if not any(_ORDERED.fullmatch(str(each)) for each in words.cells):
        forms = [DateFormat()]
    read = [_read(words.cells, form) for form in forms]
    good = [int(counts[each != _NO_DATE].sum()) for each in read]
    best = [index for index, count in enumerate(good) if count == max(good)]
    chosen, notes = (best[0], []) if len(best) == 1 else _ambiguous(best, forms, read, words)
    found = read[chosen]
    slips = found == _NO_DATE
    if not _are_dates(found, counts, most):
        return _mixed(words, slips)
    if forms[chosen].order is not None and len(best) == 1:
        notes.append(f"its text is read as dates, {_ORDERS[str(forms[chosen].order)]}")
    if slips.any():
        notes.append(_slip_note("not a date", words, slips))
    notes += _zone_notes(words)
    return _as_dates(words.rows(np.where(slips, NOT_A_TIME, found)), forms[chosen], notes,
                     int((words.codes < 0).sum() + counts[slips].sum()))  # fmt: skip


def _mixed(words: Distinct, slips: NDArray[np.bool_]) -> Dates | None:
    """Text of which much is dates, and the rest is not: categories, with a note."""
    others = int(words.counts[slips].sum())
    if not 0 < 2 * others < words.counts.sum():
        return None
    note = (
        f"it is read as text, because {others:,} of its values are not dates, or in another order "
        f"of day and month (the first in row {words.first_row(slips)}); write all as 2025-03-04"
    )
    texts = [*words.cells, None]
    series = pd.Series([texts[code] for code in words.codes], dtype=object)
    return Dates("categorical", series, notes=(note,))


def _slip_note(fault: str, words: Distinct, slips: NDArray[np.bool_]) -> str:
    count, first = int(words.counts[slips].sum()), words.first_row(slips)
    if count == 1:
        return f"1 value is {fault} and counts as missing (in row {first})"
    return f"{count:,} values are {fault} and count as missing (the first in row {first})"


_NO_DATE = NOT_A_TIME + 1
_ORDERS = {
    "dmy": "with the day first, then the month",
    "mdy": "with the month first, then the day",
    "ymd": "with the year first, then the month",
}


def _read(values: Sequence[str | int | float], form: DateFormat) -> NDArray[np.int64]:
    """What each value (D,) is: microseconds, `NOT_A_TIME` for missing, or `_NO_DATE`."""

    def one(value: str | int | float) -> int:
        try:
            found = instant_us(value, form)
        except WrongValueError:
            return _NO_DATE
        return NOT_A_TIME if found is None else found

    return np.fromiter(map(one, values), np.int64, len(values))


def _parsed(values: Sequence[str | int | float], form: DateFormat) -> NDArray[np.bool_]:
    return _read(values, form) != _NO_DATE


def _are_dates(read: Instants, counts: NDArray[np.int64], most: float | None) -> bool:
    """Whether all but slips are dates, and of plausible years unless a user says they are dates."""
    dates = (read != _NO_DATE) & (read != NOT_A_TIME)
    if not dates.any():
        return False
    slips = int(counts[read == _NO_DATE].sum())
    allowed = most or (MAX_WORDS if dates.sum() > MANY else MAX_SLIPS)
    if slips > allowed * counts.sum():
        return False
    return (
        most is not None or float(_years_are(read[dates], PLAUSIBLE_YEARS).mean()) >= 1 - MAX_SLIPS
    )


def _years_are(instants: Instants, years: tuple[int, int]) -> NDArray[np.bool_]:
    low, high = (np.datetime64(f"{year}-01-01", "us").astype(np.int64) for year in years)
    return (instants >= low) & (instants < high)


def _ambiguous(
    best: Sequence[int], forms: Sequence[DateFormat], read: Sequence[Instants], words: Distinct
) -> tuple[int, list[str]]:
    """Choose between orders that fit equally well, and say why.

    It is the one with the fewest years, by which the file is sorted, or with the fewest days of
    the month, as where each is the first of one; else what the mark usually means.
    """
    sample = next(str(each) for each in words.cells if _ORDERED.fullmatch(str(each)))
    fitting = _least([(index, _distinct(read[index], "Y", "")) for index in best])
    sorted_by = [index for index in fitting if _is_sorted(words.rows(read[index]))]
    least = _least([(index, _distinct(read[index], "D", "M")) for index in fitting])
    if len(fitting) == 1:
        return fitting[0], [f"its text is read as dates, {_ORDERS[str(forms[fitting[0]].order)]}"]
    if len(sorted_by) == 1:
        (chosen,), why = sorted_by, "by which its rows are in order"
    elif len(least) == 1:
        (chosen,), why = least, "by which few days of the month occur"
    else:
        american = "/" in sample
        order = "mdy" if american else "dmy"
        chosen = next((each for each in fitting if forms[each].order == order), fitting[0])
        why = f"as is usual with {'a slash' if american else 'this mark'}"
    order_read = _ORDERS[str(forms[chosen].order)]
    note = (
        f"its dates fit more than one order; they are read {order_read}, {why} (if that is wrong, "
        "write them as 2025-03-04)"
    )
    return chosen, [note]


def _is_sorted(instants: Instants) -> bool:
    present = instants[instants > _NO_DATE]
    steps = np.diff(present)
    return bool(len(present) > 2 and ((steps >= 0).all() or (steps <= 0).all()))


def _distinct(instants: Instants, unit: str, within: str) -> int:
    """How many years there are, or days within their month."""
    found = instants[instants > _NO_DATE].astype("M8[us]").astype(f"M8[{unit}]")
    numbers = found - found.astype(f"M8[{within}]") if within else found
    return len(np.unique(numbers.astype(np.int64)))


def _least(counted: Sequence[tuple[int, int]]) -> list[int]:
    """Those with the smallest count."""
    smallest = min(count for _, count in counted)
    return [index for index, count in counted if count == smallest]


def _zone_notes(words: Distinct) -> list[str]:
    zoned = np.array([has_zone(str(each)) for each in words.cells])
    if not zoned.any():
        return []
    rows = int(words.counts[zoned].sum())
    if zoned.all():
        offsets = any(str(each)[-1] not in "zZCTct" for each in words.cells)
        return ["its times are converted to UTC, hour and weekday too"] if offsets else []
    return [f"{rows:,} of its values say their time zone; the others are taken to be in UTC"]


# ------------------------------------------------------------------------------------ numbers


def _digits(name: str, words: Distinct, *, named: bool = False) -> Dates | None:
    """Read numbers such as 20250304 as dates if all of them are, of usual years."""
    form = DateFormat(digits=True)
    if not _parsed(words.cells[:SAMPLE], form).all():
        return None
    read = _read(words.cells, form)
    dates = read[(read != _NO_DATE) & (read != NOT_A_TIME)]
    says_so = named or _NAMED.search(name) is not None
    if (read == _NO_DATE).any() or len(dates) < (1 if says_so else MANY):
        return None
    if not named and not _years_are(dates, DIGIT_YEARS).all():
        return None
    note = "its numbers are read as dates, as 20250304 is (data.types can say numeric)"
    return _as_dates(words.rows(read), form, [note], int((words.codes < 0).sum()))


def _epochs(words: Distinct) -> Dates | None:
    """Read numbers as seconds since 1970, or as the smaller unit that gives usual years."""
    numbers = pd.to_numeric(pd.Series(list(words.cells), dtype=object), errors="coerce")
    if numbers.isna().any():
        return None
    typical = float(numbers.abs().median())
    units: Sequence[tuple[float, Epoch]] = ((1e11, "s"), (1e14, "ms"), (1e17, "us"))
    epoch: Epoch = next((unit for below, unit in units if typical < below), "ns")
    form = DateFormat(epoch=epoch)
    read = _read(words.cells, form)
    note = f"its numbers are read as {_EPOCHS[epoch]} since 1970 in UTC"
    return _as_dates(words.rows(read), form, [note], int((words.codes < 0).sum()))


_EPOCHS: Mapping[Epoch, str] = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
}


# ------------------------------------------------------------------------------------ durations


def _spans_in_text(words: Distinct) -> Dates | None:
    """Read text as durations or times of day, in seconds, if nearly all of it is."""
    sample = words.cells[:: max(1, len(words.cells) // SAMPLE)]
    read: Callable[[str | int | float], float | None] = lambda value: parse_span(str(value))  # noqa: E731
    if 2 * sum(read(each) is None for each in sample) > len(sample):
        return None
    seconds = np.array([np.nan if (found := read(each)) is None else found for each in words.cells])
    counts, slips = words.counts, np.isnan(seconds)
    if counts[slips].sum() > MAX_SLIPS * counts.sum():
        return None
    notes = ["its durations or times of day are read as numbers of seconds"]
    if slips.any():
        notes.append(_slip_note("not a duration", words, slips))
    spread = np.append(seconds, np.nan)[words.codes]
    return Dates("duration", pd.Series(spread), notes=tuple(notes))


# ------------------------------------------------------------------------------------ the whole


def _as_dates(instants: Instants, form: DateFormat, notes: Sequence[str], absent: int) -> Dates:
    """Instants (N,) as datetime64, with notes on those that stand for no date."""
    inside = (instants >= FIRST_US) & (instants < END_US)
    said = list(notes)
    nothing = int(len(instants) - inside.sum()) - absent
    if nothing > 0:
        said.append(
            f"{nothing:,} of its dates are of a year that stands for no date, such as 0000, 0001 "
            "or 9999, and count as missing"
        )
    for sentinel in _SENTINELS:
        rows = int((instants == np.datetime64(sentinel, "us").astype(np.int64)).sum())
        if rows > 1 and rows >= MAX_SLIPS * len(instants):
            said.append(
                f"{sentinel} is in {rows:,} rows and may stand for no date; if so, leave those "
                f"cells empty, or name {quote(sentinel)} in data.missing"
            )
    series = pd.Series(np.where(inside, instants, NOT_A_TIME).view("M8[us]"))
    return Dates("datetime", series, form, tuple(said))
