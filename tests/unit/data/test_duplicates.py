import numpy as np

from slipstream.data.duplicates import count_duplicates
from slipstream.data.target import Target


def counted(cells: list[int], labels: list[float], classes: tuple[str, ...] = ("no", "yes")) -> str:
    target = Target(np.array(labels), classes, "binary" if classes else "regression")
    return "; ".join(count_duplicates(np.array(cells, np.uint64), target))


def test_rows_that_repeat_are_counted() -> None:
    """Every row but the first of those that are alike."""
    assert counted([1, 2, 3], [0, 1, 1]) == ""
    assert counted([1, 1, 1, 2], [0, 0, 0, 0]).startswith("2 of 4 rows repeat an earlier one")


def test_rows_that_contradict_each_other_are_counted() -> None:
    """All rows that are alike and have different labels; of numbers, which differ, none."""
    said = counted([1, 1, 1, 2, 3], [0, 1, 1, 0, 1])
    assert said.startswith("1 of 5 rows repeats an earlier one")
    assert "3 of 5 rows are alike in all columns but the target" in said
    assert counted([1, 1], [0.5, 0.7], ()) == ""
