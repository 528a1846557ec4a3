"""What kind of target a column is, and what its cells are as numbers."""

import datetime

import numpy as np
import pyarrow as pa
import pytest

from slipstream.config.data import DataConfig
from slipstream.data.target import Target, read_target
from slipstream.runtime import InputError


def read(values: object, **data: object) -> Target:
    """The target of a column named `y`."""
    return read_target(pa.array(values), DataConfig(target="y", **data))


RANDOM = np.random.default_rng(0)
CATEGORIES = pa.array([3, 7, 40] * 10).dictionary_encode()


@pytest.mark.parametrize(
    ("values", "task", "note"),
    [
        (["no", "yes"] * 9, "binary", ""),
        ([0.0, 1.0] * 9, "binary", ""),
        ([True, False] * 9, "binary", ""),
        (["0", "1"] * 9, "binary", ""),
        ([1.5, 7.25] * 9, "binary", ""),
        (["a", "b", "c"] * 9, "multiclass", "3 labels"),
        ([0, 1, 2] * 9, "multiclass", "3 different whole numbers, taken as labels"),
        ([0.0, 1.0, 2.0] * 9, "multiclass", "data.task = regression"),
        (["1", "2", "3", "4", "5"] * 9, "multiclass", "taken as labels"),
        (list(range(10)) * 9, "multiclass", "10 different whole numbers"),
        (["1", "2", "U"] * 9, "multiclass", "3 labels"),
        (CATEGORIES, "multiclass", "3 labels"),
        ([1.5, 2.0, 2.5] * 9, "regression", "3 different numbers, taken as quantities"),
        (["1.5", "2", "2.5"] * 9, "regression", "data.task = multiclass"),
        (RANDOM.normal(size=200).tolist(), "regression", "200 different numbers"),
        ([each % 201 for each in range(1000)], "regression", "201 different numbers"),
        ([1990 + each % 31 for each in range(300)], "regression", "31 different"),
        ([0] * 90 + [1] * 30 + [2] * 9 + [3] * 2, "regression", "4 different numbers"),
    ],
)
def test_the_kind_of_target_is_inferred(values: object, task: str, note: str) -> None:
    """Two labels, several labels or quantities; what may be meant otherwise is said."""
    target = read(values)
    assert target.task == task
    assert note in " ".join(target.notes)
    assert bool(target.notes) == bool(note)


def test_a_given_kind_is_taken_without_a_note() -> None:
    """The config decides, also against what the column looks like."""
    quantities = read(["1", "2", "3"] * 9, task="regression")
    assert (quantities.task, quantities.notes, quantities.classes) == ("regression", (), ())
    assert quantities.numbers.tolist() == [1, 2, 3] * 9
    labels = read([0.5, 1.0, 1.5] * 9, task="multiclass")
    assert labels.classes == ("0.5", "1", "1.5")
    assert read(["no", "yes"] * 9, task="multiclass").classes == ("no", "yes")


@pytest.mark.parametrize("task", ["auto", "regression"])
@pytest.mark.parametrize("values", [[1, 2, 3] * 9, ["1", "2.5", "3"] * 9, [0.5, 1.5, 7.25]])
def test_quantiles_are_of_numbers(values: object, task: str) -> None:
    """Whatever else the column may look like, it is taken as quantities, and nothing is noted."""
    target = read(values, task=task, quantiles=[0.9, 0.1])
    assert (target.task, target.quantiles, target.classes) == ("quantiles", (0.1, 0.9), ())
    assert target.notes == ()
    assert target.mean == pytest.approx(np.mean(np.asarray(values, float)))
    assert read(values, task="regression").quantiles == ()


def test_labels_are_in_the_order_of_their_values() -> None:
    """Numbers are sorted as numbers, also as text; other labels as text."""
    assert read([10, 9, 2] * 9).classes == ("2", "9", "10")
    assert read(["10", "9", "2"] * 9).classes == ("2", "9", "10")
    target = read(["b", "a10", "a9"] * 9)
    assert target.classes == ("a10", "a9", "b")
    assert target.numbers[:3].tolist() == [2, 0, 1]
    assert target.class_shares == pytest.approx((1 / 3,) * 3)


def test_a_quantity_has_a_mean_and_a_deviation() -> None:
    """They are what a summary shows; labels have shares."""
    target = read([0.5, 1.5, 2.5, 3.5])
    assert (target.mean, target.deviation) == (2.0, pytest.approx(1.118, abs=1e-3))
    assert target.class_shares == ()


@pytest.mark.parametrize(
    ("values", "data", "expected"),
    [
        (["a"] * 9, {}, "two classes, however: it has 1"),
        ([f"C{each:03}" for each in range(50)], {}, "must repeat.*each of 50 rows has its own"),
        (list(range(100, 150)), {}, "must repeat.*as in an identifier"),
        ([f"c{each % 5000}" for each in range(9999)], {}, "at most 1,000 labels.*has 5,000"),
        ([1.5, 2.5] * 9 + [np.inf], {}, r"finite numbers.*1 are infinite.*row 19"),
        ([1.5, 2.5, 1e31] * 9, {}, "beyond 1e"),
        ([2.5] * 9, {"task": "regression"}, "must vary, however: every row has the same number"),
        ([1e9, 1e9 + 1, 1e9 + 0.5], {}, "subtract a constant"),
        (["1", "two", "3"], {"task": "regression"}, r"1 value is not a number \(in row 2\)"),
        ([True, False], {"task": "regression"}, "its type is bool"),
        (["a", "a"], {"task": "multiclass"}, "two labels or more"),
        (["a", "b", "c"] * 9, {"positive": "a"}, "data.positive must be empty.*more than two"),
        ([1.5, 2.5, 3.5] * 9, {"positive": "1"}, "data.positive must be empty.*number"),
        ([1.5, 2.5, 3.5] * 9, {"labels": ["1.5"]}, "data.labels must be empty.*to multiclass"),
        ([1, 2, 3] * 9, {"labels": ["1"], "quantiles": [0.5]}, "labels out, or take data.quantile"),
        ([datetime.datetime(2025, 1, 1)] * 9, {}, r"its type is timestamp"),
        (["low", "high", "low"], {"quantiles": [0.5]}, "for data.quantiles.*take data.quantiles"),
        (["1", "2", "many"] * 9, {"quantiles": [0.5]}, "9 values are not numbers"),
        ([True, False] * 9, {"quantiles": [0.5]}, "for data.quantiles, however: its type is bool"),
        ([0, 1] * 9, {"quantiles": [0.5]}, "more than two different numbers.*it has two"),
        ([7.5] * 9, {"quantiles": [0.5]}, "must vary"),
        ([1.5, 2.5, 3.5] * 9, {"quantiles": [0.5], "positive": "1"}, "take data.positive out, or"),
    ],
)
def test_targets_that_cannot_be_learned_are_refused(
    values: object, data: dict, expected: str
) -> None:
    """The message says what the rule is, what was found, and what to do."""
    with pytest.raises(InputError, match=expected):
        read(values, **data)


def test_a_thousand_labels_are_enough() -> None:
    """1,000 labels are taken."""
    target = read([f"c{each % 1000}" for each in range(5000)])
    assert (len(target.classes), target.numbers.max()) == (1000, 999)
