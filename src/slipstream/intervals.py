"""95 % bootstrap intervals (Efron 1979), by percentiles, from a fixed seed."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from slipstream.results import Interval

__all__ = ["mean", "median", "median_ratio", "quantile"]

Floats = NDArray[np.float64]

RESAMPLES = 2000
QUANTILE_RESAMPLES = 200  # a quantile of all calls is slow to take
RESAMPLES_AT_ONCE = 10  # in memory, for values that may be many


def mean(values: Floats) -> Interval:
    """The mean of values (N,)."""
    return _bootstrap(values, np.mean, RESAMPLES)


def median(values: Floats) -> Interval:
    """The median of values (N,)."""
    return _bootstrap(values, np.median, RESAMPLES)


def median_ratio(above: Floats, below: Floats) -> Interval:
    """The median ratio of two arms' block medians; both (blocks, calls)."""
    return median(np.median(above, axis=1) / np.median(below, axis=1))


def quantile(calls: Floats, share: float) -> Interval:
    """A quantile over all calls (blocks, calls); blocks are what is resampled."""

    def of_blocks(chosen: NDArray[np.int64]) -> float:
        return float(np.quantile(calls[chosen], share))

    blocks = np.arange(len(calls))
    return _bootstrap(blocks, of_blocks, QUANTILE_RESAMPLES, vectorized=False)


def _bootstrap(
    values: NDArray[Any], statistic: Callable[..., Any], resamples: int, **options: Any
) -> Interval:
    """An interval of no width where resampling changes nothing."""
    estimate = float(statistic(values))
    if len(np.unique(values)) == 1:
        return Interval(estimate=estimate, low=estimate, high=estimate)
    found = stats.bootstrap(
        (values,),
        statistic,
        n_resamples=resamples,
        batch=RESAMPLES_AT_ONCE,
        method="percentile",
        rng=np.random.default_rng(0),
        **options,
    ).confidence_interval
    return Interval(estimate=estimate, low=float(found.low), high=float(found.high))
