import pyarrow as pa
import pytest

from slipstream.config.data import DataConfig
from slipstream.data.keys import as_keys, read_keys
from slipstream.runtime import InputError

TABLE = pa.table({"id": ["b", " a", "c"], "y": [0, 1, 0], "w": [1, 2, 3], "gap": [1, None, 2]})


def test_keys_are_trimmed_text() -> None:
    """A key is what the cell says, without blanks around it."""
    keys = read_keys(TABLE, DataConfig(target="y", key="id"))
    assert keys is not None
    assert keys.tolist() == ["b", "a", "c"]
    assert read_keys(TABLE, DataConfig(target="y")) is None


def test_whole_numbers_are_the_same_key_in_every_type() -> None:
    """7, 7.0 and '7' are one key: files differ in how they keep a number."""
    for cells in (pa.array([7]), pa.array([7.0]), pa.array(["7"]), pa.array([7], pa.int8())):
        assert as_keys(cells).to_pylist() == ["7"]
    assert as_keys(pa.array([7.5])).to_pylist() == ["7.5"]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"key": "ID"}, "there is no 'ID'; did you mean 'id'"),
        ({"key": "y"}, "'y' is the target"),
        ({"key": "w", "weight": "w"}, "'w' is the weight"),
        ({"key": "gap"}, "'gap' is missing in 1 rows"),
    ],
)
def test_what_identifies_no_row_is_refused(config: dict, expected: str) -> None:
    """The message names the column and says what is wrong with it."""
    with pytest.raises(InputError, match=expected):
        read_keys(TABLE, DataConfig(target="y", **config))


def test_a_key_that_is_there_twice_is_refused() -> None:
    """Two rows with one key cannot be told apart."""
    table = pa.table({"id": [1, 1, 2], "y": [0, 1, 0]})
    with pytest.raises(InputError, match="2 values in 3 rows"):
        read_keys(table, DataConfig(target="y", key="id"))
