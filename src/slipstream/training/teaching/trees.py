"""Boosted trees of LightGBM (Ke et al. 2017), fitted to a normalised table.

Each model is fitted on one thread, and folds at the same time: so the same table gives the same
trees whatever the number of cores.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import lightgbm
import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.types import Task
from slipstream.training.teaching.table import Folded, Table

T = TypeVar("T")
R = TypeVar("R")

__all__ = [
    "LARGE",
    "SMALL",
    "TREES",
    "Forest",
    "Shape",
    "fit_defaults",
    "fit_folds",
    "is_large",
    "shapes_to_try",
]

ROUNDS = 1500
PATIENCE = 40
LEAST_ROUNDS = 30
MOST_CELLS = 1_200_000_000  # that a model reads: cells of the table, a tree and round
MOST_TREES = 5000  # of a model, which is kept as text
MOST_OUTPUTS = 50
MANY_CELLS = 1_000_000
DEFAULT_ROUNDS = 100  # LightGBM's own
MANY_LABELS = 5  # from here on, each round has so many trees that fewer must do

TREES: Mapping[Task, str] = {
    "binary": "binary",
    "multiclass": "multiclass",
    "regression": "regression",
    "quantiles": "quantile",
}
FIXED = {
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "feature_pre_filter": False,  # rows a leaf differ between shapes that share a table
}


@dataclass(frozen=True)
class Shape:
    """How trees grow: leaves, the share of columns that each sees, and rows a leaf."""

    name: str
    leaves: int
    columns: float
    leaf_rows: int


SMALL = Shape("trees of 12 leaves", 12, 0.5, 20)
LARGE = Shape("trees of 40 leaves", 40, 0.7, 15)


@dataclass(frozen=True)
class Forest:
    """Trees that answer rows: one model, or of quantiles one a level."""

    models: tuple[lightgbm.Booster, ...]

    def predict(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        """The answers (N, O), numbers standardised; quantiles in ascending order."""
        found = [model.predict(cells) for model in self.models]  # rows do not depend on another
        if len(found) > 1:
            return np.sort(np.column_stack(found), axis=1)
        return found[0].reshape(len(cells), -1)

    def to_text(self) -> list[str]:
        """Each model as LightGBM writes it."""
        return [model.model_to_string() for model in self.models]


def shapes_to_try(table: Table) -> tuple[Shape, ...]:
    """Both shapes; of a large table the one that answers better where there are many rows.

    None where there are so many labels, each of which takes a tree a round, that a network answers
    as well in less time and space.
    """
    if table.outputs > MOST_OUTPUTS:
        return ()
    return (LARGE,) if is_large(table) else (SMALL, LARGE)


def is_large(table: Table) -> bool:
    """Whether fitting takes so long that only what helps most is fitted."""
    return table.cells.size * table.outputs > MANY_CELLS


def fit_folds(folded: Folded, shape: Shape) -> list[Forest]:
    """Fit one forest for each fold on all rows but the fold's, by which it stops."""
    table, folds = folded.table, folded.folds
    rounds = _rounds(table)
    settings = {
        "num_leaves": shape.leaves,
        "feature_fraction": shape.columns,
        "min_data_in_leaf": shape.leaf_rows,
        "learning_rate": _learning_rate(table, rounds),
        "seed": folded.seed % 2**31,
    }
    counted = np.ones(len(folds), bool) if table.weights is None else table.weights > 0
    models = [({**each, **settings}, _dataset(table, each)) for each in _of_answers(table)]

    def fit(fold: int) -> Forest:
        inside, outside = counted & (folds != fold), counted & (folds == fold)
        return Forest(tuple(_fit(*model, inside, outside, rounds) for model in models))

    return _at_once(fit, range(int(folds.max()) + 1))


def fit_defaults(tables: Sequence[Table]) -> list[Forest | None]:
    """Fit LightGBM with its own defaults on all rows of each table; None if that takes too long."""
    return _at_once(_fit_default, tables)


def _fit_default(table: Table) -> Forest | None:
    if table.outputs > MOST_OUTPUTS:
        return None
    return Forest(
        tuple(
            lightgbm.train({**FIXED, **each}, _dataset(table, each), DEFAULT_ROUNDS)
            for each in _of_answers(table)
        )
    )


def _at_once(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do work for each item, as many at a time as there are cores; results keep their order."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(work, items))


def _fit(
    parameters: Mapping[str, Any],
    full: lightgbm.Dataset,
    inside: NDArray[np.bool_],
    outside: NDArray[np.bool_],
    rounds: int,
) -> lightgbm.Booster:
    seen, held_out = (full.subset(np.flatnonzero(each).tolist()) for each in (inside, outside))
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    fitted = lightgbm.train(
        {**FIXED, **parameters}, seen, rounds, valid_sets=[held_out], callbacks=[stop]
    )
    # Read from its text, it is what the store will give, and holds no rows.
    return lightgbm.Booster(model_str=fitted.model_to_string(num_iteration=fitted.best_iteration))


def _dataset(table: Table, parameters: Mapping[str, Any]) -> lightgbm.Dataset:
    made = lightgbm.Dataset(
        table.cells,
        table.target,
        weight=table.weights,
        categorical_feature=list(table.categorical),
        params={**FIXED, **parameters},
        free_raw_data=False,
    )
    return made.construct()


def _of_answers(table: Table) -> list[dict[str, Any]]:
    """What each model of an answer minimises."""
    objective = {"objective": TREES[table.task]}
    if table.quantiles:
        return [{**objective, "alpha": level} for level in table.quantiles]
    return [{**objective, **({"num_class": table.outputs} if table.outputs > 1 else {})}]


def _rounds(table: Table) -> int:
    affordable = MOST_CELLS // (table.cells.size * table.outputs)
    most = min(ROUNDS, MOST_TREES // table.outputs)
    return int(np.clip(affordable, LEAST_ROUNDS, most))


def _learning_rate(table: Table, rounds: int) -> float:
    """Fewer rounds, or more trees in each, need larger steps."""
    return 0.1 if table.outputs >= MANY_LABELS or rounds < ROUNDS else 0.05
