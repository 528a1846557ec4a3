"""Raw tables, as files hold them, for a model that reads some of their columns."""

import pyarrow as pa
import pytest

from slipstream.runtime import InputError, Predictor
from slipstream.tables import typed_rows
from tests.unit.runtime.people import people

MODEL = Predictor(people())
CELLS = {"age": ["40"], "city": ["Oslo"], "income": ["5e4"], "member": ["true"]}


def table(**changes: list[str]) -> pa.Table:
    return pa.table({**CELLS, **changes})


def test_names_are_trimmed_as_in_training() -> None:
    """Blanks around a header's names make no difference; other columns may be called anything."""
    padded = table(other=["x"]).rename_columns([" age", "city ", "\tincome", " member ", " "])
    assert typed_rows(MODEL, padded).equals(typed_rows(MODEL, table()))


def test_a_name_that_is_there_twice_counts_where_the_model_reads_it() -> None:
    """Nobody knows which of two columns is meant; two that the model does not read do no harm."""
    doubled = table(a=["x"], b=["y"])
    with pytest.raises(InputError, match="'age' more than once"):
        typed_rows(MODEL, doubled.rename_columns([*CELLS, " age", "b"]))
    harmless = doubled.rename_columns([*CELLS, "other", "other"])
    assert typed_rows(MODEL, harmless).equals(typed_rows(MODEL, table()))


@pytest.mark.parametrize("cell", [b"\xff", ["Oslo"], {"name": "Oslo"}])
def test_what_training_would_leave_out_is_no_category(cell: object) -> None:
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
