"""Fewer rows that stand for a table."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["spread", "spread_places"]


def spread(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many rows, from all over the table: its order may mean something."""
    return rows if len(rows) <= most else rows.iloc[spread_places(len(rows), most)]


def spread_places(count: int, most: int) -> NDArray[np.int64]:
    """The places of at most so many of `count` rows, from first to last at equal steps."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.int64)
