"""Columns whose type is of dates, times or durations, as the predictor counts them."""

import numpy as np
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.runtime.dates import as_seconds
from slipstream.runtime.numpy_time import NOT_A_TIME

__all__ = ["instants", "is_temporal", "temporal_seconds"]

_UNIT_US = {"s": 1_000_000, "ms": 1000, "us": 1}
_LARGEST = 1 << 62


def is_temporal(kind: pa.DataType) -> bool:
    """Whether a column has a type of dates, times or durations."""
    return bool(pt.is_temporal(kind)) and not pt.is_interval(kind)


def temporal_seconds(cells: pa.Array) -> NDArray[np.float64]:
    """The cells of a temporal column as seconds (N,): since 1970, of the day, or long."""
    if pt.is_timestamp(cells.type) or pt.is_date(cells.type):
        return as_seconds(instants(cells))
    counts = _microseconds(cells)
    return np.where(counts == NOT_A_TIME, np.nan, counts / 1e6)


def instants(cells: pa.Array) -> NDArray[np.int64]:
    """Microseconds since 1970 (N,) of timestamps or dates; `NOT_A_TIME` where they are missing."""
    return _microseconds(cells.cast(pa.timestamp("s")) if pt.is_date(cells.type) else cells)


def _microseconds(cells: pa.Array) -> NDArray[np.int64]:
    """What cells count, in whole microseconds (N,), rounded down; far from 0 they saturate."""
    counts = cells.cast(pa.int32()) if pt.is_time32(cells.type) else cells
    numbers = counts.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    if cells.type.unit == "ns":
        scaled = numbers // 1000
    else:
        scale = _UNIT_US[cells.type.unit]
        scaled = np.clip(numbers, -_LARGEST // scale, _LARGEST // scale) * scale
    return np.where(cells.is_null().to_numpy(zero_copy_only=False), NOT_A_TIME, scaled)
