"""Target statistics: what a category of few rows has shown of the target.

A column of many categories is one-hot only where a category has enough rows to learn a vector of
its own. For the rest, the network reads a number that sums up the category: the mean of the target
in its rows, drawn towards the mean of all rows. In training a row reads it of the rows before it,
in a random order (ordered target statistics: Prokhorenkova et al. 2018, "CatBoost: unbiased
boosting with categorical features", section 3.2), so that its own target is never in its input;
every other row reads it of all training rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slipstream.features.spread import spread_of
from slipstream.training.losses import Objective

__all__ = ["Responses", "TargetStatistics", "target_statistics"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

# How many rows like the whole table a category is mixed with; what predicts best is taken.
SHRINKAGE_ROWS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
MOST_LABELS = 32  # of more labels, the commonest have a statistic
TINY = 1e-6  # keeps a share of 0 or 1 from an infinite logit


@dataclass(frozen=True)
class TargetStatistics:
    """S numbers for each category of a column, and for each of the training rows.

    Args:
        rows: (N, S), of the rows before each training row in a random order.
        categories: (C, S), of all training rows.
    """

    rows: Floats
    categories: Floats


@dataclass(frozen=True)
class Responses:
    """What is averaged of the training rows.

    Args:
        values: (N, S), of labels, whether a row has them; of numbers, the numbers.
        rows: (N, 1), how much each row counts.
        are_shares: whether they are of labels: their statistic is a difference of logits.
    """

    values: Floats
    rows: Floats
    are_shares: bool

    @classmethod
    def of(
        cls, target: NDArray[np.number], weights: Floats | None, objective: Objective
    ) -> "Responses":
        """Those of a target (N,); of quantiles, its distance from the median too."""
        rows = np.ones((len(target), 1)) if weights is None else weights[:, None]
        if objective.is_standardised:
            numbers = target.astype(np.float64)
            several = [numbers] if objective.is_mean else [numbers, spread_of(numbers, weights)]
            return cls(np.column_stack(several), rows, are_shares=False)
        counts = np.bincount(target.astype(np.int64), minlength=2)
        labels = np.sort(np.argsort(-counts, kind="stable")[:MOST_LABELS])
        has = target[:, None] == (labels if len(counts) > 2 else labels[1:])
        return cls(has.astype(np.float64), rows, are_shares=True)

    def mean(self, values: Floats) -> Floats:
        """The mean (S,) of values (N, S) over the rows."""
        mean: Floats = np.average(values, axis=0, weights=self.rows[:, 0])
        return mean


def target_statistics(
    codes: Codes, categories: int, responses: Responses, seed: Sequence[int]
) -> TargetStatistics:
    """Compute the statistics of one column.

    Args:
        codes: (N,) each training row's category.
        categories: how many there are.
        responses: of the same rows.
        seed: of the order of rows.
    """
    values, rows = responses.values, responses.rows
    prior = responses.mean(values)
    order = np.random.default_rng(seed).permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]  # each category's rows together
    before, rows_before = (_before(each, codes, order) for each in (values * rows, rows))
    in_all, rows_in_all = (_totals(each, codes, categories) for each in (values * rows, rows))
    shrinkage = min(
        SHRINKAGE_ROWS,
        key=lambda each: float(
            responses.mean(np.square(values - _mixed(before, rows_before, prior, each))).sum()
        ),
    )
    means = (
        _mixed(before, rows_before, prior, shrinkage),
        _mixed(in_all, rows_in_all, prior, shrinkage),
    )
    if responses.are_shares:
        return TargetStatistics(*(_logit(each) - _logit(prior) for each in means))
    deviation = np.sqrt(responses.mean(np.square(values - prior)))
    return TargetStatistics(*((each - prior) / np.where(deviation, deviation, 1) for each in means))


def _before(values: Floats, codes: Codes, order: Codes) -> Floats:
    """The sums (N, S) of values (N, S) in the rows of the same category that come before a row."""
    ordered, sorted_codes = values[order], codes[order]
    passed = np.cumsum(ordered, axis=0) - ordered
    begins = np.r_[True, sorted_codes[1:] != sorted_codes[:-1]]
    first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
    sums = np.empty_like(passed)
    sums[order] = passed - passed[first]
    return sums


def _totals(values: Floats, codes: Codes, categories: int) -> Floats:
    return np.stack([np.bincount(codes, each, categories) for each in values.T], axis=1)


def _mixed(sums: Floats, counts: Floats, prior: Floats, shrinkage: float) -> Floats:
    """Means of sums (N, S) over counts (N, 1) of rows and some more that are as all rows are."""
    means: Floats = (sums + shrinkage * prior) / (counts + shrinkage)
    return means


def _logit(share: Floats) -> Floats:
    inside = np.clip(share, TINY, 1 - TINY)
    logits: Floats = np.log(inside / (1 - inside))
    return logits
