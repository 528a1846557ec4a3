"""What the first layer sees of a column: one input vector for every row of its table.

A numeric column with B bins has B inputs, the piecewise-linear encoding of Gorishniy et al. (2022,
eq. 1); between two edges the encoding is linear, so the first layer needs to be known at the edges
only. A category is one-hot, but for columns of many (`reading`). What training never observed (an
unknown category, say) is encoded as the mean of what it did observe, so it gets the
frequency-weighted mean of the observed rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from slipstream.runtime.columns import (
    Column,
    Positions,
    lookup_names,
    lookups,
    stack,
    table_offsets,
)

__all__ = ["States", "column_states", "frequencies", "positions", "states", "states_of"]

Floats = NDArray[np.float64]

STORED_PRECISION = 2.0**-24  # of a normalised number, in float32


@dataclass(frozen=True)
class States:
    """The input vectors of the whole table, one block a look-up.

    `vectors` is sparse (R, D), a row for each table row; `means` is sparse (L, D), the mean of each
    look-up's vectors over the training rows; `lookup` (R,) is the look-up of each table row.
    """

    vectors: Tensor
    means: Tensor
    lookup: Tensor


def positions(columns: Sequence[Column], prepared: pd.DataFrame) -> Positions:
    """Locate normalised rows in the table: (low, high, t), each (N, L)."""
    found, names = lookups(columns), lookup_names(columns)
    located = (
        _column_positions(column, prepared[name]) for column, name in zip(found, names, strict=True)
    )
    return stack(located, table_offsets(found))


def frequencies(columns: Sequence[Column], located: Positions) -> list[NDArray[np.float64]]:
    """How often each table row is used, as a share of the N rows: (rows,) for each look-up."""
    low, high, t = located
    shares = []
    found = lookups(columns)
    for index, (column, start) in enumerate(zip(found, table_offsets(found), strict=True)):
        weight = t[:, index]
        used = np.bincount(low[:, index] - start, 1 - weight, minlength=column.rows)
        used += np.bincount(high[:, index] - start, weight, minlength=column.rows)
        shares.append(used / len(t))
    return shares


def column_states(column: Column, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The input vector of each of a column's table rows: (rows, inputs).

    Args:
        column: the fitted column.
        shares: (rows,) how often training used each row.
    """
    if column.edges is None:
        observed = shares > 0
        vectors = np.eye(column.rows)[:, observed]
    else:
        bins = len(column.edges) - 1
        observed = np.r_[np.ones(bins + 1, bool), shares[-1] > 0]
        vectors = np.zeros((column.rows, bins + int(observed[-1])))
        vectors[: bins + 1, :bins] = np.tri(bins + 1, bins, -1)
        if observed[-1]:
            vectors[-1, -1] = 1.0
    vectors[~observed] = shares @ vectors
    return vectors


def states(columns: Sequence[Column], shares: Sequence[NDArray[np.float64]]) -> States:
    """The input vectors of the whole table, of columns without target statistics.

    Args:
        columns: the fitted columns.
        shares: (rows,) for each look-up, how often training used each row.
    """
    blocks = [column_states(*pair) for pair in zip(lookups(columns), shares, strict=True)]
    return states_of(blocks, [used @ block for used, block in zip(shares, blocks, strict=True)])


def states_of(blocks: Sequence[Floats | sparse.csr_array], means: Sequence[Floats]) -> States:
    """The states of a table from each look-up's vectors (rows, inputs) and their mean (inputs,)."""
    rows = [block.shape[0] for block in blocks]
    return States(
        vectors=_tensor(sparse.block_diag(blocks, format="coo")),
        means=_tensor(sparse.block_diag([each[None] for each in means], format="coo")),
        lookup=torch.from_numpy(np.repeat(np.arange(len(blocks)), rows)),
    )


def _tensor(matrix: sparse.coo_array) -> Tensor:
    """A sparse tensor of the same numbers."""
    return torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([matrix.row, matrix.col]).astype(np.int64)),
        torch.from_numpy(matrix.data).float(),
        matrix.shape,
        check_invariants=True,
    ).coalesce()


def _column_positions(column: Column, values: pd.Series) -> Positions:
    if column.edges is None:
        codes = values.to_numpy(np.int64)
        return codes, codes, np.zeros(len(codes))
    bins = len(column.edges) - 1
    numbers = values.to_numpy(np.float64)
    absent = np.isnan(numbers)
    place = np.where(absent, 0.0, numbers) * bins
    # A value on an edge stays on it, or a jump between two close edges would blur.
    edge = np.rint(place)
    place = np.where(np.abs(place - edge) <= bins * STORED_PRECISION, edge, place)
    low = np.minimum(place.astype(np.int64), bins - 1)
    t = np.where(absent, 0.0, place - low)
    return (
        np.where(absent, column.missing_row, low),
        np.where(absent, column.missing_row, low + 1),
        t,
    )
