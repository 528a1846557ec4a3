"""Dates and times in text: the layouts that are read, in training and by the predictor.

ISO 8601 (2025-03-04T12:30:00.5+01:00, 20250304T123000Z, 2025-03, 2025-W10-2), its parts also
divided by a slash, a point or a blank; a month's name with the year, and with the day on either
side; three numbers in an order that the whole column decides, such as 04/03/2025; a month or
quarter with its year (03/2025, Q1 2025). A time may follow, with seconds and fractions, am or pm,
and Z, UTC, GMT or an offset; or stand within, as in `Tue Mar  4 12:30:00 2025`. Web services of
.NET write /Date(1741091400000)/.
"""

import re
from datetime import date
from typing import Literal

__all__ = [
    "EPOCH_ORDINAL",
    "NOTHING",
    "PIVOT",
    "Order",
    "date_in_digits",
    "has_zone",
    "parse_clock",
    "parse_date",
]

Order = Literal["dmy", "mdy", "ymd"]

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
NOTHING = -(10**18)  # microseconds before any date: all digits are zero, as MySQL writes "no date"
PIVOT = 69  # two-digit years from here on are of the last century, as in POSIX

# The names of the months in English, German, French, Spanish, Italian, Portuguese and Dutch.
_MONTHS = (
    "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar février févr fév febrero febbraio fevereiro fev februari",
    "march mar märz mär mrz mars marzo março maart mrt",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug août agosto ago augustus",
    "september sep sept septembre septiembre settembre setembro set",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro",
)
_MONTH_OF = {
    name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()
}
_NAME = r"(?P<name>[a-zà-ÿÀ-Ý]{3,10})"
_WEEKDAYS = (
    "(?:mon|tue|tues|wed|wednes|thu|thurs|fri|sat|satur|sun)(?:day)?",
    "mo|di|mi|do|fr|sa|so|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag",
    "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
    "lunes|martes|miércoles|jueves|viernes|sábado|domingo",
    "lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica",
    "(?:segunda|terça|quarta|quinta|sexta)(?:-feira)?",
    "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag",
)
_DAY = rf"(?:(?:{'|'.join(_WEEKDAYS)})\.?,? +)?"
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?)?"
)
_ZONE = r"(?: ?(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)(?:\[[a-z_/+-]+\])?)?"
_TIME = rf"(?:(?:t|,? +|:){_CLOCK}{_ZONE})?"
_YMD = r"(?P<year>\d{4})(?P<mark>[-/.:] ?| )(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})\.?"
_DATES = {
    "ymd": _YMD,
    "ym": r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
    "ordered": r"(?P<one>\d{1,2})(?P<mark>[-/.] ?| )(?P<two>\d{1,2})(?P=mark)"
    r"(?P<three>\d{4}|\d{2})\.?",
    "dby": r"(?P<day>\d{1,2})(?:st|nd|rd|th|er)?(?: de )?[ ./-]*" + _NAME + r"\.?,?(?: del? )?"
    r"[ ./-]*(?P<year>\d{4}|\d{2})",
    "bdy": _NAME + r"\.?[ ./-]*(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,? +|[,./-])"
    r"(?P<year>\d{4}|\d{2})",
    "ybd": r"(?P<year>\d{4})[ ./-]" + _NAME + r"\.?[ ./-](?P<day>\d{1,2})",
}
# Layouts that no time follows: a month, a quarter or a week with its year, or the time is within.
_WHOLE = (
    r"(?P<month>\d{1,2})[/-](?P<year>\d{4})",
    _NAME + r"(?:\.?,?(?: de)?[ ./-]*(?P<year>\d{4})|[-'](?P<short>\d{2}))",
    r"(?P<year>\d{4})[ ./-]?" + _NAME,
    r"(?P<year>\d{4})[ /-]?q(?P<quarter>[1-4])",
    r"q(?P<quarter>[1-4])[ /-]?(?P<year>\d{4})",
    r"(?P<year>\d{4})-?w(?P<week>\d{2})(?:-?(?P<weekday>[1-7]))?",
    rf"{_NAME} +(?P<day>\d{{1,2}}) {_CLOCK}{_ZONE} (?P<year>\d{{4}})",
    _YMD + r"[ t](?P<hour>\d{2})",
    _YMD + r"[ -](?P<hour>\d{2})\.(?P<minute>\d{2})\.(?P<second>\d{2})(?:\.(?P<fraction>\d+))?",
)
_FLAGS = re.ASCII | re.IGNORECASE
_LAYOUTS = [re.compile(f"{_DAY}{each}{_TIME}", _FLAGS) for each in _DATES.values()]
_LAYOUTS += [re.compile(f"{_DAY}{each}", _FLAGS) for each in _WHOLE]
_BASIC = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})t(?P<hour>\d{2})(?P<minute>\d{2})"
    rf"(?:(?P<second>\d{{2}})(?:[.,](?P<fraction>\d+))?)?{_ZONE}",
    _FLAGS,
)
_OF_JSON = re.compile(r"/date\((?P<count>-?\d{1,14})(?:[+-]\d{4})?\)/", _FLAGS)  # milliseconds
_ENDS_IN_ZONE = re.compile(
    r".*:\d{2}.*?(?:z|utc|gmt|[+-]\d{2}(?::?\d{2})?)(?:\[\S+\]| \d{4})?", _FLAGS
)
_CLOCK_ALONE = re.compile(_CLOCK, _FLAGS)


def parse_date(text: str, order: Order | None) -> int | None:
    """Read text without blanks around it: microseconds since 1970 in UTC; None: it is no date.

    Args:
        text: what to read.
        order: of three numbers that are not a year first; None: such text is no date.
    """
    for layout in (*_LAYOUTS, _BASIC):
        found = layout.fullmatch(text)
        if found is not None:
            parts = found.groupdict()
            day = _day(parts, order)
            clock = _clock_us(parts) if parts.get("hour") else 0
            offset = _offset_us(parts.get("zone"))
            if day is None or clock is None or offset is None:
                return None
            return day if day == NOTHING else day * 86_400_000_000 + clock - offset
    counted = _OF_JSON.fullmatch(text)
    return None if counted is None else int(counted["count"]) * 1000


def has_zone(text: str) -> bool:
    """Whether a date's text ends in a zone, such as Z or +01:00."""
    return _ENDS_IN_ZONE.fullmatch(text) is not None


def date_in_digits(number: float) -> int | None:
    """The date that a number such as 20250304 spells, in microseconds; None if it spells none.

    So do fourteen digits, with the time: 20250304123000.
    """
    if number == 0:
        return NOTHING
    if not 1e7 <= number < 1e14 or 1e8 <= number < 1e13 or number != int(number):
        return None
    whole, time = divmod(int(number), 1_000_000) if number >= 1e13 else (int(number), 0)
    day = _ordinal(whole // 10_000, whole // 100 % 100, whole % 100)
    clock = _seconds_of_day(time // 10_000, time // 100 % 100, time % 100)
    return None if day is None or clock is None else day * 86_400_000_000 + clock * 1_000_000


def parse_clock(text: str) -> int | None:
    """Read a time of day, in microseconds; None if it is none."""
    found = _CLOCK_ALONE.fullmatch(text)
    return None if found is None else _clock_us(found.groupdict())


def _day(parts: dict[str, str | None], order: Order | None) -> int | None:
    """Days since 1970; `NOTHING` where all is zero; None where there is no such day."""
    if parts.get("one") is not None:
        if order is None:
            return NOTHING if _all_zero(parts, "one", "two", "three") else None
        fields = dict(zip(order, (parts["one"], parts["two"], parts["three"]), strict=True))
        year, month, day = fields["y"], fields["m"], fields["d"]
        if len(str(year)) == 1 or len(str(day)) > 2:
            return None
    elif parts.get("week"):
        return _of_week(int(parts["year"] or 0), int(parts["week"] or 0), parts["weekday"])
    else:
        year, day = parts["year"] or parts.get("short"), parts.get("day") or "1"
        quarter = parts.get("quarter")
        month = parts.get("month") or str(_MONTH_OF.get(str(parts.get("name")).lower(), 13))
        month = str(3 * int(quarter) - 2) if quarter else month
    assert year is not None
    assert month is not None
    assert day is not None
    if int(year) == int(month) == int(day) == 0:
        return NOTHING
    return _ordinal(_whole_year(year), int(month), int(day))


def _all_zero(parts: dict[str, str | None], *names: str) -> bool:
    return all(int(parts[name] or "1") == 0 for name in names)


def _whole_year(year: str) -> int:
    short = int(year)
    return short if len(year) == 4 else short + (1900 if short >= PIVOT else 2000)


def _ordinal(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal() - EPOCH_ORDINAL
    except ValueError:
        return None


def _of_week(year: int, week: int, weekday: str | None) -> int | None:
    """Days since 1970 of a day in a week of ISO 8601, by default its first."""
    try:
        return date.fromisocalendar(year, week, int(weekday or 1)).toordinal() - EPOCH_ORDINAL
    except ValueError:
        return None


def _clock_us(parts: dict[str, str | None]) -> int | None:
    hour, minute = int(parts["hour"] or 0), int(parts.get("minute") or 0)
    second, half = int(parts.get("second") or 0), parts.get("half")
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    of_day = _seconds_of_day(hour, minute, second)
    fraction = int((parts.get("fraction") or "")[:6].ljust(6, "0"))  # finer digits are cut off
    return None if of_day is None else of_day * 1_000_000 + fraction


def _seconds_of_day(hour: int, minute: int, second: int) -> int | None:
    is_next_day = (hour, minute, second) == (24, 0, 0)  # ISO 8601; 60 is a leap second
    if not is_next_day and (hour > 23 or minute > 59 or second > 60):
        return None
    return (hour * 60 + minute) * 60 + second


def _offset_us(zone: str | None) -> int | None:
    if zone is None or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        return None
    size = (hours * 60 + minutes) * 60_000_000
    return size if zone[0] == "+" else -size
