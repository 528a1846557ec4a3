"""What is derived from an instant, besides the instant itself: all from its seconds, exactly.

Whole seconds are exact in float64, so days and the calendar are integer arithmetic (the calendar
as in Hinnant, "chrono-Compatible Low-Level Date Algorithms"), the same here as in C.
"""

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.date_text import EPOCH_ORDINAL

__all__ = ["PARTS", "derive", "derive_one"]

Floats = NDArray[np.float64]

# hour 0 to 24 with its fraction, weekday 0 (Monday) to 6, day of the month, month of the year
PARTS = ("hour", "weekday", "day", "month")
DAY_SECONDS = 86_400
MONDAY = 3  # the first of January 1970 was a Thursday
ERA_DAYS = 146_097  # 400 years
MARCH_0000 = 719_468  # days from the first of March of year 0 to 1970


def derive_one(seconds: float, parts: Sequence[str]) -> list[float]:
    """Derive parts of one instant: NaN each where it is missing."""
    if seconds != seconds:
        return [math.nan] * len(parts)
    days = math.floor(seconds) // DAY_SECONDS
    day = date.fromordinal(days + EPOCH_ORDINAL)
    all_parts = {
        "hour": (seconds - days * DAY_SECONDS) / 3600,
        "weekday": float(day.weekday()),
        "day": float(day.day),
        "month": float(day.month),
    }
    return [all_parts[part] for part in parts]


def derive(seconds: Floats, parts: Sequence[str]) -> list[Floats]:
    """Derive parts of instants (N,): an array (N,) for each."""
    if not parts:
        return []
    absent = np.isnan(seconds)
    known = np.where(absent, 0.0, seconds)
    days = np.floor(known).astype(np.int64) // DAY_SECONDS
    made = {}
    if "hour" in parts:
        made["hour"] = (known - days * float(DAY_SECONDS)) / 3600
    if "weekday" in parts:
        made["weekday"] = (days + MONDAY) % 7
    if "day" in parts or "month" in parts:
        made["day"], made["month"] = _calendar(days)
    return [np.where(absent, np.nan, made[part]) for part in parts]


def _calendar(days: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The day of the month and the month of days since 1970."""
    of_era = (days + MARCH_0000) % ERA_DAYS
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)  # from the first of March
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    return day, np.where(month < 10, month + 3, month - 9)
