"""Select: score every raw column on the training part, and keep the top k."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.references import FeatureMask, PreparedRef
from slipstream.artifacts.selection import FeatureScore
from slipstream.artifacts.store import Store
from slipstream.config.features import FeaturesConfig
from slipstream.data.snapshot import TARGET, Snapshot, weights_of
from slipstream.features.preprocessing import load_columns
from slipstream.features.scores import (
    Score,
    label_anova_f,
    label_information,
    number_anova_f,
    number_information,
    place_or_spread,
)
from slipstream.features.twins import Candidate, are_twins
from slipstream.runtime.columns import Column, lookup_names, lookups
from slipstream.runtime.limits import MAX_FEATURES
from slipstream.runtime.types import Task

__all__ = [
    "Choice",
    "Scored",
    "by_score",
    "choose",
    "groups",
    "keep",
    "mask_of",
    "score_columns",
    "select",
    "within_limit",
]

# Groups of a column of numbers: few show a trend in few rows, many show a shape. The better counts.
SCORE_BINS = (4, 16)
FINEST = 256  # so many different numbers are compared with a category one by one
ENOUGH = 0.95  # share of the total score that k = 0 keeps
BY_CHANCE = 0.05  # how likely chance makes one column of all seem better than noise
NEIGHBOURS = 20  # a column is compared with so many of the best that come next to it by score


# How a column's groups (N,) are scored against the target (N,) of rows with these weights (N,), for
# each kind of target.
Scorer = Callable[[NDArray[np.int64], NDArray[Any], NDArray[np.float64] | None], Score]
_LABELS: Mapping[str, Scorer] = {"mutual_info": label_information, "anova_f": label_anova_f}
_NUMBERS: Mapping[str, Scorer] = {"mutual_info": number_information, "anova_f": number_anova_f}
SCORES: Mapping[Task, Mapping[str, Scorer]] = {
    "binary": _LABELS,
    "multiclass": _LABELS,
    "regression": _NUMBERS,
    "quantiles": {name: partial(place_or_spread, each) for name, each in _NUMBERS.items()},
}


@dataclass(frozen=True)
class Choice:
    """Indices of the columns to keep, of those better than noise, and each twin's other."""

    kept: frozenset[int]
    real: frozenset[int]
    twins: Mapping[int, int]


@dataclass(frozen=True)
class Scored:
    """All columns, each with its score and as a candidate for being a twin."""

    columns: Sequence[Column]
    scores: Sequence[Score]
    candidates: Sequence[Candidate]


def select(prepared: PreparedRef, features: FeaturesConfig, store: Store) -> FeatureMask:
    """Score the columns and make the mask; ties go to the column that comes first."""
    scored = score_columns(prepared, features.method, store)
    return mask_of(
        scored,
        choose(scored.scores, scored.candidates, features.k),
        prepared,
        features,
    )


def score_columns(prepared: PreparedRef, method: str, store: Store) -> Scored:
    """Score every column on the training part."""
    train = Snapshot(prepared, store).frame("train")
    columns = load_columns(prepared, store)
    score = SCORES[prepared.task][method]
    target, weights = train[TARGET].to_numpy(), weights_of(train)
    scores = [_score(each, train, target, weights, score) for each in columns]
    candidates = [
        _candidate(column, train[column.name], each.value)
        for column, each in zip(columns, scores, strict=True)
    ]
    return Scored(columns, scores, candidates)


def mask_of(
    scored: Scored, chosen: Choice, prepared: PreparedRef, features: FeaturesConfig
) -> FeatureMask:
    """The mask of a choice."""
    names = [column.name for column in scored.columns]
    count = len(names)
    return FeatureMask(
        method=features.method,
        scores=tuple(
            FeatureScore(
                name=name,
                score=scored.scores[index].value,
                kept=index in chosen.kept,
                is_noise=index not in chosen.real,
                twin_of=names[chosen.twins[index]] if index in chosen.twins else "",
            )
            for index, name in enumerate(names)
        ),
        rows=prepared.rows,
        warnings=(f"features.k is {features.k}, but there are only {count} columns",)
        if features.k > count
        else (),
    )


def choose(scores: Sequence[Score], candidates: Sequence[Candidate], k: int) -> Choice:
    """Choose the k best columns, of no more than a bundle can hold; twins come last.

    k = 0: the fewest that carry 95 % of the score of all that are better than noise, or the best
    one where nothing is.
    """
    order = by_score([score.value for score in scores])
    real = [index for index in order if scores[index].p_value * len(scores) < BY_CHANCE]
    twins = _find_twins(real, candidates)
    if k == 0:
        kept = _carrying([index for index in real if index not in twins], scores) or order[:1]
    else:
        kept = sorted(order, key=lambda index: index in twins)[:k]
    widths = [candidate.width for candidate in candidates]
    return Choice(frozenset(within_limit(kept, widths)), frozenset(real), twins)


def keep(scores: Sequence[float], k: int) -> set[int]:
    """Choose the indices of the k best scores; ties go to the first."""
    return set(by_score(scores)[:k])


def within_limit(order: Sequence[int], widths: Sequence[int]) -> list[int]:
    """The first of these columns that a bundle can hold, with what is derived from dates."""
    taken = itertools.accumulate(widths[index] for index in order)
    return [index for index, width in zip(order, taken, strict=True) if width <= MAX_FEATURES]


def groups(column: Column, values: pd.Series, bins: int) -> NDArray[np.int64]:
    """Group normalised values (N,): codes as they are, numbers by quantile, missing apart."""
    if column.edges is None:
        return values.to_numpy(np.int64)
    numbers = values.to_numpy(np.float64)
    if np.isnan(numbers).all():
        return np.full(len(numbers), -1)
    inner = np.unique(np.nanquantile(numbers, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.where(np.isnan(numbers), -1, np.searchsorted(inner, numbers, side="left"))


def _score(
    column: Column,
    train: pd.DataFrame,
    target: NDArray[Any],
    weights: NDArray[np.float64] | None,
    score: Scorer,
) -> Score:
    """The score of a column's groups, of a date's best part; each one tried is paid for."""
    several = SCORE_BINS if column.edges is not None else SCORE_BINS[:1]
    tried = [
        score(groups(each, train[name], bins), target, weights)
        for each, name in zip(lookups([column]), lookup_names([column]), strict=True)
        for bins in several
    ]
    best = max(tried, key=lambda each: each.value)
    return Score(best.value, min(len(tried) * min(each.p_value for each in tried), 1.0))


def _candidate(column: Column, values: pd.Series, score: float) -> Candidate:
    if column.edges is None:
        return Candidate(values.to_numpy(np.int64), None, score)
    numbers = values.to_numpy(np.float64)
    distinct, codes = np.unique(numbers, return_inverse=True)
    fine = len(distinct) <= FINEST
    group = np.where(np.isnan(numbers), -1, codes) if fine else groups(column, values, FINEST)
    return Candidate(group, numbers, score, width=len(lookups([column])))


def by_score(scores: Sequence[float]) -> list[int]:
    """The indices of scores, the best first; ties go to the first."""
    return [int(index) for index in np.argsort(-np.asarray(scores), kind="stable")]


def _find_twins(order: Sequence[int], candidates: Sequence[Candidate]) -> dict[int, int]:
    """Each column that is a twin of a better one, and that one; twins have about one score."""
    twins: dict[int, int] = {}
    single: list[int] = []
    for index in order:
        near = single[-NEIGHBOURS:]
        other = next(
            (each for each in near if are_twins(candidates[each], candidates[index])), None
        )
        if other is None:
            single.append(index)
        else:
            twins[index] = other
    return twins


def _carrying(order: Sequence[int], scores: Sequence[Score]) -> list[int]:
    """The first of these columns that carry enough of the score of all."""
    carried = np.cumsum([scores[index].value for index in order])
    return list(order[: int(np.searchsorted(carried, ENOUGH * carried[-1])) + 1]) if order else []
