"""Means over rows, and their intervals, where some rows count more than others."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slipstream.measurement.intervals import Interval

__all__ = ["Weights", "mean", "mean_interval", "of_rows", "quantile_of_t", "sum_of_squares"]

Floats = NDArray[np.float64]
Weights = NDArray[np.float64] | None  # (N,); None: all rows count alike


def of_rows(weights: Weights, count: int) -> Floats:
    """The weight of each row (N,): 1 where all rows count alike."""
    return np.ones(count) if weights is None else weights


def mean(values: NDArray[Any], weights: Weights) -> float:
    """The mean of values (N,)."""
    return float(np.average(values, weights=weights))


def mean_interval(values: Floats, weights: Weights) -> Interval:
    """The mean of values (N,) with its 95 % interval.

    Of equal weights, that of a t-test. Else the mean is a ratio of two sums, and its variance is
    that of the ratio by linearisation (Cochran 1977, section 6.4): a row's part is its distance
    from the mean times its weight. Rows of weight 0 do not count.
    """
    estimate = mean(values, weights)
    if weights is not None:
        values, weights = values[weights > 0], weights[weights > 0]
    if len(values) < 2 or not values.std():
        return Interval(estimate=estimate, low=estimate, high=estimate)
    if weights is None:
        low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        return Interval(estimate=estimate, low=float(low), high=float(high))
    half = quantile_of_t(len(values) - 1) * math.sqrt(sum_of_squares(values, weights))
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def sum_of_squares(values: Floats, weights: Weights) -> float:
    """The variance of the mean of values (N,), two or more."""
    shares = np.full(len(values), 1 / len(values)) if weights is None else weights / weights.sum()
    parts = shares * (values - shares @ values)
    return float(parts @ parts) * len(values) / (len(values) - 1)


def quantile_of_t(freedom: float) -> float:
    """Student's quantile of a 95 % interval."""
    return float(stats.t.ppf(0.975, freedom))
