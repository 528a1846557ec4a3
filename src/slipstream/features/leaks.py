"""Columns that know the answer: found on the training part, by what each of them says alone.

A copy is left out: no honest column gives nearly every answer away. What is only very strong is
kept, and named, because some tables have such a column.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.tree import DecisionTreeClassifier

from slipstream.artifacts.references import ColumnSchema
from slipstream.features.scores import number_information
from slipstream.runtime.text import quote
from slipstream.runtime.types import Task

__all__ = ["LEAKS", "Leak", "find_leaks", "of_labels", "of_numbers"]

# Of the rows that always answering the most frequent label gets wrong, the share that one column
# alone gets right: of a copy, of one that is empty or 0 just there, and of one worth a look.
COPY, PATTERN, SUSPICIOUS = 0.98, 0.95, 0.95
# Spearman's correlation with a number to predict: of a copy, and of a column worth a look.
COPY_ORDER, SUSPICIOUS_ORDER = 0.999, 0.99
# Fewer rows, or rows of the rarer label, prove no copy: of values that repeat, and of amounts.
ENOUGH_FLAGS, ENOUGH_AMOUNTS = (40, 10), (200, 20)
LOOK_ROWS = 100  # fewer raise no suspicion
FLAG_VALUES = 20  # a column of more values holds amounts
BINS = 64
FOLDS = 3
LEAVES = 16

Labels = NDArray[np.integer]


@dataclass(frozen=True)
class Leak:
    """A column that knows the answer: how it was seen, and whether it is a copy to be left out."""

    name: str
    reason: str
    is_copy: bool


def find_leaks(
    schemas: Sequence[ColumnSchema],
    rows: pd.DataFrame,
    target: NDArray[Any],
    classes: Sequence[str],
    task: Task,
) -> list[Leak]:
    """Find the columns of training rows (N,) that give the target (N,) away, each by itself."""
    seen = ((each, LEAKS[task](each, rows[each.name], target, classes)) for each in schemas)
    return [Leak(schema.name, *found) for schema, found in seen if found]


def of_labels(
    schema: ColumnSchema, values: pd.Series, target: Labels, classes: Sequence[str]
) -> tuple[str, bool] | None:
    """What a column (N,) alone says of labels (N,), and whether it is a copy; None if no leak."""
    if pattern := _pattern(values, target, classes):
        return pattern, True
    usual = 1 - np.bincount(target).max() / len(target)
    if not usual:
        return None
    explained = 1 - _wrong_alone(schema, values, target, SUSPICIOUS) / usual
    distinct = values.nunique()
    needed = ENOUGH_FLAGS if distinct <= FLAG_VALUES else ENOUGH_AMOUNTS
    right = f"{100 * (1 - (1 - explained) * usual):.2f} %"
    if explained >= COPY and len(target) >= needed[0] and _rarest(target) >= needed[1]:
        return f"its value alone gives the answer in {right} of the training rows", True
    if explained >= SUSPICIOUS and len(target) >= LOOK_ROWS:
        return f"alone, it gives the answer in {right} of the training rows", False
    return None


def of_numbers(
    schema: ColumnSchema, values: pd.Series, target: NDArray[Any], _: Sequence[str]
) -> tuple[str, bool] | None:
    """The same of numbers to predict (N,): only their order counts, so units make no difference."""
    present = values.notna().to_numpy()
    if (
        present.sum() < max(ENOUGH_FLAGS[0], len(target) / 2)
        or len(np.unique(target)) < FLAG_VALUES
    ):
        return None
    if schema.kind == "categorical":
        codes = pd.factorize(values)[0]
        order = float(np.sqrt(-np.expm1(-2 * number_information(codes, target).value)))
    elif values.nunique() < 2:
        return None
    else:
        ranks = values[present].rank().to_numpy(np.float64)
        order = abs(float(stats.spearmanr(ranks, target[present]).statistic))
    if order >= COPY_ORDER:
        return f"it orders the rows as the answer does (rank correlation {order:.4f})", True
    if order >= SUSPICIOUS_ORDER:
        return f"it orders the rows nearly as the answer does (rank correlation {order:.4f})", False
    return None


def _pattern(values: pd.Series, target: Labels, classes: Sequence[str]) -> str:
    """Say that the column is empty, 0 or neither just where the answer is one label; else empty."""
    missing = values.isna().to_numpy()
    states = {"is empty": missing, "has a value": ~missing}
    if values.dtype != object and values.nunique() > 2:
        zero = (values == 0).to_numpy()
        states |= {"is 0": zero, "is not 0": ~zero}
    for label, name in enumerate(classes):
        is_label = target == label
        rarer = min(is_label.sum(), len(target) - is_label.sum())
        for state, mask in states.items():
            wrong = (mask != is_label).sum()
            if rarer >= ENOUGH_FLAGS[1] and wrong <= (1 - PATTERN) * rarer:
                nearly = "almost exactly" if wrong else "exactly"
                return f"it {state} {nearly} where the answer is {quote(name)}"
    return ""


def _wrong_alone(schema: ColumnSchema, values: pd.Series, target: Labels, worth: float) -> float:
    """The share of rows (N,) that a column alone answers wrongly, each by a rule of other rows.

    Amounts whose bins are too mixed to be `worth` a closer look are not looked at closely.
    """
    codes = pd.factorize(values, sort=schema.kind != "categorical")[0]  # a missing value is -1
    if codes.max() < FLAG_VALUES or schema.kind == "categorical":
        return _wrong_by_group(codes + 1, target)
    bins = (codes + 1) * BINS // (codes.max() + 2)
    usual = 1 - np.bincount(target).max() / len(target)
    mixed = 1 - pd.crosstab(bins, target).max(axis=1).sum() / len(target)
    if 1 - mixed / usual < worth - 2 / BINS:
        return float(mixed)
    folds = _folds(len(target))
    wrong = 0
    for fold in range(FOLDS):
        held_out = folds == fold
        tree = DecisionTreeClassifier(max_leaf_nodes=LEAVES, min_samples_leaf=2, random_state=0)
        tree.fit(codes[~held_out, None], target[~held_out])
        wrong += int((tree.predict(codes[held_out, None]) != target[held_out]).sum())
    return wrong / len(target)


def _wrong_by_group(groups: NDArray[np.integer], target: Labels) -> float:
    """The same of groups (N,): the label that is most frequent in other rows of the group."""
    width, labels = int(groups.max()) + 1, int(target.max()) + 1
    folds = _folds(len(target))
    cells = (folds * width + groups) * labels + target
    held_out = np.bincount(cells, minlength=FOLDS * width * labels).reshape(FOLDS, width, labels)
    learned = held_out.sum(axis=0) - held_out
    usual = learned.sum(axis=1).argmax(axis=1)  # (folds,): of a group that was not seen
    guess = np.where(learned.any(axis=2), learned.argmax(axis=2), usual[:, None])
    right = np.take_along_axis(held_out, guess[:, :, None], axis=2).sum()
    return 1 - float(right) / len(target)


def _rarest(target: Labels) -> int:
    counts = np.bincount(target)
    return int(counts[counts > 0].min())


def _folds(rows: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).permutation(rows) % FOLDS


# How a column (N,) is held against the target (N,): what was seen, and whether it is a copy.
Finder = Callable[[ColumnSchema, pd.Series, NDArray[Any], Sequence[str]], tuple[str, bool] | None]
LEAKS: Mapping[Task, Finder] = {
    "binary": of_labels,
    "multiclass": of_labels,
    "regression": of_numbers,
    "quantiles": of_numbers,
}
