"""K, M and bn, or one unit, behind the numbers of a column."""

import numpy as np
import pytest

from slipstream.data.units import are_scaled, common_unit, has_unit, without_scale
from slipstream.runtime.formats import NumberFormat


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (["9.9K", "9M"], True),
        (["9k", "999"], True),
        (["$9.9 bn", "$9m"], True),
        (["9,9 Mio. €", "9,9 Mrd. €"], True),
        (["9M"], True),
        (["9m"], False),  # metres
        (["9mm", "9m"], False),
        (["9t"], False),
        (["9 kg"], False),
        (["9 kr"], False),
        (["9 km", "9k"], True),  # k alone decides; km is not read
        (["x9k"], False),
        ([], False),
    ],
)
def test_letters_that_scale_numbers_are_told_from_units(shapes: list[str], expected: bool) -> None:
    """Metres, millimetres, tonnes and bytes, where they are all there is, are units."""
    assert are_scaled(shapes) == expected


@pytest.mark.parametrize(
    ("shapes", "counts", "unit"),
    [
        (["9 kg", "9.9 kg"], [5, 5], "kg"),
        (["9 kg", "9"], [19, 1], "kg"),
        (["9 kg", "9"], [8, 2], ""),
        (["9 kg", "9 lb"], [9, 1], ""),
        (["09A", "9A"], [5, 5], ""),
        (["-9°"], [9], "°"),
        (["9 W/m"], [9], "W/m"),
        (["A9"], [9], ""),
        (["9-"], [9], ""),
        (["9 and more"], [9], ""),
    ],
)
def test_a_unit_is_behind_nearly_all_numbers(
    shapes: list[str], counts: list[int], unit: str
) -> None:
    """One word or sign; padded digits make a code."""
    assert common_unit(shapes, np.array(counts)) == unit


def test_a_shape_loses_its_scale_only() -> None:
    """What is left shows the currency."""
    shapes = ("$9.9M", "9 Mio. €", "9k", "9 kg")
    assert [without_scale(each) for each in shapes] == ["$9.9", "9 €", "9", "9 kg"]


def test_a_currency_is_no_unit() -> None:
    """Amounts are quantities, however few differ."""
    forms = (
        *(None, NumberFormat(), NumberFormat(currency="kr")),
        *(NumberFormat(currency="kg"), NumberFormat(scaled=True)),
    )
    assert [has_unit(form) for form in forms] == [False, False, False, True, True]
