"""Edges: where the straight lines of a numeric column's encoding begin and end.

Piecewise-linear encoding (Gorishniy et al. 2022, section 3.2.2) takes its edges from a small
decision tree. A network of straight lines between edges can jump only between two neighbouring
edges, so a threshold at which the answer may jump gets an edge on each side; a column of few
values gets one at each.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from slipstream.data.sampling import spread_places
from slipstream.features.spread import spread_of
from slipstream.runtime.types import Task

__all__ = ["TREES", "TrainingTarget", "find_edges"]

Floats = NDArray[np.float64]

FEW_VALUES = 33  # each of so many distinct values has an edge of its own
MOST_LEAVES = 21
MOST_QUANTILES = 10  # edges where rows are, whatever their target
MIN_LEAF_ROWS = 20
BIN_ROWS = 60  # training rows a bin, or a few rows are learned by heart,
FEW_BINS = 4  # but for so many bins
# A value on its own rather than one of many: of a column of few values, or of more than this share.
SEPARATE_VALUES = 128
SEPARATE_SHARE = 0.002
TAIL = 0.005  # share of training rows beyond each outermost edge; outliers saturate there
LARGEST_EDGE = 8e307  # keeps the difference of two edges finite
TREE_CELLS = 1 << 25  # rows times labels that a tree looks at: with 1,000 labels, 33,554 rows

# The tree whose thresholds are a column's edges, for each kind of target.
TREES: Mapping[Task, Callable[..., DecisionTreeClassifier | DecisionTreeRegressor]] = {
    "binary": partial(DecisionTreeClassifier, criterion="entropy"),
    "multiclass": partial(DecisionTreeClassifier, criterion="entropy"),
    "regression": DecisionTreeRegressor,
    "quantiles": DecisionTreeRegressor,
}


@dataclass(frozen=True)
class TrainingTarget:
    """The target of training rows (N,), its kind, and the rows' weights (N,) if they differ."""

    numbers: NDArray[np.number]
    task: Task
    weights: Floats | None = None

    @property
    def parted(self) -> NDArray[np.number]:
        """What a tree parts: labels (N,), numbers (N,), or for quantiles their spread too (N, 2).

        Numbers are scaled to a deviation near 1, since a tree takes a variance below 1e-16 for
        none. By a power of two, so that nothing is rounded.
        """
        if self.task not in ("regression", "quantiles"):
            return self.numbers
        _, exponent = np.frexp(self.numbers.std() if len(self.numbers) else 0.0)
        scaled = np.ldexp(self.numbers.astype(np.float64), -int(exponent))
        if self.task == "regression":
            return scaled
        return np.column_stack([scaled, spread_of(scaled, self.weights)])

    def at(self, places: NDArray[np.bool_] | NDArray[np.int64]) -> "TrainingTarget":
        """Of some of the rows."""
        weights = None if self.weights is None else self.weights[places]
        return TrainingTarget(self.numbers[places], self.task, weights)


@dataclass(frozen=True)
class _Values:
    """A column's distinct values (V,), ascending, and how many rows, by weight, hold each (V,)."""

    distinct: Floats
    mass: Floats

    def beyond(self, share: float) -> tuple[float, float]:
        """The lowest and the highest value with more than this share of the rows up to it."""
        rows = share * self.mass.sum()
        low = np.searchsorted(np.cumsum(self.mass), rows, side="right")
        high = np.searchsorted(np.cumsum(self.mass[::-1]), rows, side="right")
        last = len(self.distinct) - 1
        return self.distinct[min(low, last)], self.distinct[max(last - high, 0)]

    def quantiles(self, count: int) -> Floats:
        """So many values with equal shares of the rows between them."""
        shares = np.arange(1, count + 1) / (count + 1)
        up_to = np.cumsum(self.mass) / self.mass.sum()
        return self.distinct[np.minimum(np.searchsorted(up_to, shares), len(up_to) - 1)]

    def around(self, below: int) -> list[float]:
        """The edges for a threshold above the value of a place: both neighbours, or one between."""
        pair, rows = self.distinct[below : below + 2], self.mass[below : below + 2]
        few = len(self.distinct) <= SEPARATE_VALUES
        if few or (rows > SEPARATE_SHARE * self.mass.sum()).any():
            return [float(pair[0]), float(pair[1])]
        return [self.between(below)]

    def between(self, below: int) -> float:
        return float(self.distinct[below] / 2 + self.distinct[below + 1] / 2)


def find_edges(numbers: Floats, target: TrainingTarget, bins: int) -> Floats:
    """Find the edges of a column: from 2 to `bins` + 1 of them, strictly ascending.

    Args:
        numbers: (N,) the training rows' values, none of them missing.
        target: of the same rows.
        bins: the most bins; 1 is one straight line from end to end.
    """
    if not len(numbers):
        return np.array([0.0, 1.0])  # no value in the training part
    if target.weights is not None and not target.weights.any():
        target = replace(target, weights=None)  # a value that no row with a weight has
    clipped = np.clip(numbers, -LARGEST_EDGE, LARGEST_EDGE)
    distinct, ranks = np.unique(clipped, return_inverse=True)
    bins = min(bins, max(FEW_BINS, len(numbers) // BIN_ROWS))
    values = _Values(distinct, np.bincount(ranks, target.weights).astype(np.float64))
    if 1 < len(distinct) <= min(FEW_VALUES, bins + 1):
        return distinct
    below = _thresholds(ranks, target, bins)
    low, high = _ends(values, below)
    edges = np.unique([low, *_inside(values, below, (low, high), bins - 1), high])
    return edges if len(edges) > 1 else np.array([edges[0], edges[0] + max(1.0, abs(edges[0]))])


def _ends(values: _Values, below: NDArray[np.int64]) -> tuple[float, float]:
    """The outermost edges; where the tails matter, they keep their bins."""
    first, last = float(values.distinct[0]), float(values.distinct[-1])
    low, high = values.beyond(TAIL)
    if not low < high:
        return first, last
    if len(below):
        low = first if values.between(below.min()) <= low else low
        high = last if values.between(below.max()) >= high else high
    return low, high


def _inside(
    values: _Values, below: NDArray[np.int64], ends: tuple[float, float], most: int
) -> set[float]:
    """At most so many inner edges: the best thresholds' first, then quantiles."""
    inside: set[float] = set()
    for place in below:
        for edges in (values.around(place), [values.between(place)]):
            wanted = inside | {edge for edge in edges if ends[0] < edge < ends[1]}
            if len(wanted) <= most:
                inside = wanted
                break
    spare = min(MOST_QUANTILES, most - len(inside))
    return inside | {each for each in values.quantiles(spare) if ends[0] < each < ends[1]}


def _thresholds(ranks: NDArray[np.int64], target: TrainingTarget, bins: int) -> NDArray[np.int64]:
    """The thresholds of the column's tree, the most useful first: each value's rank below one.

    It parts ranks, since a tree computes in float32, which large or close values do not survive.
    """
    if bins == 1:
        return np.zeros(0, np.int64)
    if target.task == "multiclass":  # a tree's time is proportional to the labels
        labels = int(target.numbers.max(initial=0)) + 1
        chosen = spread_places(len(ranks), TREE_CELLS // labels)
        ranks, target = ranks[chosen], target.at(chosen)
    leaves = min(MOST_LEAVES, bins)
    tree = TREES[target.task](max_leaf_nodes=leaves, min_samples_leaf=MIN_LEAF_ROWS, random_state=0)
    tree.fit(ranks.reshape(-1, 1), target.parted, sample_weight=target.weights)
    split = np.flatnonzero(tree.tree_.feature >= 0)
    # Grown best first, a tree numbers the children of its best split first.
    ordered = split[np.argsort(tree.tree_.children_left[split], kind="stable")]
    return tree.tree_.threshold[ordered].astype(np.int64)
