"""What to say of dates in text: what is missing, of which century and zone they are."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from slipstream.data.columns import slip_notes
from slipstream.data.date_orders import NO_DATE
from slipstream.data.texts import Texts
from slipstream.runtime.date_text import PIVOT, has_zone
from slipstream.runtime.text import listing

__all__ = [
    "CONVERTED",
    "absent_notes",
    "nothing_note",
    "short_year_notes",
    "years_are",
    "zone_notes",
]

CLEAR_SHORT_YEARS = (2000, 2040)  # that years of two digits are hardly of another century than
_LONG_YEAR = re.compile(r"\d{4}", re.ASCII)
CONVERTED = "its times{} are converted to UTC, hour and weekday too"

Instants = NDArray[np.int64]
Mask = NDArray[np.bool_]


def absent_notes(texts: Texts, markers: Mask, slips: Mask, wanted: str) -> list[str]:
    """What counts as missing among dates or durations."""
    notes = []
    if markers.any():
        words = sorted(texts.words.filter(pa.array(markers)).to_pylist())
        share = f"{100 * texts.share(markers):.2g} %"
        notes.append(f"{share} of its values ({listing(words, most=5)}) count as missing")
    return [*notes, *slip_notes(texts, slips, wanted)]


def nothing_note(count: int) -> str:
    """Say how many dates stand for none."""
    return (
        f"{count:,} of its dates are of a year that stands for no date, such as 0000, 0001 or "
        "9999, and count as missing"
    )


def short_year_notes(words: Sequence[str], found: Instants) -> list[str]:
    """Say which century years of two digits are of, where another may be meant."""
    short = np.array([_LONG_YEAR.search(word) is None for word in words]) & (found > NO_DATE)
    if not short.any() or years_are(found[short], CLEAR_SHORT_YEARS).all():
        return []
    note = (
        f"its years have two digits; {PIVOT} to 99 are taken as 19{PIVOT} to 1999, and 00 to "
        f"{PIVOT - 1} as 2000 to 20{PIVOT - 1}"
    )
    return [note]


def zone_notes(texts: Texts) -> list[str]:
    """Say what becomes of times that have a zone."""
    words = texts.words.to_pylist()
    zoned = np.array([has_zone(word) for word in words])
    if not zoned.any():
        return []
    if zoned.all():
        has_offsets = any(word[-1] not in "zZCTct" for word in words)
        return [CONVERTED.format("")] if has_offsets else []
    rows = texts.count(zoned)
    return [f"{rows:,} of its values say their time zone; the others are taken to be in UTC"]


def years_are(instants: Instants, years: tuple[int, int]) -> Mask:
    """Which instants (N,) are from one year on and before another."""
    low, high = (np.datetime64(f"{year}-01-01", "us").astype(np.int64) for year in years)
    return (instants >= low) & (instants < high)
