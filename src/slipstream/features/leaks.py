"""Columns that know the answer: found on the training part, by what each of them says alone.

A copy is left out: no honest column gives nearly every answer away. What is only very strong is
kept, and named, because some tables have such a column.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from slipstream.artifacts.references import ColumnSchema
from slipstream.features.alone import FLAG_VALUES, Answers, guess
from slipstream.features.scores import number_information
from slipstream.runtime.text import quote
from slipstream.runtime.types import Task

__all__ = ["LEAKS", "Leak", "find_leaks", "of_labels", "of_numbers"]

# Of the rows that always answering the most frequent label gets wrong, the share that one column
# alone gets right: of a copy, of one that is empty or 0 just there, and of one worth a look.
COPY, PATTERN, SUSPICIOUS = 0.98, 0.95, 0.95
# In a table of ENOUGH_AMOUNTS, worth a look is also what is right in so many rows and explains so
# much, or explains so much where each label counts alike: a rare one does not show in all rows.
MOSTLY_RIGHT, MOSTLY_EXPLAINED, SUSPICIOUS_BALANCED = 0.97, 0.85, 0.93
# Spearman's correlation with a number to predict: of a copy, and of a column worth a look.
COPY_ORDER, SUSPICIOUS_ORDER = 0.999, 0.99
# Worth a look is also an order in which so many rows are within so small a share of their place.
NEAR_PLACE, MOSTLY_NEAR = 0.02, 0.9
# Fewer rows, or rows of the rarer label, prove no copy: of values that repeat, and of amounts.
ENOUGH_FLAGS, ENOUGH_AMOUNTS = (40, 10), (200, 20)
LOOK_ROWS = 100  # fewer raise no suspicion
KNOWN = 0.5  # the share of rows whose value must be in other rows too

Found = tuple[str, bool] | None  # what was seen, and whether it is a copy


@dataclass(frozen=True)
class Leak:
    """A column that knows the answer: how it was seen, and whether it is a copy to be left out."""

    name: str
    reason: str
    is_copy: bool


def find_leaks(
    schemas: Sequence[ColumnSchema], rows: pd.DataFrame, answers: Answers, task: Task
) -> list[Leak]:
    """Find the columns of training rows (N,) that give the answers away, each by itself."""
    counted = answers.weights > 0
    if not counted.all():
        rows, answers = rows[counted], answers.at(counted)
    seen = ((each, LEAKS[task](each, rows[each.name], answers)) for each in schemas)
    return [Leak(schema.name, *found) for schema, found in seen if found]


def of_labels(schema: ColumnSchema, values: pd.Series, answers: Answers) -> Found:
    """What a column (N,) alone says of labels (N,), and whether it is a copy; None if no leak."""
    if pattern := _pattern(values, answers):
        return pattern, True
    guesses, is_known = guess(schema, values, answers)
    right, explained = answers.score(guesses)
    needed = ENOUGH_FLAGS if values.nunique() <= FLAG_VALUES else ENOUGH_AMOUNTS
    if explained >= COPY and answers.are_enough(needed):
        return f"its value alone gives the answer in {_percent(right)} of the training rows", True
    if is_known.mean() < KNOWN:
        return None
    known, of_which = answers.at(is_known), "" if is_known.all() else " whose value others have too"
    right, explained = known.score(guesses[is_known])
    is_clear = explained >= SUSPICIOUS and known.are_enough((LOOK_ROWS, ENOUGH_FLAGS[1]))
    is_strong = right >= MOSTLY_RIGHT and explained >= MOSTLY_EXPLAINED
    if is_clear or (is_strong and known.are_enough(ENOUGH_AMOUNTS)):
        seen = f"alone, it gives the answer in {_percent(right)} of the training rows{of_which}"
        return seen, False
    return _of_rare_labels(schema, values, answers) if known.are_enough(ENOUGH_AMOUNTS) else None


def _of_rare_labels(schema: ColumnSchema, values: pd.Series, answers: Answers) -> Found:
    """The same where each label counts alike, however rare."""
    balanced = answers.balanced()
    guesses, is_known = guess(schema, values, balanced)
    right, explained = balanced.at(is_known).score(guesses[is_known])
    if explained < SUSPICIOUS_BALANCED:
        return None
    return f"alone, it is right in {_percent(right)} of each label's rows, on average", False


def of_numbers(schema: ColumnSchema, values: pd.Series, answers: Answers) -> Found:
    """The same of numbers to predict (N,): only their order counts, so units make no difference."""
    target, present = answers.target, values.notna().to_numpy()
    if (
        present.sum() < max(ENOUGH_FLAGS[0], len(target) / 2)
        or len(np.unique(target)) < FLAG_VALUES
        or values.nunique() < 2
    ):
        return None
    order, near = _order_of_groups(values, answers), 0.0
    if schema.kind == "categorical":
        codes = pd.factorize(values)[0]
        information = number_information(codes, target, answers.weights).value
        sure = float(np.sqrt(-np.expm1(-2 * information)))
    else:
        sure, near = _order_of_places(values[present], answers.at(present))
    order = max(order, sure)
    if sure >= COPY_ORDER:
        return f"it orders the rows as the answer does (rank correlation {order:.4f})", True
    if order >= SUSPICIOUS_ORDER:
        return f"it orders the rows nearly as the answer does (rank correlation {order:.4f})", False
    if near >= MOSTLY_NEAR:
        return f"it gives {_percent(near)} of the training rows the place the answer gives", False
    return None


def _order_of_places(values: pd.Series, answers: Answers) -> tuple[float, float]:
    """How much alike the order of values (N,) and target (N,) is, whichever way it runs.

    The rank correlation, then the share of rows that are near their place. That counts only rows
    whose target is not the most frequent number, which columns of many zeros would agree in.
    """
    target, weights = answers.target, answers.weights
    places = [stats.rankdata(each) for each in (values.rank(), target)]
    covariance = np.cov(np.array(places), aweights=weights)
    if not covariance.diagonal().all():
        return 0.0, 0.0
    order = float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
    if order < 0:
        places[0] = len(target) + 1 - places[0]
    numbers, counts = np.unique(target, return_counts=True)
    rows = target != numbers[counts.argmax()]
    if rows.sum() < ENOUGH_AMOUNTS[0]:
        return abs(order), 0.0
    is_near = np.abs(places[0] - places[1]) <= NEAR_PLACE * len(target)
    return abs(order), float(np.average(is_near[rows], weights=weights[rows]))


def _order_of_groups(values: pd.Series, answers: Answers) -> float:
    """The correlation of the target's ranks with their means over the rows of the same value (N,).

    Corrected for the number of groups (Kelley 1935); 0 where few rows share their value.
    """
    codes, distinct = pd.factorize(values)
    rows = np.bincount(codes + 1)[codes + 1]
    shared = rows > 1
    groups = len(np.unique(codes[shared]))
    freedom = int(shared.sum()) - groups
    if shared.mean() < KNOWN or freedom < LOOK_ROWS or len(distinct) * 2 > len(codes):
        return 0.0
    ranks, weights = stats.rankdata(answers.target[shared]), answers.weights[shared]
    codes = codes[shared] + 1
    sums, means = np.bincount(codes, weights), np.bincount(codes, weights * ranks)
    within = weights @ (ranks - (means / np.maximum(sums, 1e-300))[codes]) ** 2 / freedom
    total = weights @ (ranks - np.average(ranks, weights=weights)) ** 2 / (len(ranks) - 1)
    return float(np.sqrt(max(1 - within / total, 0.0))) if total else 0.0


def _pattern(values: pd.Series, answers: Answers) -> str:
    """Say that the column is empty, 0 or neither just where the answer is one label; else empty."""
    missing = values.isna().to_numpy()
    states = {"is empty": missing, "has a value": ~missing}
    if values.dtype != object and values.nunique() > 2:
        zero = (values == 0).to_numpy()
        states |= {"is 0": zero, "is not 0": ~zero}
    total = answers.weights.sum()
    for label, name in enumerate(answers.classes):
        is_label = answers.target == label
        rarer = min(is_label.sum(), len(is_label) - is_label.sum())
        counted = answers.weights[is_label].sum()
        for state, mask in states.items():
            differs = mask != is_label
            wrong = answers.weights[differs].sum()
            if rarer >= ENOUGH_FLAGS[1] and wrong <= (1 - PATTERN) * min(counted, total - counted):
                nearly = "almost exactly" if differs.any() else "exactly"
                return f"it {state} {nearly} where the answer is {quote(name)}"
    return ""


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


# How a column (N,) is held against the answers (N,).
Finder = Callable[[ColumnSchema, pd.Series, Answers], Found]
LEAKS: Mapping[Task, Finder] = {
    "binary": of_labels,
    "multiclass": of_labels,
    "regression": of_numbers,
    "quantiles": of_numbers,
}
