import numpy as np
import pandas as pd
import pytest

from slipstream.drift import measure, profile
from slipstream.runtime.columns import Column

RANDOM = np.random.default_rng(0)
COLUMNS = (
    Column(name="age", kind="numeric", allows_missing=True, edges=np.array([-3.0, 0.0, 3.0])),
    Column(name="city", kind="categorical", allows_missing=False, categories=("Bonn", "Oslo")),
)


def rows(count: int = 4000, shift: float = 0.0, oslo: float = 0.5) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": RANDOM.normal(shift, 0.5, count),
            "city": np.where(RANDOM.random(count) < oslo, "Oslo", "Bonn"),
        }
    )


THEN = profile(COLUMNS, rows())


def test_the_same_rows_have_not_moved() -> None:
    """Rows held against their own profile have a PSI of nothing."""
    frame = rows()
    drift = measure(profile(COLUMNS, frame), COLUMNS, frame)
    assert drift.psi == {"age": 0.0, "city": 0.0}
    assert drift.outside_share == 0.0


def test_new_rows_of_the_same_kind_are_stable() -> None:
    """Another sample of the same distribution stays below what is read as a shift."""
    assert measure(THEN, COLUMNS, rows()).largest_psi < 0.02


def test_what_moved_is_named() -> None:
    """A feature that shifted has a large PSI, and the other one does not."""
    drift = measure(THEN, COLUMNS, rows(shift=1.0))
    assert drift.psi["age"] > 0.25 > drift.psi["city"]
    assert "(age)" in drift.shape
    assert measure(THEN, COLUMNS, rows(oslo=0.9)).psi["city"] > 0.25


def test_psi_is_the_formula() -> None:
    """PSI is sum((now - then) ln(now / then)) over the groups."""
    then = profile(COLUMNS[1:], pd.DataFrame({"city": ["Oslo"] * 50 + ["Bonn"] * 50}))
    drift = measure(then, COLUMNS[1:], pd.DataFrame({"city": ["Oslo"] * 80 + ["Bonn"] * 20}))
    expected = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert drift.psi["city"] == pytest.approx(expected)


def test_rows_beyond_the_edges_and_new_categories_are_outside() -> None:
    """A number that saturates, an unknown category and an unexpected blank count as outside."""
    frame = pd.DataFrame(
        {"age": [9.0, 0.0, np.nan, 0.0], "city": ["Oslo", "Rome", "Bonn", None]}, dtype=object
    ).astype({"age": float})
    drift = measure(THEN, COLUMNS, frame)
    assert drift.outside_share == 0.75
    assert drift.outside_share_then == 0.0


def test_a_feature_that_was_always_missing_can_be_compared() -> None:
    """No number in training: everything that appears later counts as moved, and nothing fails."""
    column = (Column(name="a", kind="numeric", allows_missing=True, edges=np.array([0.0, 1.0])),)
    then = profile(column, pd.DataFrame({"a": [np.nan] * 9}))
    assert measure(then, column, pd.DataFrame({"a": [np.nan] * 5})).largest_psi == 0
    assert measure(then, column, pd.DataFrame({"a": [0.5] * 5})).largest_psi > 1
