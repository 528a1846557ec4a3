"""Twins: two columns of which each tells the other, so that a model needs only one."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["Candidate", "are_twins"]

SAME_ORDER = 0.999  # Spearman's correlation of two columns of numbers
SAME_GROUPS = 0.99  # share of either's entropy that the other tells
ALIKE = 0.9  # scores of twins do not differ by more


@dataclass(frozen=True)
class Candidate:
    """A column's groups (N,), its normalised numbers (N,) if it holds numbers, and its score.

    `width` is how many numbers a model reads of it: several of a date.
    """

    group: NDArray[np.int64]
    numbers: NDArray[np.float64] | None
    score: float
    width: int = 1

    @cached_property
    def ranks(self) -> NDArray[np.float64] | None:
        """Ranks (N,) of mean 0 and length 1; None if they are not numbers, or all the same."""
        if self.numbers is None or np.isnan(self.numbers).all():
            return None
        ranks = np.nan_to_num(stats.rankdata(self.numbers, nan_policy="omit"))
        centred = ranks - ranks.mean()
        length = float(np.linalg.norm(centred))
        return centred / length if length else None

    @cached_property
    def entropy(self) -> float:
        """The entropy of the groups, in nats."""
        return _entropy(self.group)


def are_twins(one: Candidate, other: Candidate) -> bool:
    """Whether each column tells the other: by order if both are numbers, else by groups."""
    if min(one.score, other.score) < ALIKE * max(one.score, other.score):
        return False
    if one.ranks is not None and other.ranks is not None:
        missing = ((one.group == -1) != (other.group == -1)).any()
        return not missing and abs(float(one.ranks @ other.ranks)) >= SAME_ORDER
    needed = SAME_GROUPS * max(one.entropy, other.entropy)
    if min(one.entropy, other.entropy) < needed:  # neither can tell more than it holds
        return False
    pairs = one.group * (int(other.group.max()) + 2) + other.group  # a missing value is -1
    return one.entropy + other.entropy - _entropy(pairs) >= needed


def _entropy(group: NDArray[np.int64]) -> float:
    shares = np.unique(group, return_counts=True)[1] / len(group)
    return -float(shares @ np.log(shares))
