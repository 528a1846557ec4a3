"""Shapes: what can be searched, and how long each takes for a row on this machine.

Latency and size are measured with random weights, since they depend on nothing else.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from slipstream.artifacts.references import DatasetRef, Epoch, FeatureMask, PreparedRef
from slipstream.artifacts.selection import PathStep
from slipstream.artifacts.store import Store
from slipstream.config.budget import BudgetConfig
from slipstream.config.search import SearchConfig
from slipstream.data.sampling import spread, spread_places
from slipstream.data.snapshot import Snapshot
from slipstream.features.preprocessing import load_columns
from slipstream.measurement.latency import VARIED_ROWS, row_arm, time_for
from slipstream.measurement.timing import Times, quiet_process
from slipstream.quantization.variants import float32_bundle
from slipstream.runtime import Bundle, Predictor
from slipstream.runtime.bundle import dump
from slipstream.runtime.columns import Column, lookups
from slipstream.runtime.kernels import Layer
from slipstream.runtime.types import Precision
from slipstream.search.alternatives import untrained
from slipstream.search.candidates import Candidate
from slipstream.search.found import fits

__all__ = ["Asked", "Blank", "Shapes", "measure_shapes", "p50_us_of_k"]

WIDTHS: Mapping[str, Sequence[tuple[int, ...]]] = {
    "width": ((32, 32), (64, 64)),
    "full": ((32,), (64,), (16, 16), (32, 32), (48, 48), (64, 64), (96, 96)),
}
MOST_MEASURED = 16  # numbers of columns that may fit a budget
MOST_SHOWN = 20  # numbers of columns along the path
SECONDS = 3.0  # of measuring what may be chosen
PATH_SECONDS = 0.5


@dataclass(frozen=True)
class Shapes:
    """Shapes that can be tried, and for each variant its p50 and p99 in µs and its bytes.

    `columns` are in the order in which a smaller k drops them, the first to stay longest.
    """

    columns: Sequence[Column]
    variants: Mapping[Candidate, Mapping[Precision, tuple[float, float, int]]]
    budget: BudgetConfig

    def fit(self, shape: Candidate) -> bool:
        """Whether either variant of a shape keeps within the budget."""
        return any(
            fits(p99_us, size, self.budget) for _, p99_us, size in self.variants[shape].values()
        )

    def excess(self, shape: Candidate) -> float:
        """How many times over the budget a shape's better variant is."""
        return min(
            max(
                p99_us / self.budget.p99_us if self.budget.p99_us else 0.0,
                size / self.budget.size_bytes if self.budget.size_bytes else 0.0,
            )
            for _, p99_us, size in self.variants[shape].values()
        )


@dataclass(frozen=True)
class Asked:
    """What a search is asked for: its config, what the model must fit into, and the most columns.

    `most` = 0: no limit.
    """

    config: SearchConfig
    budget: BudgetConfig
    most: int

    @property
    def widths(self) -> Sequence[tuple[int, ...]]:
        """The hidden layers to try."""
        return WIDTHS[self.config.mode]

    @property
    def has_budget(self) -> bool:
        """Whether a measured figure is limited."""
        return bool(self.budget.p99_us or self.budget.size_bytes)


@dataclass(frozen=True)
class Blank:
    """A model that has not learned anything, of which shapes are made, and raw rows to answer.

    Its columns are in the order in which a smaller k drops them, the first to stay longest.
    """

    own: Bundle
    rows: pd.DataFrame

    @classmethod
    def of(
        cls, dataset: DatasetRef, prepared: PreparedRef, mask: FeatureMask, store: Store
    ) -> "Blank":
        """One of the columns that may be kept."""
        columns = _in_order(load_columns(prepared, store), mask)
        rows = spread(Snapshot(dataset, store).rows(), VARIED_ROWS)
        return cls(_empty(dataset, columns, prepared.outputs), rows)


def measure_shapes(
    blank: Blank, path: Sequence[PathStep], sizes: Sequence[int], asked: Asked
) -> Shapes:
    """Measure the shapes of these sizes; with a budget, of others too, down to one column."""
    every = set(sizes)
    if asked.has_budget:
        every |= {k for k in _spread(path, MOST_MEASURED) if k <= max(sizes)}
    wanted = [Candidate(k, hidden) for k in sorted(every) for hidden in asked.widths]
    made = [(shape, each) for shape in wanted for each in untrained(blank.own, shape, blank.rows)]
    times = _time([bundle for _, bundle in made], blank.rows, SECONDS)
    variants: dict[Candidate, dict[Precision, tuple[float, float, int]]] = defaultdict(dict)
    for (shape, bundle), each in zip(made, times, strict=True):
        p50_us, p99_us = np.quantile(each, (0.5, 0.99))
        variants[shape][bundle.precision] = float(p50_us), float(p99_us), len(dump(bundle))
    return Shapes(blank.own.columns, variants, asked.budget)


def p50_us_of_k(blank: Blank, path: Sequence[PathStep], chosen: Candidate) -> Mapping[int, float]:
    """The latency of int8 with the chosen layers, for numbers of columns from all over the path."""
    if not path:
        return {}
    sizes = sorted({chosen.k, *_spread(path, MOST_SHOWN)})
    made = [untrained(blank.own, Candidate(k, chosen.hidden), blank.rows) for k in sizes]
    times = _time([int8 for _, int8 in made], blank.rows, PATH_SECONDS)
    return {k: float(np.median(each)) for k, each in zip(sizes, times, strict=True)}


def _time(bundles: Sequence[Bundle], rows: pd.DataFrame, seconds: float) -> list[Times]:
    """Time each on single rows, for so many seconds in all."""
    arms = [row_arm(Predictor(bundle), rows) for bundle in bundles]
    with quiet_process():
        return time_for(seconds, arms)


def _spread(path: Sequence[PathStep], most: int) -> list[int]:
    """At most so many numbers of columns from all over the path."""
    return [path[place].k for place in spread_places(len(path), most)] if path else []


def _in_order(columns: Sequence[Column], mask: FeatureMask) -> list[Column]:
    """The columns that may be kept, those that the path drops last first."""
    if not mask.path:
        return [column for column in columns if column.name in set(mask.features)]
    dropped = [name for step in mask.path[1:] for name in step.dropped]
    names = {column.name for column in columns}
    last = [name for name in mask.at(1).features if name in names]
    by_name = {column.name: column for column in columns}
    return [by_name[name] for name in (*last, *reversed(dropped))]


def _empty(dataset: DatasetRef, columns: Sequence[Column], outputs: int) -> Bundle:
    """A model of these columns that has not learned anything."""
    rows = sum(column.rows for column in lookups(columns))
    layers = [
        Layer(weight=np.zeros((rows, 1), np.float32), bias=np.zeros(1, np.float32)),
        Layer(weight=np.zeros((outputs, 1), np.float32), bias=np.zeros(outputs, np.float32)),
    ]
    never = Epoch(epoch=0, train={"loss": 0.0}, validation={"loss": 0.0})
    return float32_bundle(dataset, columns, layers, never, "identity")
