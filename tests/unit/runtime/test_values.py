import decimal
import math
from dataclasses import replace

import numpy as np
import pytest

from slipstream.runtime import InputError, Predictor
from slipstream.runtime.column_reader import ColumnReader
from slipstream.runtime.columns import Column
from slipstream.runtime.formats import NumberFormat
from slipstream.runtime.types import Backend
from slipstream.runtime.values import means_missing, number_keys, spellings, to_texts
from tests.unit.runtime.people import people


def reader(*categories: str) -> ColumnReader:
    """Reads a categorical column."""
    column = Column(name="c", kind="categorical", allows_missing=True, categories=categories)
    return ColumnReader(column, ("", "NA"))


@pytest.mark.parametrize(
    "value",
    [2, 2.0, "2", "2.0", " 2 ", np.int8(2), np.float32(2), np.uint64(2), decimal.Decimal("2.0")],
)
@pytest.mark.parametrize("categories", [("1", "2", "3", "U"), ("1.0", "2.0", "3.0", "U")])
def test_a_number_that_is_a_category_is_found_in_each_spelling(
    categories: tuple[str, ...], value: object
) -> None:
    """As text, as an integer and as a float, whichever of them training had."""
    assert reader(*categories).encode(value) == 1
    assert reader(*categories).encode_all([value], 1).tolist() == [1]


@pytest.mark.parametrize("text", ["02", "2.00", "2e0", "+2", "4", "u"])
def test_text_that_only_looks_like_it_is_another_category(text: str) -> None:
    """Zeros in front, versions and exponents are not the number's own spelling."""
    column = reader("1", "2", "3", "U")
    assert column.encode(text) == column.column.unknown_row


def test_arrays_of_numbers_are_looked_up_as_their_values_are() -> None:
    """Integers, floats with NaN and booleans of numpy give the rows that each value gives."""
    column = reader("1", "2", "True", "U")
    for values in (np.array([2, 9, 1]), np.array([2.0, np.nan, 2.5]), np.array([True, False])):
        expected = [column.encode(value) for value in values.tolist()]
        assert column.encode_all(values, len(values)).tolist() == expected


def test_numbers_are_keys_where_their_text_is_a_category() -> None:
    """What C looks up by number is what Python finds by text, and nothing more."""
    codes = {"2": 0, "2.0": 0, "02": 1, "2.50": 2, "0.5": 3, "-0": 4, "inf": 5, "U": 6, "1e3": 7}
    assert number_keys(codes) == {2: 0, 0.5: 3}


@pytest.mark.parametrize(
    "value", [2, 2.0, True, 1, 0.5, -1, 2**60, 2**60 + 1, 1e300, math.nan, np.int64(2), 3]
)
def test_c_and_python_look_numbers_up_alike(value: object) -> None:
    """Each number finds its category, or is unknown, whichever reads it."""
    made = people()
    age, _, income, member = made.columns
    city = Column(
        name="city", kind="categorical", allows_missing=True, categories=("0.5", "2", str(2**60))
    )
    bundle = replace(made, columns=(age, city, income, member))
    row = {"age": 40.0, "city": value, "income": 1.0, "member": True}
    model = Predictor(bundle)  # C reads the row; the reader in Python reads the table
    assert model.predict_one(row) == model.predict([row])[0]


def test_integers_beyond_floats_are_told_apart() -> None:
    """Codes above 2^53 are looked up as integers, without becoming floats."""
    column = reader(str(2**60), str(2**60 + 1))
    assert [column.encode(2**60), column.encode(np.int64(2**60 + 1))] == [0, 1]
    assert column.encode(10**5000) == column.column.unknown_row


@pytest.mark.parametrize("value", [True, np.True_, "true", "TRUE", "Yes", "y", "1", 1, 1.0, "on"])
def test_a_pair_of_words_is_found_in_every_spelling(value: object) -> None:
    """Where the categories are yes and no, what means yes is yes."""
    assert reader("no", "yes").encode(value) == 1
    assert reader("N", "Y").encode(value) == 1


def test_words_are_a_pair_only_as_two() -> None:
    """A third category, or two words of one meaning, leave every word what it is."""
    assert set(spellings(("no", "unsure", "yes"))) == {"no", "unsure", "yes"}
    assert set(spellings(("y", "yes"))) == {"y", "yes"}
    assert set(spellings(("0", "1"))) == {"0", "0.0", "1", "1.0"}


@pytest.mark.parametrize("value", [3, True, 2.5])
def test_a_number_among_words_is_refused(value: object) -> None:
    """Where no category is a number, a number is of another column."""
    with pytest.raises(InputError, match="must be a string"):
        reader("a", "b").encode(value)


def test_numbers_have_their_shortest_spelling() -> None:
    """Floats as Python writes them, whole ones without decimals."""
    assert to_texts(2.5) == ("2.5",)
    assert to_texts(np.float32(0.1))[0] == "0.1"
    assert to_texts(-3.0) == ("-3",)
    assert to_texts(True)[0] == "True"
    assert to_texts(decimal.Decimal("9007199254740993")) == ("9007199254740993",)
    assert to_texts(decimal.Decimal("2.50")) == ("2.5",)


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
@pytest.mark.parametrize(
    "text",
    ["NAN", "nil", "-", "--", ".", "\\N", "#DIV/0!", "#REF!", "[Missing]", "UNKNOWN", "n.a."],
)
def test_what_means_missing_among_numbers_is_missing(text: str, backend: Backend) -> None:
    """In a numeric column, in any case, blanks around it or not; in a category it is a word."""
    model = Predictor(people(), backend=backend)
    row = {"age": 40.0, "city": "Oslo", "income": None, "member": True}
    assert means_missing(text)
    assert model.predict_one({**row, "income": f" {text} "}) == model.predict_one(row)
    with pytest.raises(InputError, match="'age' must have a value"):
        model.predict_one({**row, "age": text})
    unknown = model.predict_one({**row, "city": "elsewhere"})
    assert model.predict_one({**row, "city": text}) == unknown


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
def test_a_format_is_read_in_rows_and_tables(backend: Backend) -> None:
    """Text in the column's own format, and its own words for missing; numbers as ever."""
    made = people()
    age, city, income, member = made.columns
    form = NumberFormat(decimal=",", thousands=".", currency="€")
    income = replace(income, format=form, missing=("pas dit",))
    model = Predictor(replace(made, columns=(age, city, income, member)), backend=backend)
    row = {"age": 40.0, "city": "Oslo", "income": 12500.5, "member": True}
    expected = model.predict_one(row)
    assert model.predict_one({**row, "income": "12.500,50 €"}) == expected
    assert model.predict([{**row, "income": "€12.500,5"}, row]).tolist() == [expected] * 2
    missing = model.predict_one({**row, "income": None})
    assert model.predict_one({**row, "income": "pas dit"}) == missing
    with pytest.raises(InputError, match="'income' must be a number"):
        model.predict_one({**row, "income": "12500.5"})
