import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.data.numbers import Evidence, code_reason, find_forms, is_telephone, read
from slipstream.data.texts import encode
from slipstream.runtime.column_reader import ColumnReader
from slipstream.runtime.columns import Column
from slipstream.runtime.formats import NumberFormat
from slipstream.runtime.values import text_number

CELLS = st.text(alphabet="0123456789.,' -+()$%e", min_size=1, max_size=8).map(str.strip)


def numbers(values: list[str], evidence: Evidence | None = None) -> list[float]:
    """The number in each value, in the format that is found for all."""
    texts = encode(pa.array(values))
    form, _ = find_forms(texts).settle(evidence or Evidence())
    return read(texts, form)[texts.codes].tolist()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["$1,234.50", "$5", "-$3.20"], [1234.5, 5, -3.2]),
        (["1,234,567", "2,345"], [1234567, 2345]),
        (["1.234.567", "2.345"], [1234567, 2345]),
        (["1.234,5", "3,25", "4"], [1234.5, 3.25, 4]),
        (["12,5", "3,25", "4"], [12.5, 3.25, 4]),
        (["0,123", "1,234"], [0.123, 1.234]),
        (["1'234.5", "3\u2019100"], [1234.5, 3100]),
        (["1 234,5", "3\u00a0100", "4\u202f000"], [1234.5, 3100, 4000]),
        (["EUR 12", "EUR 1.200,50"], [12, 1200.5]),
        (["12 kr", "1 200 kr"], [12, 1200]),
        (["Fr. 12.50", "Fr. 1'200.00"], [12.5, 1200]),
        (["R$ 1.200,00", "-R$ 3,00"], [1200, -3]),
        (["₹1,23,456", "₹12,34,567.50"], [123456, 1234567.5]),
        (["12%", "3.5 %", "100%"], [0.12, 0.035, 1]),
        (["(12)", "\u22123", "4-", "5"], [-12, -3, -4, 5]),
        (["1_000", "2_500"], [1000, 2500]),
        (["$(1,234.50)", "$3.00"], [-1234.5, 3]),
        (["+1", "1.", ".5", "1e-3"], [1, 1, 0.5, 0.001]),
    ],
)
def test_numbers_are_read_as_most_values_are_written(
    values: list[str], expected: list[float]
) -> None:
    """Currencies, separators, percents and signs, by what all values agree on."""
    assert numbers(values) == expected


@pytest.mark.parametrize(
    ("values", "evidence", "expected"),
    [
        (["1,234", "950"], Evidence(), [1234, 950]),
        (["1,234", "950"], Evidence([","]), [1.234, 950]),
        (["1,234", "950"], Evidence((), ";"), [1.234, 950]),
        (["1,234", "950"], Evidence(["."], ";"), [1234, 950]),
        (["1,234", "5678"], Evidence(), [1.234, 5678]),
        (["1.234", "950"], Evidence(), [1.234, 950]),
        (["1.234", "950"], Evidence((), ";"), [1.234, 950]),
        (["1.234", "950"], Evidence([","]), [1234, 950]),
        (["$1.234", "$950"], Evidence([","]), [1234, 950]),
        (["$1.234", "$950"], Evidence(), [1.234, 950]),
        (["$1.234", "$5678"], Evidence(), [1.234, 5678]),
        (["1.230", "950"], Evidence(), [1230, 950]),
        (["1,230", "950"], Evidence([","], ";"), [1230, 950]),
        (["1.230", "1.500"], Evidence(), [1.23, 1.5]),
        (["1.234", "950"], Evidence([",", "."], ";"), [1.234, 950]),
    ],
)
def test_what_a_column_leaves_open_the_table_decides(
    values: list[str], evidence: Evidence, expected: list[float]
) -> None:
    """By other columns' decimal sign, by grouping, by semicolons; and the reason is given."""
    assert numbers(values, evidence) == expected
    forms = find_forms(encode(pa.array(values)))
    assert not forms.is_open or forms.settle(evidence)[1]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["02134", "2134", "10001"], "zeros in front"),
        (["01", "12"], "zeros in front"),
        (["1E3", "12E5", "2134"], "an E"),
        (["1E3", "5E400"], "an E"),
        ([str(2**60), str(2**60 + 1)], "above 2^53"),
        (["9007199254740993", "5"], "above 2^53"),
        (["+4912345678", "+4912345679"], "telephone"),
        (["1", "2", "30"], ""),
        (["0", "10", "-5"], ""),
        (["0.5", "00.7"], ""),
        (["1e5", "1.5e3"], ""),
        (["1e5", "1e6"], ""),
        ([*map(str, range(1, 999)), *(["5"] * 500), "007x"[:3]], "zeros in front"),
        ([*map(str, range(1000, 1999)), "005"], ""),
    ],
)
def test_codes_are_known_from_numbers(values: list[str], reason: str) -> None:
    """Zeros in front, E among digits and more digits than a float has make codes."""
    texts = encode(pa.array(values))
    found = code_reason(texts, read(texts, None))
    assert reason in found
    assert bool(reason) == bool(found)


def test_telephone_numbers_in_groups_are_known() -> None:
    """All in the same groups of three, where amounts would differ in length."""
    blanks = NumberFormat(thousands=" ")
    assert is_telephone(encode(pa.array(["612 345 678", "699 000 111"])), blanks)
    assert not is_telephone(encode(pa.array(["612 345 678", "1 000"])), blanks)
    assert not is_telephone(encode(pa.array(["612 345", "699 111"])), blanks)


@given(st.lists(CELLS, min_size=1, max_size=12), st.randoms())
def test_the_order_of_rows_does_not_matter(cells: list[str], random: object) -> None:
    """A column's format is the same for every order of its rows."""
    shuffled = list(cells)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (find_forms(encode(pa.array(each))) for each in (cells, shuffled))
    assert first == second


@given(st.lists(CELLS, min_size=1, max_size=12))
def test_training_and_the_predictor_read_a_cell_alike(cells: list[str]) -> None:
    """What ingest reads as a number, the predictor reads as the same, and nothing else."""
    texts = encode(pa.array(cells))
    form, _ = find_forms(texts).settle(Evidence())
    edges = np.array([0.0, 1.0])
    column = Column(name="x", kind="numeric", allows_missing=True, edges=edges, format=form)
    for word, number in zip(texts.words.to_pylist(), read(texts, form).tolist(), strict=True):
        expected = text_number(word) if form is None else form.parse(word)
        np.testing.assert_equal(number, np.nan if expected is None else expected)
        if expected is not None:
            assert ColumnReader(column).encode(word) == expected
