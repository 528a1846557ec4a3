"""Folds: which rows of the training part are answered by models that have not seen them."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["assign_folds"]

FOLDS = 5


def assign_folds(
    rows: int,
    seed: int,
    *,
    labels: NDArray[np.number] | None = None,
    groups: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Assign each row (N,) one of at most `FOLDS` folds, by chance.

    Args:
        rows: how many there are.
        seed: of the chance.
        labels: (N,) each fold gets its share of every label.
        groups: (N,) rows of one group get one fold; then folds are about as large as each other.
    """
    random = np.random.default_rng(seed)
    if groups is not None and len(np.unique(groups)) > 1:
        return _by_group(groups, random)
    order = random.permutation(rows)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    folds = np.empty(rows, np.int64)
    folds[order] = np.arange(rows) % FOLDS
    return folds


def _by_group(groups: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """The largest group first, each to the fold that has the fewest rows."""
    _, numbers, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = random.permutation(len(counts))
    order = order[np.argsort(-counts[order], kind="stable")]
    of_group = np.empty(len(counts), np.int64)
    sizes = np.zeros(FOLDS, np.int64)
    for group in order:
        smallest = int(np.argmin(sizes))
        of_group[group] = smallest
        sizes[smallest] += counts[group]
    return of_group[numbers]
