"""In which order text has day, month and year: what fits the whole column, or the likeliest."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from slipstream.data.texts import Texts
from slipstream.runtime.dates import DateFormat, instant_us
from slipstream.runtime.numpy_time import NOT_A_TIME
from slipstream.runtime.values import WrongValueError, means_missing

__all__ = ["NO_DATE", "ORDERS", "read_dates_as", "settle_order"]

DAY_US = 86_400_000_000
NO_DATE = NOT_A_TIME + 1  # what a value is read as that is neither a date nor missing

ORDERS: Sequence[DateFormat] = tuple(DateFormat(order=order) for order in ("dmy", "mdy", "ymd"))
_SAID = {
    "dmy": "with the day first, then the month",
    "mdy": "with the month first, then the day",
    "ymd": "with the year first, then the month",
}
_ORDERED = re.compile(r"\d{1,2}([-/.] ?| )\d{1,2}\1(\d{4}|\d{2})\b.*", re.ASCII | re.DOTALL)

Instants = NDArray[np.int64]


def read_dates_as(values: Sequence[str | int | float], form: DateFormat) -> NDArray[np.int64]:
    """What each value (D,) is: microseconds, `NOT_A_TIME` for missing, or `NO_DATE`."""

    def one(value: str | int | float) -> int:
        if isinstance(value, str) and means_missing(value):
            return NOT_A_TIME
        try:
            found = instant_us(value, form)
        except WrongValueError:
            return NO_DATE
        return NOT_A_TIME if found is None else found

    return np.fromiter(map(one, values), np.int64, len(values))


def settle_order(texts: Texts) -> tuple[DateFormat, Instants, list[str]]:
    """Choose the order in which most of the texts (D,) are dates.

    Returns:
        How they are written, what each is read as (D,), and a note on what was decided.
    """
    words = texts.words.to_pylist()
    if not any(_ORDERED.fullmatch(word) for word in words):
        return DateFormat(), read_dates_as(words, DateFormat()), []
    read = [read_dates_as(words, form) for form in ORDERS]
    fits = [int(texts.counts[each != NO_DATE].sum()) for each in read]
    best = _highest(list(range(len(read))), fits)
    fewest = _highest(best, [-_distinct(read[index], "Y", "") for index in best])
    if len(fewest) == 1:
        (chosen,) = fewest
        note = f"its text is read as dates, {_SAID[str(ORDERS[chosen].order)]}"
    else:
        sample = next(word for word in words if _ORDERED.fullmatch(word))
        chosen, why = _likeliest(fewest, read, texts, is_slash="/" in sample)
        note = (
            "its dates fit more than one order; they are read "
            f"{_SAID[str(ORDERS[chosen].order)]}, {why} (if that is wrong, write them as "
            "2025-03-04)"
        )
    return ORDERS[chosen], read[chosen], [note]


def _likeliest(
    fitting: Sequence[int], read: Sequence[Instants], texts: Texts, *, is_slash: bool
) -> tuple[int, str]:
    """Choose between orders that fit equally well, and say why.

    It is the one by which the file is sorted; of times, the one that spans the shortest time, of
    mere dates, the one with the fewest days of the month, as where each is the first of one; else
    what the mark usually means.
    """
    rows = {index: np.append(read[index], NOT_A_TIME)[texts.codes] for index in fitting}
    in_order = [index for index in fitting if _is_sorted(rows[index])]
    if len(in_order) == 1:
        return in_order[0], "by which its rows are in order"
    shortest = _highest(fitting, [-_span(read[index]) for index in fitting])
    if len(shortest) == 1 and (read[fitting[0]] % DAY_US)[read[fitting[0]] > NO_DATE].any():
        return shortest[0], "by which its times are closest together"
    fewest = _highest(fitting, [-_distinct(read[index], "D", "M") for index in fitting])
    if len(fewest) == 1:
        return fewest[0], "by which few days of the month occur"
    usual = "mdy" if is_slash else "dmy"
    chosen = next((index for index in fitting if ORDERS[index].order == usual), fitting[0])
    return chosen, f"as is usual with {'a slash' if is_slash else 'this mark'}"


def _highest(indices: Sequence[int], scores: Sequence[int]) -> list[int]:
    return [each for each, score in zip(indices, scores, strict=True) if score == max(scores)]


def _is_sorted(instants: Instants) -> bool:
    steps = np.diff(instants[instants > NO_DATE])
    return bool(len(steps) > 1 and ((steps >= 0).all() or (steps <= 0).all()))


def _span(instants: Instants) -> int:
    present = instants[instants > NO_DATE]
    return int(np.ptp(present)) if len(present) else 0


def _distinct(instants: Instants, unit: str, within: str) -> int:
    """How many years there are, or days within their month."""
    found = instants[instants > NO_DATE].astype("M8[us]").astype(f"M8[{unit}]")
    numbers = found - found.astype(f"M8[{within}]") if within else found
    return len(np.unique(numbers.astype(np.int64)))
