"""What is said of text that seems to hold numbers."""

from collections.abc import Callable

import pyarrow as pa
import pytest

from slipstream.data.schema import infer

ROWS = 200


def notes(write: Callable[[int], str]) -> str:
    """All that is said of a column with three rows of each text."""
    return "\n".join(infer(pa.table({"x": [write(number) for number in range(ROWS)] * 3})).warnings)


@pytest.mark.parametrize(
    ("write", "note"),
    [
        (lambda number: f"{number}/{number + 3}", "pairs of numbers"),
        (lambda number: f"{120 + number} / {70 + number}", "pairs of numbers"),
        (lambda number: f"{number / 8},{-number / 4}", "pairs of numbers"),
        (lambda number: f"({number / 8}, {-number / 4})", "pairs of numbers"),
        (lambda number: f"{number}x{number * 2}", "pairs of numbers"),
        (hex, "hexadecimal numbers"),
        (lambda number: f"0x{number:04X}", "hexadecimal numbers"),
        (lambda number: f"P{number // 12}Y{number % 12}M", "durations in years or months"),
    ],
)
def test_text_that_holds_numbers_is_pointed_out(write: Callable[[int], str], note: str) -> None:
    """It is read as categories, and a note says what it holds, and what to write instead."""
    assert note in notes(write)


@pytest.mark.parametrize(
    "write",
    [
        lambda number: f"{number % 4}/{number % 5}",  # few: names of groups
        lambda number: f"{number}-{number + 9}",
        lambda number: f"0{number:03d} {number * 7}",
        lambda number: f"{number}x",
        lambda number: f"street {number}/3",
        lambda number: f"{number:03x}-a",
    ],
)
def test_codes_are_not_pointed_out(write: Callable[[int], str]) -> None:
    """Groups, ranges, telephone numbers and addresses are what they are."""
    found = notes(write)
    assert not any(each in found for each in ("pairs", "hexadecimal", "years or months"))
