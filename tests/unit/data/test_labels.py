import pyarrow as pa
import pytest

from slipstream.data.cells import blank_to_null
from slipstream.data.labels import labelled
from slipstream.runtime import InputError


def without_blanks(labels: pa.Array) -> tuple[pa.Table, pa.Array, tuple[str, ...]]:
    """The rows of a table with a target `y` that have a label."""
    return labelled(pa.table({"y": labels}), "y", blank_to_null(labels))


@pytest.mark.parametrize(
    ("labels", "kept", "said"),
    [
        (["a", "b", "a"], 3, ()),
        (["a", "", "b"], 2, "1 of 3 have none"),
        (["a", None, "b", "  "], 2, "2 of 4 have none"),
        (
            ["a", "NA", "b", None],
            2,
            "2 of 4 have none (some are written 'NA'; '!NA' in data.missing keeps it)",
        ),
        ([1.0, float("nan"), 0.0], 2, "1 of 3 have none"),
        ([1, None, 0], 2, "1 of 3 have none"),
        ([True, None, False], 2, "1 of 3 have none"),
    ],
)
def test_rows_without_a_label_are_left_out_and_counted(labels: list, kept: int, said: str) -> None:
    """Empty, null, NaN and the missing markers; where those are words, they are named."""
    table, found, notes = without_blanks(pa.array(labels))
    assert len(table) == len(found) == kept
    assert found.null_count == 0
    assert notes == ((f"target 'y': rows without a label are left out: {said}",) if said else ())


def test_categories_are_labels_too() -> None:
    """A column of categories has missing ones among its codes or its words."""
    coded = pa.array(["a", None, "b", "n/a"]).dictionary_encode()
    table, found, notes = without_blanks(coded)
    assert table["y"].to_pylist() == found.to_pylist() == ["a", "b"]
    assert "2 of 4 have none (some are written 'n/a'; '!n/a' in data.missing keeps it)" in notes[0]


@pytest.mark.parametrize("labels", [["a", "", ""], [None, None], ["", "b", "", ""]])
def test_a_column_that_is_mostly_empty_is_no_target(labels: list) -> None:
    """More than half without a label is hardly the column that was meant."""
    with pytest.raises(InputError, match="at least half of the rows, however: .* have none; set"):
        without_blanks(pa.array(labels, pa.string()))
