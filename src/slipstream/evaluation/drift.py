"""Drift: how far new data has moved from what the champion was trained on.

The population stability index (PSI) of a feature compares the shares of its groups then and now:
sum((now - then) * ln(now / then)), in nats (Siddiqi 2006, "Credit Risk Scorecards"). The groups are
the deciles of the training part for numbers and the categories for the rest, with one more for
missing. Below 0.1 is commonly read as stable, above 0.25 as a shift that somebody should look at.
Whether a retraining warns is another question, which `DriftConfig` answers.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.values import Reference, Value
from slipstream.config.drift import DriftConfig
from slipstream.data.snapshot import as_numbers
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
    "held_against",
    "measure",
    "profile",
    "reading",
]

STABLE, SHIFTED = 0.1, 0.25  # a PSI below the one, above the other
READINGS = f"below {STABLE} is stable, above {SHIFTED} shifted"
GROUPS = 10
SMALLEST_SHARE = 1e-4  # stands for a share of nothing: its logarithm must be finite


class FeatureProfile(Value):
    """How one feature is distributed.

    `shares` has a share of the rows for each group: of a number, below, between and above `edges`;
    of a category, each of `categories` and all others; at last, missing.
    """

    name: str
    edges: tuple[float, ...]
    categories: tuple[str, ...]
    shares: tuple[float, ...]


class Profile(Value):
    """How the features of a training part are distributed.

    `outside_share` is the share of rows with a value beyond what the model was fitted to.
    """

    features: tuple[FeatureProfile, ...]
    outside_share: float


class Drift(Reference):
    """How far the rows of today are from a profile: PSI in nats, shares of rows.

    `outside_share` and `outside_share_then` count rows outside calibration: with a number beyond
    what the model was fitted to, a category it does not know, or a missing value where training
    saw none. `warnings` says which limit is
    exceeded.
    """

    psi: Mapping[str, float]
    outside_share: float
    outside_share_then: float
    rows: int
    warnings: tuple[str, ...] = ()

    @property
    def largest_psi(self) -> float:
        """The PSI of the feature that moved most."""
        return max(self.psi.values())

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Every feature with its PSI, the one that moved most first."""
        return sorted(self.psi.items(), key=lambda each: -each[1])

    @property
    def shape(self) -> str:
        """The feature that moved most, what that means, and the rows that saturate."""
        name, psi = self.ranked[0]
        return (
            f"largest PSI {psi:.3f} ({quote(name)}: {reading(psi)}; {READINGS}), "
            f"{share(self.outside_share)} of the rows outside calibration "
            f"({share(self.outside_share_then)} in training)"
        )


def reading(psi: float) -> str:
    """What a PSI is commonly taken for."""
    return "stable" if psi < STABLE else "shifted" if psi > SHIFTED else "moderate"


def held_against(drift: Drift, limits: DriftConfig) -> Drift:
    """The drift with a warning where it exceeds its limits."""
    name, psi = drift.ranked[0]
    increase = drift.outside_share - drift.outside_share_then
    faults = []
    if psi > limits.max_psi:
        faults.append(f"PSI {psi:.3f} of {quote(name)} > {limits.max_psi:g}")
    if increase > limits.max_outside_increase:
        faults.append(
            f"the share of rows outside calibration rose by {100 * increase:.1f} percentage points "
            f"> {100 * limits.max_outside_increase:g}"
        )
    if not faults:
        return drift
    return drift.model_copy(update={"warnings": (f"drift: {' and '.join(faults)}",)})


def profile(columns: Sequence[Column], rows: pd.DataFrame) -> Profile:
    """Describe the training rows of a model that reads these columns."""
    return Profile(
        features=tuple(_profile(column, rows[column.name]) for column in columns),
        outside_share=_outside_share(columns, rows),
    )


def measure(then: Profile, columns: Sequence[Column], rows: pd.DataFrame) -> Drift:
    """Compare new rows with the rows that a model was trained on."""
    by_name = {column.name: column for column in columns}
    return Drift(
        psi={
            each.name: _psi(each.shares, _shares(each.edges, by_name[each.name], rows[each.name]))
            for each in then.features
        },
        outside_share=_outside_share(columns, rows),
        outside_share_then=then.outside_share,
        rows=len(rows),
    )


def _profile(column: Column, values: pd.Series) -> FeatureProfile:
    present = values.dropna()
    edges: tuple[float, ...] = ()
    if column.edges is not None and len(present):
        inner = np.linspace(0, 1, GROUPS + 1)[1:-1]
        edges = tuple(np.unique(np.quantile(as_numbers(present), inner)).tolist())
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
    return np.bincount(groups, minlength=missing + 1) / max(1, len(values))


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
