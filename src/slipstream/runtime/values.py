"""What a raw value is: missing, a number, or neither."""

import math
import re
from typing import Any

import numpy as np

__all__ = ["WrongValueError", "is_missing", "text_number", "text_truth", "to_number"]

# What training accepts as a number in text: less than `float`, which also takes 1_000 and NAN.
_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity)", re.ASCII | re.IGNORECASE)
_TRUTH = {"true": 1.0, "false": 0.0}


class WrongValueError(Exception):
    """A value that a column does not accept; the message describes it."""


def is_missing(value: Any) -> bool:
    """Whether this is None, NaN, numpy's masked, or a missing value of pandas (never imported)."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def to_number(value: Any) -> float:
    """Convert a value that is neither missing nor text; beyond float's range it saturates.

    Raises:
        WrongValueError: it is not a number.
    """
    try:
        if not _is_number(value):
            raise TypeError
        try:
            return float(value)
        except OverflowError:  # an int beyond float's range saturates like an infinity
            return math.inf if value > 0 else -math.inf
    except (TypeError, ValueError):
        raise WrongValueError(f"a value of type {type(value).__name__}") from None


def text_number(text: str) -> float | None:
    """The number in text without blanks around it; None if there is none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def text_truth(text: str) -> float | None:
    """1 for true and 0 for false, in any case; None for other text."""
    return _TRUTH.get(text.lower())


def _is_number(value: Any) -> bool:
    """Whether this is a number; `float()` alone accepts too much.

    It would parse bytes and every other buffer; of numpy it takes text, dates in nanoseconds, raw
    memory, and complex numbers without their imaginary part.
    """
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, np.dtype):
        return dtype.kind in "fiub"
    return hasattr(value, "__float__") or hasattr(value, "__index__")
