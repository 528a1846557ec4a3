import pyarrow as pa
import pytest

from slipstream.data.labels import labelled
from slipstream.runtime import InputError


@pytest.mark.parametrize(
    ("labels", "kept", "said"),
    [
        (["a", "b", "a"], 3, ()),
        (["a", "", "b"], 2, "1 of 3 have none"),
        (["a", None, "b", "  "], 2, "2 of 4 have none"),
        (["a", "NA", "b", None], 2, "2 of 4 have none (some are written 'NA')"),
        ([1.0, float("nan"), 0.0], 2, "1 of 3 have none"),
        ([1, None, 0], 2, "1 of 3 have none"),
        ([True, None, False], 2, "1 of 3 have none"),
    ],
)
def test_rows_without_a_label_are_left_out_and_counted(labels: list, kept: int, said: str) -> None:
    """Empty, null, NaN and the missing markers; where those are words, they are named."""
    table, notes = labelled(pa.table({"y": labels, "x": range(len(labels))}), "y")
    assert len(table) == kept
    assert table["y"].null_count == 0
    assert notes == ((f"target 'y': rows without a label are left out: {said}",) if said else ())


def test_categories_are_labels_too() -> None:
    """A column of categories has missing ones among its codes or its words."""
    coded = pa.array(["a", None, "b", "n/a"]).dictionary_encode()
    table, notes = labelled(pa.table({"y": coded}), "y")
    assert table["y"].to_pylist() == ["a", "b"]
    assert "2 of 4 have none (some are written 'n/a')" in notes[0]


@pytest.mark.parametrize("labels", [["a", "", ""], [None, None], ["", "b", "", ""]])
def test_a_column_that_is_mostly_empty_is_no_target(labels: list) -> None:
    """More than half without a label is hardly the column that was meant."""
    with pytest.raises(InputError, match="at least half of the rows, however: .* have none; set"):
        labelled(pa.table({"y": pa.array(labels, pa.string())}), "y")
