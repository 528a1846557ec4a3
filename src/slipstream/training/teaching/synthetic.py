"""Synthetic rows: training rows with some cells swapped for those of similar rows.

A teacher answers them, so a small network sees its answers at more places than there are rows
(Bucilă, Caruana and Niculescu-Mizil 2006, "Model Compression", whose MUNGE swaps numbers with the
nearest neighbour's). The parts of one date are swapped together, and a missing cell is a cell.

Neighbours are searched for among the rows of one leaf of a random projection tree (Dasgupta and
Freund 2008, "Random projection trees and low dimensional manifolds"). Coordinates are small whole
numbers, of which float32 sums are exact: so the same rows are found whatever the number of threads.
"""

import numpy as np
from numpy.typing import NDArray

from slipstream.training.teaching.table import Table

__all__ = ["nearest", "rows_to_make", "synthesise"]

MOST_COPIES = 5
ENOUGH_ROWS = 80_000
MOST_CELLS = 1 << 25
NEIGHBOURS = 8
FROM_NEIGHBOUR = 0.3  # share of cells that are swapped for a neighbour's
FROM_ANY = 0.05  # and then for any row's
LEAF_ROWS = 2048
SPREAD = 100  # between the lowest and the highest number of a column
APART = 70  # the length of a category's vector: two differ by about this times the root of 2
DIMENSIONS = 16  # of a category's vector, where a column has more categories
MOST_DIMENSIONS = 1024  # of a row's: then float32 holds the sums of squares

Cells = NDArray[np.float32]
Places = NDArray[np.int64]


def rows_to_make(rows: int, numbers: int) -> int:
    """How many synthetic rows a table gets, whose rows have so many look-ups and outputs."""
    wanted = max(rows, min(MOST_COPIES * rows, ENOUGH_ROWS))
    return min(wanted, max(1, MOST_CELLS // numbers))


def synthesise(table: Table, seed: int) -> tuple[Cells, Places]:
    """Make synthetic rows of training rows: cells (S, L), and the row each was made of (S,)."""
    random = np.random.default_rng(seed)
    rows, lookups = table.cells.shape
    made = rows_to_make(rows, lookups + table.outputs)
    copies = [random.permutation(rows) for _ in range(-(-made // rows))]
    sources = np.concatenate(copies)[:made]
    neighbours = nearest(_coordinates(table, random), random)
    columns = np.asarray(table.owners)
    count = int(columns.max()) + 1
    near = neighbours[sources[:, None], random.integers(neighbours.shape[1], size=(made, count))]
    chosen = np.where(random.random((made, count)) < FROM_NEIGHBOUR, near, sources[:, None])
    anybody = random.integers(rows, size=(made, count))
    chosen = np.where(random.random((made, count)) < FROM_ANY, anybody, chosen)
    return table.cells[chosen[:, columns], np.arange(lookups)], sources


def nearest(coordinates: Cells, random: np.random.Generator) -> Places:
    """The nearest rows of each row (N, <= NEIGHBOURS), without itself unless it is alone.

    Args:
        coordinates: (N, D) whole numbers.
        random: draws the directions that rows are divided by.
    """
    rows = len(coordinates)
    if rows == 1:
        return np.zeros((1, 1), np.int64)
    found = np.empty((rows, min(NEIGHBOURS, rows - 1)), np.int64)
    leaves = [np.arange(rows)]
    while leaves:
        leaf = leaves.pop()
        if len(leaf) > LEAF_ROWS:
            leaves += _halves(leaf, coordinates, random)
        else:
            found[leaf] = leaf[_nearest_of_all(coordinates[leaf], found.shape[1])]
    return found


def _halves(leaf: Places, coordinates: Cells, random: np.random.Generator) -> list[Places]:
    """Divide rows at the median of a random direction."""
    direction = random.choice(np.array([-1, 1], np.float32), coordinates.shape[1])
    order = np.argsort(coordinates[leaf] @ direction, kind="stable")
    middle = len(leaf) // 2
    return [np.sort(leaf[order[:middle]]), np.sort(leaf[order[middle:]])]


def _nearest_of_all(coordinates: Cells, count: int) -> Places:
    """The places of the nearest other rows (N, count), by squared Euclidean distance."""
    lengths = np.square(coordinates).sum(axis=1)
    distances = lengths - 2 * (coordinates @ coordinates.T)  # less each row's own length
    np.fill_diagonal(distances, np.inf)
    return np.argpartition(distances, count - 1, axis=1)[:, :count]


def _coordinates(table: Table, random: np.random.Generator) -> Cells:
    """Where each row is: (N, D), whole numbers."""
    lookups = table.cells.shape[1]
    places = np.sort(random.permutation(lookups)[: MOST_DIMENSIONS // 2])
    dimensions = min(DIMENSIONS, MOST_DIMENSIONS // len(places))
    parts = [
        _of_codes(table.cells[:, place], dimensions, random)
        if place in table.categorical
        else _of_numbers(table.cells[:, place])
        for place in places
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _of_numbers(values: Cells) -> Cells:
    """The ranks of numbers (N, 1), and where some are missing which are (N, 2)."""
    missing = np.isnan(values)
    ordered = np.sort(values[~missing])
    ranks = np.searchsorted(ordered, values[~missing]) / max(1, len(ordered))
    placed = np.full(len(values), SPREAD // 2, np.float32)
    placed[~missing] = np.rint(SPREAD * ranks)
    return np.column_stack([placed, APART * missing] if missing.any() else [placed])


def _of_codes(values: Cells, dimensions: int, random: np.random.Generator) -> Cells:
    """A vector for each category: one-hot, or of many categories random and nearly orthogonal."""
    codes, numbers = np.unique(values, return_inverse=True)
    if len(codes) <= dimensions:
        return APART * np.eye(len(codes), dtype=np.float32)[numbers]
    length = np.rint(APART / np.sqrt(dimensions))
    return length * random.choice([-1, 1], (len(codes), dimensions)).astype(np.float32)[numbers]
