import pyarrow as pa
import pytest

from slipstream.data.cells import blank_to_null, missing_markers
from slipstream.runtime import InputError
from slipstream.runtime.values import MISSING_MARKERS, means_missing


def test_what_is_missing_everywhere_is_missing_among_numbers() -> None:
    """No text means missing in a column of categories and not in one of numbers."""
    assert all(map(means_missing, MISSING_MARKERS))


def test_markers_are_added_and_taken_away() -> None:
    """A text to add is taken as it is, one to remove in any case; among numbers it stays."""
    markers = missing_markers(["pas dit", "!na"])
    cells = blank_to_null(pa.array(["NA", "na", "DE", "pas dit", " ", "null"]), markers)
    assert cells.to_pylist() == ["NA", "na", "DE", None, None, None]
    assert means_missing("NA")


@pytest.mark.parametrize("change", ["!unknown", "!", "!Namibia"])
def test_what_is_not_a_marker_cannot_be_removed(change: str) -> None:
    """The texts that can be are listed."""
    with pytest.raises(InputError, match=r"must remove a text that means missing.*'n/a'"):
        missing_markers([change])


@pytest.mark.parametrize("number", ["-999", "1e99", "0"])
def test_numbers_are_no_markers(number: str) -> None:
    """A model that is given the number could not tell it from others."""
    with pytest.raises(InputError, match="not a number"):
        missing_markers([number])
