"""Raw tables, as files hold them, for a model that reads some of their columns."""

import numpy as np
import pyarrow as pa
import pytest

from slipstream.runtime import InputError, Predictor
from slipstream.runtime.rows import RowReader
from slipstream.serving.tables import checked_rows, typed_rows
from tests.unit.runtime.people import people

MODEL = Predictor(people())
CELLS = {"age": ["40"], "city": ["Oslo"], "income": ["5e4"], "member": ["true"]}


def table(**changes: list[str]) -> pa.Table:
    return pa.table({**CELLS, **changes})


def test_names_are_trimmed_as_in_training() -> None:
    """Blanks around a header's names make no difference; other columns may be called anything."""
    padded = table(other=["x"]).rename_columns([" age", "city ", "\tincome", " member ", " "])
    assert typed_rows(MODEL, padded).equals(typed_rows(MODEL, table()))


def test_a_repeated_name_is_refused_if_the_model_reads_it() -> None:
    """It is unclear which of the two is meant; names that the model does not read may repeat."""
    doubled = table(a=["x"], b=["y"])
    with pytest.raises(InputError, match="'age' more than once"):
        typed_rows(MODEL, doubled.rename_columns([*CELLS, " age", "b"]))
    harmless = doubled.rename_columns([*CELLS, "other", "other"])
    assert typed_rows(MODEL, harmless).equals(typed_rows(MODEL, table()))


@pytest.mark.parametrize("cell", [b"\xff", ["Oslo"], {"name": "Oslo"}])
def test_types_that_training_leaves_out_are_not_categories(cell: object) -> None:
    """Bytes and nested values are refused with the column's name, not taken as unknown."""
    columns = {name: pa.array(cells) for name, cells in CELLS.items()}
    with pytest.raises(InputError, match="column 'city' must hold text, however: its type is"):
        typed_rows(MODEL, pa.table({**columns, "city": pa.array([cell])}))


def test_messages_stay_short() -> None:
    """A cell, a name or a header of a megabyte does not flood the terminal."""
    wide = pa.table({f"{index}{'long' * 10_000}": ["x"] for index in range(100)})
    wrong = table(age=["long" * 250_000])
    for raw in (wide, wrong):
        with pytest.raises(InputError) as error:
            typed_rows(MODEL, raw)
        assert len(str(error.value)) < 3_000


@pytest.mark.parametrize(
    "cell",
    ["40", "+4.e1", "1_000", "NAN", "inf", "-Infinity", "1e400", "fifty", "0x10", "", " NA "],
)
@pytest.mark.parametrize("other", ["5", "x"])
def test_a_cell_is_read_as_the_predictor_reads_it(cell: str, other: str) -> None:
    """A file's text is read by the predictor's rule, one wrong cell among many or none."""
    income = RowReader(MODEL.bundle).columns[2]
    columns = {name: cells * 2 for name, cells in CELLS.items()}
    frame, refused, _ = checked_rows(MODEL, pa.table({**columns, "income": [cell, other]}))
    try:
        expected = income.encode(cell)
    except InputError:
        assert refused[0]
    else:
        assert not refused[0]
        np.testing.assert_equal(frame["income"][0], expected)
    assert refused[1] == (other == "x")


def test_a_single_wrong_cell_is_refused() -> None:
    """One wrong cell in 1,000 rows is refused as in Python, not silently taken as missing."""
    columns = {name: cells * 1000 for name, cells in CELLS.items()}
    slipped = pa.table({**columns, "income": ["1"] * 999 + ["some"]})
    with pytest.raises(InputError, match=r"'income' must be a number.*row 1000 has text that is"):
        typed_rows(MODEL, slipped)


def test_refused_rows_are_reported_with_the_first_reason() -> None:
    """Text that is not a number, and an absent value where one is required, each in its row."""
    columns = {name: cells * 4 for name, cells in CELLS.items()}
    raw = pa.table({**columns, "age": ["40", "", "30", "x"], "member": ["1", "0", "maybe", "1"]})
    _, refused, reason = checked_rows(MODEL, raw)
    assert refused.tolist() == [False, True, True, True]
    assert reason.startswith("column 'age' must have a value")
    assert "row 2 has none" in reason
