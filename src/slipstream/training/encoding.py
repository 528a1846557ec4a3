"""What the first layer sees of a column: one input vector for every row of its table.

A numeric column with B bins has B inputs, the piecewise-linear encoding of Gorishniy et al. (2022,
eq. 1); between two edges the encoding is linear, so the first layer needs to be known at the edges
only. A category is one-hot; in a column of many categories, those of few rows share an input, and
each has target statistics as well. What training never observed (an unknown category, say) is
encoded as the mean of what it did observe, so it gets the frequency-weighted mean of the observed
rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from slipstream.data.snapshot import TARGET, weights_of
from slipstream.runtime.columns import (
    Column,
    Positions,
    lookup_names,
    lookups,
    stack,
    table_offsets,
)
from slipstream.training.losses import Objective
from slipstream.training.statistics import Responses, TargetStatistics, target_statistics

__all__ = ["Encoding", "States", "column_states", "encode", "frequencies", "positions", "states"]

Floats = NDArray[np.float64]

STORED_PRECISION = 2.0**-24  # of a normalised number, in float32
MANY_CATEGORIES = 64  # a column of more has target statistics
OWN_ROWS = 300  # training rows of a category that is one-hot all the same,
MOST_OWN = 256  # and how many such categories there are at most


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
    return _states(blocks, [used @ block for used, block in zip(shares, blocks, strict=True)])


@dataclass(frozen=True)
class _Reduced:
    """How training reads a column of C table rows that has target statistics.

    A category of many rows has an input of its own, the others share one; then there are the S
    statistics. What training looks up has a row for each input, and a last one for the average.

    Args:
        inputs: (C,) the input of each category; -1: training never observed it.
        shares: (C,) how often training used each category.
    """

    inputs: NDArray[np.int64]
    shares: Floats
    statistics: TargetStatistics

    @classmethod
    def of(cls, shares: Floats, rows: int, statistics: TargetStatistics) -> "_Reduced":
        """Give inputs to categories by how often training used them in so many rows."""
        common = np.argsort(-shares, kind="stable")[:MOST_OWN]
        common = common[shares[common] * rows >= OWN_ROWS]
        inputs = np.where(shares > 0, len(common), -1)
        inputs[common] = np.arange(len(common))
        known = np.where(shares[:, None] > 0, statistics.categories, 0.0)
        return cls(inputs, shares, replace(statistics, categories=known))

    @property
    def first_statistic(self) -> int:
        """The input of the first statistic."""
        return int(self.inputs.max()) + 1

    @property
    def width(self) -> int:
        """How many inputs there are."""
        return self.first_statistic + self.statistics.categories.shape[1]

    @property
    def whole(self) -> sparse.csr_array:
        """The input vectors of all table rows, (C, D)."""
        seen = np.flatnonzero(self.inputs >= 0)
        shape = len(self.inputs), self.first_statistic
        own = sparse.csr_array((np.ones(len(seen)), (seen, self.inputs[seen])), shape)
        numbers = sparse.csr_array(self.statistics.categories)
        known = sparse.hstack([own, numbers], format="csr")
        unseen = sparse.csr_array((self.inputs < 0).astype(np.float64)[:, None])
        return known + unseen @ sparse.csr_array((self.shares @ known)[None])

    @property
    def mean(self) -> Floats:
        """The mean vector of the training rows, (D,)."""
        mean: Floats = self.shares @ self.whole
        return mean

    @property
    def learned(self) -> sparse.csr_array:
        """The input vectors of what training looks up, (D + 1, D)."""
        return sparse.csr_array(sparse.vstack([sparse.eye_array(self.width), self.mean[None]]))

    @property
    def places(self) -> NDArray[np.int64]:
        """Where training looks each category up, (C,)."""
        return np.where(self.inputs < 0, self.width, self.inputs)


@dataclass(frozen=True)
class Encoding:
    """How training reads normalised rows; a column of many categories has a short table of its own.

    Args:
        columns: the fitted columns.
        train: the training rows, with their own target statistics.
        learned: the states that training looks up: their number does not grow with categories.
        whole: the states of the whole table, which have the same inputs.
        places: (R,) where training looks each row of the whole table up.
        reduced: the columns with target statistics, by their index.
        widths: (L,) how many inputs each look-up has.
    """

    columns: Sequence[Column]
    train: pd.DataFrame
    learned: States
    whole: States
    places: NDArray[np.int64]
    reduced: Mapping[int, _Reduced]
    widths: Sequence[int]

    @property
    def directions(self) -> NDArray[np.int64]:
        """The direction of each input (D,): of a monotone column's bins, and 0 elsewhere."""
        found = np.zeros(self.whole.vectors.shape[1], np.int64)
        start = 0
        for index, column in enumerate(lookups(self.columns)):
            bins = 0 if column.edges is None else len(column.edges) - 1
            found[start : start + bins] = column.direction
            start += self.widths[index]
        return found

    def inputs(self, rows: pd.DataFrame) -> tuple[Tensor, Tensor]:
        """What training looks up for rows, and the shares: (N, M) each."""
        low, high, t = positions(self.columns, rows)
        found, shares = [self.places[low], self.places[high]], [1 - t, t]
        starts = table_offsets(self.columns)
        for index, reduced in self.reduced.items():
            column = self.columns[index]
            values = _statistics(column, reduced, rows)
            average = self.places[starts[index] + column.unknown_row]  # follows the statistics
            found.append(np.tile(np.arange(average - values.shape[1], average), (len(rows), 1)))
            shares.append(values)
        return (
            torch.from_numpy(np.concatenate(found, axis=1)),
            torch.from_numpy(np.concatenate(shares, axis=1)).float(),
        )


def encode(
    columns: Sequence[Column], train: pd.DataFrame, objective: Objective, seed: int
) -> Encoding:
    """Fit how training reads rows to the training rows and their target."""
    shares = frequencies(columns, positions(columns, train))
    reduced = _reduced(columns, train, shares, objective, seed)
    found = list(enumerate(zip(lookups(columns), shares, strict=True)))
    plain = {index: column_states(*pair) for index, pair in found if index not in reduced}
    whole = [plain[index] if index in plain else reduced[index].whole for index, _ in found]
    learned = [plain[index] if index in plain else reduced[index].learned for index, _ in found]
    means = [used @ block for used, block in zip(shares, whole, strict=True)]
    starts = np.cumsum([0, *(block.shape[0] for block in learned)])
    places = [
        start + (reduced[index].places if index in reduced else np.arange(len(used)))
        for start, (index, (_, used)) in zip(starts, found, strict=False)
    ]
    own = {
        name: values
        for index, each in reduced.items()
        for name, values in zip(_names(columns[index], each), each.statistics.rows.T, strict=True)
    }
    return Encoding(
        columns=columns,
        train=train.assign(**own),
        learned=_uncentred(_states(learned, means), reduced, starts),
        whole=_states(whole, means),
        places=np.concatenate(places),
        reduced=reduced,
        widths=[len(each) for each in means],
    )


def _reduced(
    columns: Sequence[Column],
    train: pd.DataFrame,
    shares: Sequence[Floats],
    objective: Objective,
    seed: int,
) -> dict[int, _Reduced]:
    """The columns of many categories, by their index, with their target statistics."""
    many = [index for index, each in enumerate(columns) if len(each.categories) > MANY_CATEGORIES]
    if not many:
        return {}
    responses = Responses.of(train[TARGET].to_numpy(), weights_of(train), objective)
    found = {}
    for index in many:
        codes = train[columns[index].name].to_numpy(np.int64)
        statistics = target_statistics(codes, columns[index].rows, responses, (seed, index))
        found[index] = _Reduced.of(shares[index], len(train), statistics)
    return found


def _uncentred(
    states: States, reduced: Mapping[int, _Reduced], starts: NDArray[np.int64]
) -> States:
    """The same states, where a statistic's row is its vector alone: its shares do not add up to 1.

    The last of the means is 0.
    """
    lookup = states.lookup.clone()
    for index, each in reduced.items():
        lookup[starts[index] + each.first_statistic : starts[index] + each.width] = len(
            states.means
        )
    inputs = states.means.shape[1]
    none = torch.sparse_coo_tensor(
        torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0), (1, inputs), check_invariants=True
    )
    return States(states.vectors, torch.cat([states.means, none]).coalesce(), lookup)


def _names(column: Column, reduced: _Reduced) -> list[str]:
    """What training rows call their own statistics: no column's name ends in a blank."""
    count = reduced.statistics.categories.shape[1]
    return [f"{column.name}, statistic {number} " for number in range(count)]


def _statistics(column: Column, reduced: _Reduced, rows: pd.DataFrame) -> Floats:
    """The statistics of rows (N, S): of training rows their own, else those of their category."""
    names = _names(column, reduced)
    if names[0] in rows:
        return rows[names].to_numpy(np.float64)
    return reduced.statistics.categories[rows[column.name].to_numpy(np.int64)]


def _states(blocks: Sequence[Floats | sparse.csr_array], means: Sequence[Floats]) -> States:
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
