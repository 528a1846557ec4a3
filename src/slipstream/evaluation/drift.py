"""Drift: how far new data has moved from what the champion was trained on.

The population stability index (PSI) of a feature compares the shares of its groups then and now:
sum((now - then) * ln(now / then)), in nats (Siddiqi 2006, "Credit Risk Scorecards"). The groups are
the deciles of the training part for numbers and the categories for the rest, with one more for
missing. Below 0.1 is commonly read as stable, above 0.25 as a shift that somebody should look at.
Whether a retraining warns is another question, which `DriftConfig` answers. The target is measured
in the same way, by its labels or the deciles of its numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.references import DatasetRef
from slipstream.artifacts.values import Reference, Value
from slipstream.config.drift import DriftConfig
from slipstream.data.snapshot import Snapshot, as_numbers
from slipstream.measurement.units import share
from slipstream.runtime.columns import Column
from slipstream.runtime.text import quote
from slipstream.runtime.values import spellings

__all__ = [
    "SHIFTED",
    "STABLE",
    "Drift",
    "FeatureProfile",
    "Profile",
    "Target",
    "held_against",
    "measure",
    "profile",
    "reading",
    "training_target",
]

STABLE, SHIFTED = 0.1, 0.25  # a PSI below the one, above the other
READINGS = f"below {STABLE} is stable, above {SHIFTED} shifted"
GROUPS = 10
LEAST_SHARE = 0.01  # rarer labels are one group: of hundreds, chance alone would move some
SMALLEST_SHARE = 1e-4  # stands for a share of nothing: its logarithm must be finite


@dataclass(frozen=True)
class Target:
    """The target of some rows (N,): its numbers, or the places of their labels among `classes`."""

    name: str
    numbers: NDArray[np.number]
    classes: tuple[str, ...] = ()


class FeatureProfile(Value):
    """How one feature, or the target, is distributed.

    `shares` has a share of the rows for each group: of a number, below, between and above `edges`;
    of a category, each of `categories` and all others; at last, missing.
    """

    name: str
    edges: tuple[float, ...]
    categories: tuple[str, ...]
    shares: tuple[float, ...]


class Profile(Value):
    """How the features and the target of a training part are distributed.

    `outside_share` is the share of rows with a value beyond what the model was fitted to. The
    profile of an earlier release has no `target`.
    """

    features: tuple[FeatureProfile, ...]
    outside_share: float
    target: FeatureProfile | None = None


class Drift(Reference):
    """How far the rows of today are from a profile: PSI in nats, shares of rows.

    `psi` has every feature, and the target, whose name there is `target`: empty where the profile
    has none.

    `outside_share` and `outside_share_then` count rows outside calibration: with a number beyond
    what the model was fitted to, a category it does not know, or a missing value where training
    saw none. `warnings` says which limit is exceeded.
    """

    psi: Mapping[str, float]
    outside_share: float
    outside_share_then: float
    rows: int
    target: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def largest_psi(self) -> float:
        """The PSI of what moved most."""
        return max(self.psi.values())

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Every feature and the target with its PSI, the one that moved most first."""
        return sorted(self.psi.items(), key=lambda each: -each[1])

    def title(self, name: str) -> str:
        """A name of `psi` as a table has it: the target is marked."""
        return f"{name} (target)" if name == self.target else name

    def called(self, name: str) -> str:
        """A name of `psi` as a sentence has it: the target is marked."""
        return f"target {quote(name)}" if name == self.target else quote(name)

    @property
    def shape(self) -> str:
        """What moved most, what that means, and the rows that saturate."""
        name, psi = self.ranked[0]
        return (
            f"largest PSI {psi:.3f} ({self.called(name)}: {reading(psi)}; {READINGS}), "
            f"{share(self.outside_share)} of the rows outside calibration "
            f"({share(self.outside_share_then)} in training)"
        )


def reading(psi: float) -> str:
    """What a PSI is commonly taken for."""
    return "stable" if psi < STABLE else "shifted" if psi > SHIFTED else "moderate"


def held_against(drift: Drift, limits: DriftConfig) -> Drift:
    """The drift with a warning where it exceeds its limits."""
    increase = drift.outside_share - drift.outside_share_then
    most = drift.ranked[0][0]
    faults = [
        f"PSI {psi:.3f} of {drift.called(name)} > {limits.max_psi:g}"
        for name, psi in drift.ranked
        if psi > limits.max_psi and name in (most, drift.target)
    ]
    if increase > limits.max_outside_increase:
        faults.append(
            f"the share of rows outside calibration rose by {100 * increase:.1f} percentage points "
            f"> {100 * limits.max_outside_increase:g}"
        )
    if not faults:
        return drift
    return drift.model_copy(update={"warnings": (f"drift: {' and '.join(faults)}",)})


def training_target(dataset: DatasetRef, snapshot: Snapshot) -> Target:
    """The target of a snapshot's training part."""
    return Target(dataset.target, snapshot.target("train").to_numpy(), dataset.classes)


def profile(columns: Sequence[Column], rows: pd.DataFrame, target: Target) -> Profile:
    """Describe the training rows of a model that reads these columns, and their target."""
    return Profile(
        features=tuple(_profile(column, rows[column.name]) for column in columns),
        outside_share=_outside_share(columns, rows),
        target=_target_profile(target),
    )


def measure(then: Profile, columns: Sequence[Column], rows: pd.DataFrame, target: Target) -> Drift:
    """Compare new rows and their target with the rows that a model was trained on."""
    by_name = {column.name: column for column in columns}
    psi = {
        each.name: _psi(each.shares, _shares(each.edges, by_name[each.name], rows[each.name]))
        for each in then.features
    }
    if then.target is not None:
        psi[target.name] = _psi(then.target.shares, _target_shares(then.target, target))
    return Drift(
        psi=psi,
        outside_share=_outside_share(columns, rows),
        outside_share_then=then.outside_share,
        rows=len(rows),
        target=target.name if then.target is not None else "",
    )


def _target_profile(target: Target) -> FeatureProfile:
    empty = FeatureProfile(
        name=target.name,
        edges=() if target.classes else _deciles(target.numbers),
        categories=_usual_labels(target) if target.classes else (),
        shares=(),
    )
    return empty.model_copy(update={"shares": tuple(_target_shares(empty, target).tolist())})


def _usual_labels(target: Target) -> tuple[str, ...]:
    """The labels that are not rare."""
    counts = np.bincount(target.numbers, minlength=len(target.classes))
    least = LEAST_SHARE * len(target.numbers)
    return tuple(each for each, n in zip(target.classes, counts, strict=True) if n >= least)


def _target_shares(then: FeatureProfile, target: Target) -> NDArray[np.float64]:
    """The share of rows in each of a profile's groups; no target is missing: (groups,)."""
    if not target.classes:
        groups = np.searchsorted(then.edges, target.numbers, side="right")
        return _share_of_each(groups, len(then.edges) + 2)
    places = {label: place for place, label in enumerate(then.categories)}
    codes = np.array([places.get(label, len(places)) for label in target.classes])
    return _share_of_each(codes[target.numbers], len(places) + 2)


def _profile(column: Column, values: pd.Series) -> FeatureProfile:
    present = values.dropna()
    edges: tuple[float, ...] = ()
    if column.edges is not None and len(present):
        edges = _deciles(as_numbers(present))
    return FeatureProfile(
        name=column.name,
        edges=edges,
        categories=column.categories,
        shares=tuple(_shares(edges, column, values).tolist()),
    )


def _shares(edges: Sequence[float], column: Column, values: pd.Series) -> NDArray[np.float64]:
    """The share of rows in each group: values (N,) → (groups,)."""
    if column.categories or not edges:
        groups = _codes(column, values)
        missing = len(column.categories) + 1
    else:
        groups = np.searchsorted(edges, as_numbers(values), side="right")
        missing = len(edges) + 1
    groups = np.where(values.isna(), missing, groups)
    return _share_of_each(groups, missing + 1)


def _share_of_each(groups: NDArray[np.integer], count: int) -> NDArray[np.float64]:
    """The share of rows (N,) in each of the first groups: (count,)."""
    return np.bincount(groups, minlength=count) / max(1, len(groups))


def _deciles(numbers: NDArray[np.number]) -> tuple[float, ...]:
    """The numbers between tenths of the rows; fewer where many rows have the same."""
    inner = np.linspace(0, 1, GROUPS + 1)[1:-1]
    return tuple(np.unique(np.quantile(numbers, inner)).tolist())


def _codes(column: Column, values: pd.Series) -> NDArray[np.intp]:
    """The category of each value (N,) in any of its spellings, as the predictor reads them.

    One that is not known, or missing, has the number after the last.
    """
    known = spellings(column.categories)
    codes, words = pd.factorize(values)
    found = [known.get(str(word), column.unknown_row) for word in words]
    return np.array([*found, column.unknown_row])[codes]


def _psi(then: Sequence[float], now: NDArray[np.float64]) -> float:
    old = np.maximum(then, SMALLEST_SHARE)
    new = np.maximum(now, SMALLEST_SHARE)
    return float(((new - old) * np.log(new / old)).sum())


def _outside_share(columns: Sequence[Column], rows: pd.DataFrame) -> float:
    """The share of rows that saturate: a number beyond the outermost edges, an unknown category."""
    outside = np.zeros(len(rows), dtype=bool)
    for column in columns:
        values = rows[column.name]
        if column.edges is None:
            outside |= values.notna().to_numpy() & (_codes(column, values) == column.unknown_row)
        else:
            numbers = as_numbers(values)
            outside |= (numbers < column.edges[0]) | (numbers > column.edges[-1])
        if not column.allows_missing:
            outside |= values.isna().to_numpy()
    return float(outside.mean()) if len(rows) else 0.0
