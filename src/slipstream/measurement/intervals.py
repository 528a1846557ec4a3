"""95 % bootstrap intervals (Efron 1979), by percentiles, from a fixed seed.

What is resampled of timed calls is whole blocks: calls of one block met the same machine. Arms that
took their blocks in turn are resampled together, so that a ratio of two of them is a paired one.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from slipstream.artifacts.values import Value

__all__ = ["Interval", "interval", "mean", "median", "median_ratio", "quantile", "quantiles"]


class Interval(Value):
    """An estimate with its 95 % interval; `f"{interval:.2f}"` is `1.05 [1.04, 1.06]`."""

    estimate: float
    low: float
    high: float

    def __format__(self, form: str) -> str:
        return f"{self.estimate:{form}} [{self.low:{form}}, {self.high:{form}}]"

    def __neg__(self) -> "Interval":
        """The same change, seen from the other side."""
        return Interval(estimate=-self.estimate, low=-self.high, high=-self.low)


Floats = NDArray[np.float64]

RESAMPLES = 2000
QUANTILE_RESAMPLES = 500  # each reweights all calls: 2,000 take a run's benchmark ten seconds
RESAMPLES_AT_ONCE = 100  # in memory, for values that may be many
CONFIDENCE = 0.95


def mean(values: Floats) -> Interval:
    """The mean of values (N,); its interval has no width where they are all the same."""
    estimate = float(np.mean(values))
    if len(np.unique(values)) == 1:
        return Interval(estimate=estimate, low=estimate, high=estimate)
    from scipy import stats  # takes half a second, and commands that only show intervals need none

    found = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=10,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Interval(estimate=estimate, low=float(found.low), high=float(found.high))


def median(values: Floats) -> Interval:
    """The median of values (N,)."""
    return quantile(values, 0.5)


def quantile(calls: Floats, share: float) -> Interval:
    """A quantile over all calls (blocks, calls), or over one value a block (blocks,)."""
    return interval(quantiles(calls, share))


def median_ratio(above: Floats, below: Floats) -> Interval:
    """The quotient of two arms' medians over all their calls; both (blocks, calls) or (blocks,)."""
    return interval(quantiles(above, 0.5) / quantiles(below, 0.5))


def interval(resampled: Floats) -> Interval:
    """The interval of something computed from `quantiles`: (1 + QUANTILE_RESAMPLES,)."""
    estimate, tail = float(resampled[0]), (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled[1:], (tail, 1 - tail))
    return Interval(
        estimate=estimate, low=min(float(low), estimate), high=max(float(high), estimate)
    )


def quantiles(calls: Floats, share: float) -> Floats:
    """A quantile of all calls, then of every resample: (1 + QUANTILE_RESAMPLES,).

    Arms of as many blocks are resampled alike. A clock has few different values, so a resample is
    not made: how often each value occurs in it is a sum of the blocks' counts.

    Args:
        calls: (blocks, calls), or one value a block, (blocks,).
        share: which quantile, interpolated as numpy does.
    """
    blocks = calls.reshape(len(calls), -1)
    values, codes = np.unique(blocks, return_inverse=True)
    counts = np.zeros((len(blocks), len(values)), dtype=np.float32)  # exact up to 2^24 calls
    np.add.at(counts, (np.arange(len(blocks))[:, None], codes.reshape(blocks.shape)), 1)
    resampled = [
        _counted_quantile(values, chosen @ counts, share, blocks.size)
        for chosen in np.split(_resamples(len(blocks)), QUANTILE_RESAMPLES // RESAMPLES_AT_ONCE)
    ]
    return np.concatenate([[np.quantile(blocks, share)], *resampled])


@cache
def _resamples(blocks: int) -> NDArray[np.float32]:
    """How often each resample takes each block: (QUANTILE_RESAMPLES, blocks)."""
    random = np.random.default_rng(0)
    shares = np.full(blocks, 1 / blocks)
    return random.multinomial(blocks, shares, size=QUANTILE_RESAMPLES).astype(np.float32)


def _counted_quantile(values: Floats, counts: NDArray[np.float32], share: float, n: int) -> Floats:
    """A quantile of n sorted values (D,) that occur so often: counts (R, D) → (R,)."""
    position = share * (n - 1)
    below = np.cumsum(counts, axis=1)  # how many are not larger
    lower, upper = (
        values[(below <= rank).sum(axis=1)] for rank in (np.floor(position), np.ceil(position))
    )
    return lower + (upper - lower) * (position - np.floor(position))
