"""How training reads normalised rows: what it looks up, which is less than the predictor's table.

In a column of many categories, those of few rows share an input, and each has target statistics as
well. Training looks up a short table, with a row for each input; the whole one, with a row for each
category, is made of the same weights when training is over.
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
from slipstream.runtime.columns import Column, lookups
from slipstream.training.encoding import (
    States,
    column_states,
    frequencies,
    positions,
    states_of,
)
from slipstream.training.losses import Objective
from slipstream.training.statistics import Responses, TargetStatistics, target_statistics

__all__ = ["MANY_CATEGORIES", "Encoding", "encode"]

Floats = NDArray[np.float64]

MANY_CATEGORIES = 64  # a column of more has target statistics
OWN_ROWS = 300  # training rows of a category that is one-hot all the same,
MOST_OWN = 256  # and how many such categories there are at most


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
        starts: (L,) where the states that training looks up begin for each look-up.
        reduced: the columns with target statistics, by their index.
        widths: (L,) how many inputs each look-up has.
    """

    columns: Sequence[Column]
    train: pd.DataFrame
    learned: States
    whole: States
    places: NDArray[np.int64]
    starts: NDArray[np.int64]
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
        for index, reduced in self.reduced.items():
            statistics = np.arange(reduced.first_statistic, reduced.width)
            found.append(np.tile(self.starts[index] + statistics, (len(rows), 1)))
            shares.append(_statistics(self.columns[index], reduced, rows))
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
        learned=_uncentred(states_of(learned, means), reduced, starts),
        whole=states_of(whole, means),
        places=np.concatenate(places),
        starts=starts[:-1],
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
