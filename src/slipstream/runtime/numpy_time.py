"""numpy's datetime64 and timedelta64, in whatever unit, as whole microseconds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.values import WrongValueError

__all__ = ["NOT_A_TIME", "microseconds"]

NOT_A_TIME = np.iinfo(np.int64).min  # what numpy holds for NaT
_LARGEST = 1 << 62

# How many microseconds a unit is, or how many of it make one.
_UNIT_US = {"W": 604_800_000_000, "D": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000}
_UNIT_US |= {"s": 1_000_000, "ms": 1000, "us": 1}
_UNITS_A_US = {"ns": 10**3, "ps": 10**6, "fs": 10**9, "as": 10**12}


def microseconds(values: NDArray[Any]) -> NDArray[np.int64]:
    """Count the microseconds of values (N,), rounded down; those beyond 140,000 years saturate.

    Raises:
        WrongValueError: they are durations in months or years, or in no unit.
    """
    unit, step = np.datetime_data(values.dtype)
    absent = np.isnat(values)
    if absent.all():
        return np.full(values.shape, NOT_A_TIME)
    if unit in ("Y", "M") and values.dtype.kind == "M":
        return microseconds(values.astype("M8[D]"))
    if unit not in _UNIT_US and unit not in _UNITS_A_US:
        raise WrongValueError(f"a value of type {values.dtype}")
    if step != 1:
        return microseconds(values.astype(f"{values.dtype.kind}8[{unit}]"))
    counts = values.astype(np.int64)
    if unit in _UNIT_US:
        most = _LARGEST // _UNIT_US[unit]
        counts = np.clip(counts, -most, most) * _UNIT_US[unit]
    else:
        counts = counts // _UNITS_A_US[unit]
    return np.where(absent, NOT_A_TIME, counts)
