import numpy as np
import pandas as pd
import pytest

from slipstream.config.drift import DriftConfig
from slipstream.evaluation.drift import (
    Drift,
    Profile,
    Target,
    held_against,
    measure,
    profile,
    reading,
)
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


def answers(count: int = 4000, yes: float = 0.3) -> Target:
    """The first of the rows are the positive ones."""
    return Target("churned", (np.arange(count) < yes * count).astype(np.int8), ("no", "yes"))


ANSWERS = answers()
THEN = profile(COLUMNS, rows(), ANSWERS)


def test_the_same_rows_have_not_moved() -> None:
    """Rows held against their own profile have a PSI of nothing."""
    frame = rows()
    drift = measure(profile(COLUMNS, frame, ANSWERS), COLUMNS, frame, ANSWERS)
    assert drift.psi == {"age": 0.0, "city": 0.0, "churned": 0.0}
    assert drift.outside_share == 0.0


def test_new_rows_of_the_same_kind_are_stable() -> None:
    """Another sample of the same distribution stays below what is read as a shift."""
    assert measure(THEN, COLUMNS, rows(), ANSWERS).largest_psi < 0.02


def test_what_moved_is_named() -> None:
    """A feature that shifted has a large PSI, and the other one does not."""
    drift = measure(THEN, COLUMNS, rows(shift=1.0), ANSWERS)
    assert drift.psi["age"] > 0.25 > drift.psi["city"]
    assert "('age': shifted; below 0.1 is stable, above 0.25 shifted" in drift.shape
    assert [name for name, _ in drift.ranked] == ["age", "city", "churned"]
    assert measure(THEN, COLUMNS, rows(oslo=0.9), ANSWERS).psi["city"] > 0.25


def test_psi_is_the_formula() -> None:
    """PSI is sum((now - then) ln(now / then)) over the groups."""
    then = profile(COLUMNS[1:], pd.DataFrame({"city": ["Oslo"] * 50 + ["Bonn"] * 50}), ANSWERS)
    drift = measure(
        then, COLUMNS[1:], pd.DataFrame({"city": ["Oslo"] * 80 + ["Bonn"] * 20}), ANSWERS
    )
    expected = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert drift.psi["city"] == pytest.approx(expected)


def test_rows_beyond_the_edges_and_new_categories_are_outside() -> None:
    """A number that saturates, an unknown category and an unexpected blank count as outside."""
    frame = pd.DataFrame(
        {"age": [9.0, 0.0, np.nan, 0.0], "city": ["Oslo", "Rome", "Bonn", None]}, dtype=object
    ).astype({"age": float})
    drift = measure(THEN, COLUMNS, frame, ANSWERS)
    assert drift.outside_share == 0.75
    assert drift.outside_share_then == 0.0


def test_a_category_in_another_spelling_is_that_category() -> None:
    """`2.0` is `2` and `YES` is `yes`, as in the predictor; `02` is another code."""
    columns = (
        Column(name="code", kind="categorical", allows_missing=False, categories=("1", "2", "U")),
        Column(name="vip", kind="categorical", allows_missing=False, categories=("no", "yes")),
    )
    known = pd.DataFrame({"code": ["1", "2", "U", "2"], "vip": ["yes", "no"] * 2})
    then = profile(columns, known, ANSWERS)
    spelled = pd.DataFrame({"code": ["1.0", "2.0", "U", "2"], "vip": ["YES", "N", "1", "false"]})
    assert measure(then, columns, spelled, ANSWERS).largest_psi == 0
    assert measure(then, columns, spelled, ANSWERS).outside_share == 0
    others = pd.DataFrame({"code": ["01", "02", "U", "2"], "vip": ["ja", "N", "1", "false"]})
    assert measure(then, columns, others, ANSWERS).outside_share == 0.5


def test_a_feature_that_was_always_missing_can_be_compared() -> None:
    """No number in training: everything that appears later counts as moved, and nothing fails."""
    column = (Column(name="a", kind="numeric", allows_missing=True, edges=np.array([0.0, 1.0])),)
    then = profile(column, pd.DataFrame({"a": [np.nan] * 9}), ANSWERS)
    assert measure(then, column, pd.DataFrame({"a": [np.nan] * 5}), ANSWERS).largest_psi == 0
    assert measure(then, column, pd.DataFrame({"a": [0.5] * 5}), ANSWERS).largest_psi > 1


def test_the_table_begins_with_what_moved_most() -> None:
    """Sorted, with what each figure means; the target is marked; names are shown literally."""
    psi = {"a": 0.1, "b|*": 3, "c": 0}
    moved = Drift(psi=psi, outside_share=0, outside_share_then=0, rows=9, target="a")
    assert drift_table(moved) == [
        {"feature": r"b\|\*", "psi": 3, "reading": "shifted"},
        {"feature": "a (target)", "psi": 0.1, "reading": "moderate"},
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


def target_psi(then: Target, now: Target) -> float:
    """How far a target has moved, by a profile that was written and read."""
    frame = rows(10)
    known = Profile.model_validate_json(profile(COLUMNS, frame, then).model_dump_json())
    drift = measure(known, COLUMNS, frame, now)
    assert drift.target == now.name
    return drift.psi[now.name]


def labels(*counts: int, classes: tuple[str, ...] = ("a", "b", "c")) -> Target:
    return Target("plan", np.repeat(np.arange(len(counts)), counts), classes)


def test_labels_that_became_more_frequent_have_moved() -> None:
    """PSI over the shares of labels, of two and of several."""
    assert target_psi(answers(), answers(400, yes=0.3)) == pytest.approx(0)
    expected = 0.3 * np.log(0.6 / 0.3) - 0.3 * np.log(0.4 / 0.7)
    assert target_psi(answers(), answers(yes=0.6)) == pytest.approx(expected)
    assert target_psi(labels(50, 30, 20), labels(500, 300, 200)) == pytest.approx(0)
    expected = 0.3 * np.log(50 / 20) - 0.3 * np.log(20 / 50)
    assert target_psi(labels(50, 30, 20), labels(20, 30, 50)) == pytest.approx(expected)


def test_labels_are_compared_by_name() -> None:
    """In another order they are the same labels, and one that is new counts as moved."""
    turned = labels(20, 30, 50, classes=("c", "b", "a"))
    assert target_psi(labels(50, 30, 20), turned) == pytest.approx(0)
    new = labels(50, 30, 20, 100, classes=("a", "b", "c", "d"))
    assert target_psi(labels(50, 30, 20), new) > 0.25


def test_hundreds_of_rare_labels_do_not_move_by_chance() -> None:
    """Two samples of the same 600 rare labels and a frequent one are stable."""
    random = np.random.default_rng(5)
    classes = tuple(map(str, range(601)))

    def sample() -> Target:
        rare = random.integers(1, 601, 900)
        return Target("sku", np.r_[np.zeros(900, int), rare], classes)

    assert target_psi(sample(), sample()) < 0.1
    fewer = Target("sku", np.r_[np.zeros(900, int), np.arange(1, 91)], classes)
    assert target_psi(sample(), fewer) > 0.25


def test_a_rare_positive_label_that_becomes_frequent_is_seen() -> None:
    """Below one row in a hundred it has no group of its own, but the other label has."""
    assert target_psi(answers(yes=0.002), answers(yes=0.002)) == pytest.approx(0)
    assert target_psi(answers(yes=0.002), answers(yes=0.15)) > 0.25


def test_numbers_that_moved_are_seen_by_their_deciles() -> None:
    """Shifted, or spread wider, they have moved; another sample has not; ties are one group."""
    random = np.random.default_rng(6)

    def sample(mean: float = 100, deviation: float = 10) -> Target:
        return Target("price", random.normal(mean, deviation, 4000))

    assert target_psi(sample(), sample()) < 0.05
    assert target_psi(sample(), sample(mean=112)) > 0.25
    assert target_psi(sample(), sample(deviation=25)) > 0.25
    zeros = Target("visits", np.r_[np.zeros(3000), np.arange(1.0, 1001)])
    assert target_psi(zeros, zeros) == pytest.approx(0)
    assert target_psi(zeros, Target("visits", np.arange(1.0, 4001))) > 0.25


def test_a_profile_without_a_target_still_works() -> None:
    """One of an earlier release measures the features, and no target."""
    old = THEN.model_dump(exclude={"target"})
    drift = measure(Profile.model_validate(old), COLUMNS, rows(), answers(yes=0.9))
    assert (drift.target, set(drift.psi)) == ("", {"age", "city"})


def test_the_target_is_named_as_such_beside_a_feature() -> None:
    """Where a feature moved most, a target beyond the limit is in the warning too."""
    shifted = {"a": 1.5, "y": 0.7, "b": 0.6}
    moved = Drift(psi=shifted, outside_share=0, outside_share_then=0, rows=9, target="y")
    (warning,) = held_against(moved, DriftConfig()).warnings
    assert warning == "drift: PSI 1.500 of 'a' > 0.25 and PSI 0.700 of target 'y' > 0.25"
    most = moved.model_copy(update={"psi": {"a": 0.5, "y": 0.7}})
    (warning,) = held_against(most, DriftConfig()).warnings
    assert warning == "drift: PSI 0.700 of target 'y' > 0.25"
    assert most.shape.startswith("largest PSI 0.700 (target 'y': shifted")
    calm = moved.model_copy(update={"psi": {"a": 0.5, "y": 0.2}})
    (warning,) = held_against(calm, DriftConfig()).warnings
    assert warning == "drift: PSI 0.500 of 'a' > 0.25"
