"""How much each row counts."""

import numpy as np
import pyarrow as pa
import pytest

from slipstream.config.data import DataConfig
from slipstream.data.weights import read_weights
from slipstream.runtime import InputError


def read(values: list, name: str = "w") -> list[float] | None:
    found, _ = read_weights(
        pa.table({"w": pa.array(values), "y": pa.array(range(len(values)))}),
        DataConfig(target="y", weight=name),
    )
    return None if found is None else found.tolist()


@pytest.mark.parametrize(
    "values", [[1, 3, 0], [0.5, 1.5, 0.0], ["1", " 3 ", "0"], [10**9, 3 * 10**9, 0],
     ["$1.50", "$4.50", "$0.00"], ["1,5", "4,5", "0,0"], ["10%", "30%", "0%"]],
)  # fmt: skip
def test_weights_have_a_mean_of_one(values: list) -> None:
    """Only their ratios matter, however they are written."""
    assert read(values) == pytest.approx([0.75, 2.25, 0])


def test_without_a_column_all_rows_count_alike() -> None:
    """Nothing is made up."""
    assert read([1, 2], "") is None


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        ([1, None, 2], "w", r"1 that are missing, negative or infinite \(the first in row 2\)"),
        ([1, 2, -1, -2], "w", r"2 that are .*row 3"),
        ([1.0, np.inf], "w", "row 2"),
        ([0, 0], "w", "is 0 in all"),
        (["1", "many"], "w", r"must be a number, however: 'w' holds other values \(row 2 has text"),
        (["1", "n/a"], "w", "1 that are missing"),
        ([True, False], "w", "must be a number, however: 'w' holds other values"),
        ([1, 2], "W", "no 'W'; did you mean 'w'"),
        ([1, 2], "y", "must not be the target"),
    ],
)
def test_what_is_no_weight_is_refused(values: list, name: str, expected: str) -> None:
    """With the count and the first row."""
    with pytest.raises(InputError, match=expected):
        read(values, name)
