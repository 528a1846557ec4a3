"""Select: score every raw column on the training part, and keep the top k."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import mutual_info_score

from slipstream.artifacts.references import FeatureMask, FeatureScore, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.config.features import FeaturesConfig
from slipstream.data.snapshot import TARGET, Snapshot
from slipstream.features.preprocessing import load_columns
from slipstream.runtime.columns import Column
from slipstream.runtime.limits import MAX_FEATURES
from slipstream.runtime.types import Task

__all__ = ["anova_f", "keep", "mutual_information", "select"]

SCORE_BINS = 16
ENOUGH = 0.95  # share of the total score that k = 0 keeps


def select(prepared: PreparedRef, features: FeaturesConfig, store: Store) -> FeatureMask:
    """Score the columns and make the mask; ties go to the column that comes first."""
    train = Snapshot(prepared, store).frame("train")
    columns = load_columns(prepared, store)
    score = SCORES[prepared.task][features.method]
    target = train[TARGET].to_numpy()
    scores = [score(groups(column, train[column.name]), target) for column in columns]
    kept = keep(scores, features.k)
    warnings: tuple[str, ...] = ()
    if features.k > len(columns):
        warnings = (f"features.k is {features.k}, but there are {len(columns)} columns: all kept",)
    return FeatureMask(
        method=features.method,
        scores=tuple(
            FeatureScore(name=column.name, score=value, kept=index in kept)
            for index, (column, value) in enumerate(zip(columns, scores, strict=True))
        ),
        rows=prepared.rows,
        warnings=warnings,
    )


def keep(scores: Sequence[float], k: int) -> set[int]:
    """Choose the indices of the k best scores, of no more than a bundle can hold.

    k = 0: the fewest that carry 95 % of the total.
    """
    order = np.argsort(-np.asarray(scores), kind="stable")
    if k == 0:
        ordered = np.asarray(scores)[order]
        carried = np.cumsum(ordered)
        k = int(np.searchsorted(carried, ENOUGH * carried[-1])) + 1
    return {int(index) for index in order[: min(k, MAX_FEATURES)]}


def groups(column: Column, values: pd.Series) -> NDArray[np.int64]:
    """Group normalised values (N,): codes as they are, numbers by quantile, missing apart."""
    if column.edges is None:
        return values.to_numpy(np.int64)
    numbers = values.to_numpy(np.float64)
    if np.isnan(numbers).all():
        return np.full(len(numbers), -1)
    inner = np.unique(np.nanquantile(numbers, np.linspace(0, 1, SCORE_BINS + 1)[1:-1]))
    return np.where(np.isnan(numbers), -1, np.searchsorted(inner, numbers, side="left"))


def mutual_information(group: NDArray[np.int64], target: NDArray[np.number]) -> float:
    """Mutual information of groups (N,) and target (N,), in nats, less its bias; at least 0.

    The bias, (groups - 1)(classes - 1) / 2N, is what independent columns would show on average
    (Miller 1955); without it, columns of many values would look important.
    """
    bias = (len(np.unique(group)) - 1) * (len(np.unique(target)) - 1) / (2 * len(target))
    return max(0.0, float(mutual_info_score(target, group)) - bias)


def binned_information(group: NDArray[np.int64], target: NDArray[np.number]) -> float:
    """As `mutual_information`, of a number (N,) in groups of as many rows."""
    inner = np.unique(np.quantile(target, np.linspace(0, 1, SCORE_BINS + 1)[1:-1]))
    return mutual_information(group, np.searchsorted(inner, target, side="left"))


def anova_f(group: NDArray[np.int64], target: NDArray[np.number]) -> float:
    """F statistic of a one-way analysis of variance of the target (N,) between groups (N,)."""
    samples = [target[group == each] for each in np.unique(group)]
    if len(samples) < 2:
        return 0.0
    statistic = float(stats.f_oneway(*samples).statistic)
    return min(statistic, np.finfo(np.float32).max.item()) if statistic == statistic else 0.0


# How a column's groups (N,) are scored against the target (N,), for each kind of target.
Score = Callable[[NDArray[np.int64], NDArray[np.number]], float]
SCORES: Mapping[Task, Mapping[str, Score]] = {
    "binary": {"mutual_info": mutual_information, "anova_f": anova_f},
    "multiclass": {"mutual_info": mutual_information, "anova_f": anova_f},
    "regression": {"mutual_info": binned_information, "anova_f": anova_f},
}
