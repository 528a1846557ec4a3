"""What a raw value is: missing, a number, or neither."""

import math
import re
from typing import Any

import numpy as np

__all__ = ["WrongValueError", "is_missing", "text_number", "to_number"]

# What training takes for a number in a column of text: not all that `float` reads, as 1_000 or NAN.
_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity)", re.ASCII | re.IGNORECASE)


class WrongValueError(Exception):
    """A value that a column does not take; the message says what it is."""


def is_missing(value: Any) -> bool:
    """None, NaN, numpy's masked, and pandas' missing values, which this package does not import."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def to_number(value: Any) -> float:
    """A value that is neither missing nor text as a number; beyond float's range it saturates.

    Raises:
        WrongValueError: it is none.
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
    """The number that a text without blanks around it writes, or None where it writes none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def _is_number(value: Any) -> bool:
    """Whether `float` reads a number, where it reads anything: it also takes what is none.

    Bytes and every other buffer it would parse; of numpy it takes text, dates of nanoseconds, raw
    memory, and complex numbers without their imaginary part.
    """
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, np.dtype):
        return dtype.kind in "fiub"
    return hasattr(value, "__float__") or hasattr(value, "__index__")
