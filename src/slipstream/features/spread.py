"""Spread: how far numbers are from their median; quantiles depend on it, and the mean does not."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["spread_of"]


def spread_of(
    numbers: NDArray[np.number], weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """How far numbers (N,) are from their median, of rows with these weights (N,)."""
    median = np.quantile(numbers, 0.5, weights=weights, method="inverted_cdf")
    return np.abs(numbers - median)
