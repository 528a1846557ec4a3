"""How one row's values reach the model, from a dict in any order and from ints of any size."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from slipstream.runtime import Predictor
from slipstream.runtime.columns import Column
from tests.unit.runtime.agreement import Shape, bundle_over
from tests.unit.runtime.people import people

ROW = {"age": 40, "city": "Oslo", "income": 25_000.0, "member": True}


class Name(str):
    """A key of another class that equals the column's name."""


@pytest.mark.parametrize(
    "row",
    [
        dict(reversed(ROW.items())),
        {"before": 0} | ROW | {"after": "x"},
        {"age": 40, "between": None, **ROW, "Age": 1, "age ": 2},
        {str(index): index for index in range(100)} | ROW,
        {1: "a key", None: 2, (): 3} | ROW,
        {Name(name): value for name, value in ROW.items()},
        json.loads(json.dumps(ROW)),
        json.loads(json.dumps({"other": 1} | ROW)),
        {"city": "Oslo", "age": 40, "member": True, "income": 25_000.0},
    ],
)
def test_a_dict_answers_alike_in_any_order(row: Mapping[Any, Any]) -> None:
    """Whatever else it holds, and whoever made its keys."""
    model = Predictor(people())
    assert model.predict_one(row) == model.predict_one(list(ROW.values()))


@pytest.mark.parametrize("absent", [("city",), ("income",), ("city", "income")])
def test_absent_columns_are_missing_wherever_they_would_be(absent: tuple[str, ...]) -> None:
    """A dict without some columns is the row that lacks their values, whatever is in between."""
    model = Predictor(people())
    row = {name: value for name, value in ROW.items() if name not in absent}
    expected = model.predict_one([row.get(name) for name in model.features])
    for others in range(4):
        more = {f"other {index}": index for index in range(others)}
        assert model.predict_one(more | row) == model.predict_one(row | more) == expected


def test_a_deleted_key_is_not_read() -> None:
    """A dict keeps the place of what was deleted."""
    model = Predictor(people())
    row = {"city": "Bonn"} | ROW
    del row["city"]
    assert model.predict_one(row) == model.predict_one([40, None, 25_000.0, True])


@pytest.mark.parametrize(
    "number",
    [0, -1, 1, 2**30 - 1, 2**30, -(2**30), 2**31, -(2**60) - 1, 2**62, 2**63, 2**64 + 1, 10**300],
)
def test_an_int_is_the_float_of_its_value(number: int) -> None:
    """However many digits Python stores it in."""
    edges = np.array([-1e19, -1e9, -1.5, -0.5, 0.5, 2e9, 1e19])
    column = Column(name="number", kind="numeric", allows_missing=False, edges=edges)
    shape = Shape(features=1, bins=6, hidden=[16], outputs=1, rows=0, seed=3)
    model = Predictor(bundle_over((column,), shape, "int8", np.random.default_rng(shape.seed)))
    assert model.predict_one([number]) == model.predict_one([float(number)])
