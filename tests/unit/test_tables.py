"""Raw tables, as files hold them, for a model that reads some of their columns."""

import pyarrow as pa

from slipstream.runtime import Predictor
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
