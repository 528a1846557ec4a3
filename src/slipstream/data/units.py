"""What is behind the numbers of a column of text: K, M or bn, or one unit.

A shape is a text with a nine for each digit; a zero in front stays.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from slipstream.data.currencies import CURRENCY
from slipstream.runtime.formats import SCALES, SEPARATORS, NumberFormat

__all__ = ["are_scaled", "common_unit", "has_unit", "without_scale"]

_MARKS = re.escape("".join(SEPARATORS.values()))
_NUMBER = rf"[+\-\u2212\u2013]?[09][09{_MARKS}]*"
_SIGN = rf"[^0-9\s{_MARKS}()]"
_SCALED = re.compile(
    rf"(?P<before>(?:{CURRENCY.pattern})?)(?P<number>\s?{_NUMBER})(?P<scale>{'|'.join(SCALES)})\.?"
    rf"\s?(?P<behind>(?:{CURRENCY.pattern})?)",
    re.IGNORECASE,
)
_UNIT = re.compile(rf"{_NUMBER}([^\W\d_]{_SIGN}{{0,7}}|[°″][^0-9\s]{{0,7}})")
# Alone, these are units: metres and millimetres, tonnes, bytes.
_UNITS = ({"m"}, {"mm"}, {"t"}, {"b"}, {"m", "mm"})
USUAL = 0.9  # the share of a column's numbers that have its unit; the others are taken to have it


def are_scaled(shapes: Sequence[str]) -> bool:
    """Whether numbers are in thousands, millions and so on, each as a letter behind it says."""
    found = [match["scale"] for match in map(_SCALED.fullmatch, shapes) if match]
    kinds = {each.lower() for each in found}
    return bool(found) and (kinds not in _UNITS or set(found) == {"M"})


def without_scale(shape: str) -> str:
    """A shape without K, M or the like behind its number."""
    found = _SCALED.fullmatch(shape)
    return shape if found is None else f"{found['before']}{found['number']}{found['behind']}"


def common_unit(shapes: Sequence[str], counts: NDArray[np.int64]) -> str:
    """The unit that is behind nearly all numbers (S,), which occur so often; empty if none is.

    Zeros in front make codes (`007A`).
    """
    found = [_UNIT.fullmatch(shape) for shape in shapes]
    units = {match[1] for match in found if match}
    is_measure = np.array([match is not None for match in found])
    if len(units) != 1 or counts[is_measure].sum() < USUAL * counts.sum():
        return ""
    return "" if any(re.match(r"\W*09", shape) for shape in shapes) else units.pop()


def has_unit(form: NumberFormat | None) -> bool:
    """Whether a format has a unit, which is no currency, or K, M and the like."""
    if form is None:
        return False
    return form.scaled or bool(form.currency and not CURRENCY.fullmatch(form.currency))
