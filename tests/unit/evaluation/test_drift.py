import numpy as np
import pandas as pd
import pytest

from slipstream.config.drift import DriftConfig
from slipstream.evaluation.drift import Drift, held_against, measure, profile, reading
from slipstream.reporting.tables import drift_table
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
    assert "('age': shifted; below 0.1 is stable, above 0.25 shifted" in drift.shape
    assert [name for name, _ in drift.ranked] == ["age", "city"]
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


def test_a_category_in_another_spelling_is_that_category() -> None:
    """`2.0` is `2` and `YES` is `yes`, as in the predictor; `02` is another code."""
    columns = (
        Column(name="code", kind="categorical", allows_missing=False, categories=("1", "2", "U")),
        Column(name="vip", kind="categorical", allows_missing=False, categories=("no", "yes")),
    )
    then = profile(columns, pd.DataFrame({"code": ["1", "2", "U", "2"], "vip": ["yes", "no"] * 2}))
    spelled = pd.DataFrame({"code": ["1.0", "2.0", "U", "2"], "vip": ["YES", "N", "1", "false"]})
    assert measure(then, columns, spelled).largest_psi == 0
    assert measure(then, columns, spelled).outside_share == 0
    others = pd.DataFrame({"code": ["01", "02", "U", "2"], "vip": ["ja", "N", "1", "false"]})
    assert measure(then, columns, others).outside_share == 0.5


def test_a_feature_that_was_always_missing_can_be_compared() -> None:
    """No number in training: everything that appears later counts as moved, and nothing fails."""
    column = (Column(name="a", kind="numeric", allows_missing=True, edges=np.array([0.0, 1.0])),)
    then = profile(column, pd.DataFrame({"a": [np.nan] * 9}))
    assert measure(then, column, pd.DataFrame({"a": [np.nan] * 5})).largest_psi == 0
    assert measure(then, column, pd.DataFrame({"a": [0.5] * 5})).largest_psi > 1


def test_the_table_begins_with_what_moved_most() -> None:
    """Sorted, with the meaning of each figure; a name is Markdown that shows it literally."""
    moved = Drift(psi={"a": 0.1, "b|*": 3, "c": 0}, outside_share=0, outside_share_then=0, rows=9)
    assert drift_table(moved) == [
        {"feature": r"b\|\*", "psi": 3, "reading": "shifted"},
        {"feature": "a", "psi": 0.1, "reading": "moderate"},
        {"feature": "c", "psi": 0, "reading": "stable"},
    ]
    assert [reading(psi) for psi in (0.0999, 0.1, 0.25, 0.2501)] == [
        *("stable", "moderate", "moderate", "shifted")
    ]


OUTSIDE = "drift: the share of rows outside calibration rose by 21.0 percentage points > 5"


@pytest.mark.parametrize(
    ("psi", "outside", "limits", "warnings"),
    [
        (0.2, 0.05, {}, ()),
        (1.553, 0.05, {}, ("drift: PSI 1.553 of 'a' > 0.25",)),
        (1.553, 0.05, {"max_psi": 2}, ()),
        (0.2, 0.25, {}, (OUTSIDE,)),
        (0.2, 0.25, {"max_outside_increase": 0.3}, ()),
        (0.3, 0.25, {}, ("drift: PSI 0.300 of 'a' > 0.25 and the share of rows",)),
    ],
)
def test_beyond_a_limit_there_is_a_warning(
    psi: float, outside: float, limits: dict[str, float], warnings: tuple[str, ...]
) -> None:
    """Either limit, as the config says; rows outside count by their increase over training's."""
    moved = Drift(psi={"a": psi}, outside_share=outside, outside_share_then=0.04, rows=9)
    found = held_against(moved, DriftConfig(**limits)).warnings
    assert len(found) == len(warnings)
    assert all(each.startswith(start) for each, start in zip(found, warnings, strict=True))
