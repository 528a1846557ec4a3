"""How much each row counts."""

import numpy as np
import pyarrow as pa
import pytest

from slipstream.config.data import DataConfig
from slipstream.data.cells import missing_markers
from slipstream.data.weights import read_weights
from slipstream.runtime import InputError


def found_in(values: list, name: str = "w", **config: object) -> tuple[list | None, str]:
    """The weights and the notes on them."""
    table = pa.table({"w": pa.array(values), "y": pa.array(range(len(values)))})
    data = DataConfig(target="y", weight=name, **config)
    found, notes = read_weights(table, data, markers=missing_markers(data.missing))
    return None if found is None else found.tolist(), " | ".join(notes)


def read(values: list, name: str = "w") -> list[float] | None:
    return found_in(values, name)[0]


@pytest.mark.parametrize(
    "values", [[1, 3, 0], [0.5, 1.5, 0.0], ["1", " 3 ", "0"], [10**9, 3 * 10**9, 0]]
)
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
        (["1", "many"], "w", r"must be a number.*row 2 has other text \(1 such rows\)"),
        (["1", "unknown"], "w", r"1 that are missing.*row 2"),
        (["($5)", "$2"], "w", r"1 that are missing, negative.*row 1"),
        ([True, False], "w", "must be a number, however: 'w' holds other values"),
        ([1, 2], "W", "no 'W'; did you mean 'w'"),
        ([1, 2], "y", "must not be the target"),
    ],
)
def test_what_is_no_weight_is_refused(values: list, name: str, expected: str) -> None:
    """With the count and the first row."""
    with pytest.raises(InputError, match=expected):
        read(values, name)


@pytest.mark.parametrize(
    ("values", "note"),
    [
        (["$1,200", "$3,600", "$0"], "',' is taken to separate thousands"),
        (["$1,200.50", "$3,601.50", "$0"], "written with '$' and a comma between thousands"),
        (["1,5", "4,5", "0"], "written with a decimal comma"),
        (["25%", "75 %", "0%"], "percent signs"),
        (["1.200,5", "3.601,5", "0"], "a point between thousands and a decimal comma"),
        (["1 200 €", "3 600 €", "0 €"], "'€' and a blank between thousands"),
        (["1e2", "3e2", "0"], ""),
        (["+1", "3", "0"], ""),
    ],
)
def test_weights_are_read_as_other_numbers_are(values: list, note: str) -> None:
    """Amounts, percents and decimal commas count, and the note says how they were read."""
    weights, notes = found_in(values)
    assert weights == pytest.approx([0.75, 2.25, 0])
    assert note in notes
    assert bool(note) == notes.startswith("weight 'w': ")


def test_what_means_missing_is_no_weight() -> None:
    """Texts of `data.missing` count here as elsewhere."""
    with pytest.raises(InputError, match="1 that are missing"):
        found_in(["1", "keine"], missing=["keine"])
