"""Numbers that stand for a missing value, such as -999: pointed out, not changed."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["sentinel_note"]

# A number that occurs this often, this many times farther from the others than they spread.
SENTINEL_COUNT, SENTINEL_GAP = 3, 2
SENTINEL_OTHERS = 20  # distinct
_NINES = frozenset(float("9" * digits) for digits in range(2, 12))


def sentinel_note(numbers: NDArray[np.float64]) -> str:
    """Say that the smallest or largest number may stand for missing; empty if it does not.

    It is repeated, and much farther from the others than they are from each other; or it is -1 or
    digits of nine, and the only negative number.
    """
    present = numbers[~np.isnan(numbers)]
    for end in (np.min, np.max) if len(present) else ():
        number = end(present)
        same = present == number
        others = present[~same]
        if same.sum() < SENTINEL_COUNT or not len(others) or number == 0:
            continue
        found = _sentinel(float(number), others)
        if found:
            return (
                f"{int(same.sum()):,} of its values are {found}, as if it stood for a missing "
                "value; if it does, leave those cells empty"
            )
    return ""


def _sentinel(number: float, others: NDArray[np.float64]) -> str:
    """What makes a number stand for a missing one, next to others (N,); empty if nothing does."""
    distinct, nines = len(np.unique(others)), abs(number) in _NINES
    with np.errstate(over="ignore"):
        far = np.abs(others - number).min() > SENTINEL_GAP * (others.max() - others.min())
    if far and (distinct >= SENTINEL_OTHERS or (nines and distinct > 2)):
        return "one number far from all others"
    is_only = number < 0 <= others.min() and (nines or number == -1)
    return "the only negative number" if is_only and distinct >= SENTINEL_OTHERS else ""
