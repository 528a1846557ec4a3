import datetime
import decimal
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from slipstream.config.data import DataConfig
from slipstream.data.schema import infer
from slipstream.data.target import Target, find_target, read_target
from slipstream.runtime import InputError


def kinds(**columns: object) -> tuple[dict[str, str], pd.DataFrame, str]:
    """The kind of each usable column, the typed frame, and the warnings."""
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    found = infer(table)
    kinds = {column.name: column.kind for column in found.columns}
    return kinds, found.frame, "\n".join(found.warnings)


def read(values: list[object], positive: str = "") -> Target:
    """The binary target of a column named `y`."""
    return read_target(pa.array(values), DataConfig(target="y", positive=positive, task="binary"))


MANY = range(200)


def test_text_columns_are_typed_by_their_content() -> None:
    """Numbers, booleans and categories are recognised in spite of blanks and missing markers."""
    found, frame, warnings = kinds(
        number=["1", " 2.5", "", "-3e2 ", "?"],
        truth=["True", "false", "NA", "TRUE", "false"],
        word=["a", " b", "null", "a ", "unknown"],
    )
    assert found == {"number": "numeric", "truth": "boolean", "word": "categorical"}
    assert not warnings
    np.testing.assert_array_equal(frame["number"], [1, 2.5, math.nan, -300, math.nan])
    np.testing.assert_array_equal(frame["truth"], [1, 0, math.nan, 1, 0])
    assert frame["word"].tolist()[:2] == ["a", "b"]
    assert pd.isna(frame["word"][2])


def test_typed_columns_keep_their_types() -> None:
    """Parquet's integers, nullable integers, decimals, booleans and dictionaries are understood."""
    found, frame, _ = kinds(
        integer=[3, 1, 4],
        nullable=[3, None, 4],
        exact=[decimal.Decimal("1.5"), None, decimal.Decimal("2.5")],
        truth=[True, None, False],
        word=pa.array(["a", "b", "a"]).dictionary_encode(),
    )
    assert found == {
        "integer": "numeric",
        "nullable": "numeric",
        "exact": "numeric",
        "truth": "boolean",
        "word": "categorical",
    }
    np.testing.assert_array_equal(frame["exact"], [1.5, math.nan, 2.5])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["x"] * 200, "constant"),
        ([7] * 200, "constant"),
        (["", "?"] * 100, "no values"),
        ([None] * 200, "no values"),
        (list(range(1000, 1200)), "numbers the rows"),
        ([str(value) for value in MANY], "numbers the rows"),
        ([f"user-{value}" for value in MANY], "hardly ever repeat"),
        ([datetime.date(2026, 1, 1 + value % 28) for value in MANY], "not supported"),
        ([[value] for value in MANY], "not supported"),
    ],
)
def test_unusable_columns_are_left_out_with_a_reason(values: list, reason: str) -> None:
    """Constants, empty columns, identifiers and unsupported types are dropped, and it is said."""
    found, _, warnings = kinds(useless=values, useful=[value % 7 for value in MANY])
    assert found == {"useful": "numeric"}
    assert warnings.startswith("column 'useless' is left out: ")
    assert reason in warnings


def test_numbered_names_are_identifiers_even_with_gaps() -> None:
    """All-different whole numbers under a name that says so are an identifier."""
    scattered = [value * 37 % 1009 for value in MANY]
    assert "customer_id" not in kinds(customer_id=scattered, a=[v % 3 for v in MANY])[0]
    assert "salary" in kinds(salary=scattered)[0]


def test_types_of_other_programs_are_understood() -> None:
    """Half floats, NaN for missing and 64-bit identifiers beyond 2^53 are no surprise."""
    big = [2**60 + value for value in MANY]
    half = np.array([value % 5 for value in MANY], np.float16)
    holes = np.array([math.nan, *(value % 50 for value in range(199))])
    found, frame, _ = kinds(big=big, half=half, holes=holes)
    assert found == {"half": "numeric", "holes": "numeric"}
    assert math.isnan(frame["holes"][0])
    assert read([1000001.0, 1000002.0]).classes == ("1000001", "1000002")


def test_a_few_slips_do_not_turn_numbers_into_text() -> None:
    """One cell in two hundred that is no number counts as missing, with a warning and its row."""
    values = [str(value % 50) for value in MANY]
    values[41] = "n.v."
    found, frame, warnings = kinds(number=values)
    assert found == {"number": "numeric"}
    assert math.isnan(frame["number"][41])
    assert "1 values that are not numbers" in warnings
    assert "row 42" in warnings


@pytest.mark.parametrize("values", [["1", "inf", "2"], [1.0, 2.0, -math.inf]])
def test_infinities_are_refused(values: list) -> None:
    """An infinite number is refused with its column and row."""
    with pytest.raises(InputError, match=r"column 'x' is infinite in row [23]"):
        kinds(x=values)


def test_a_table_without_a_usable_column_is_refused() -> None:
    """When everything is left out, the message says why for each column."""
    with pytest.raises(InputError, match=r"(?s)none is usable.*'x'.*constant"):
        kinds(x=[1, 1, 1])


def test_a_target_that_is_not_there_suggests_the_nearest() -> None:
    """A misspelt target is met with the nearest column's name."""
    with pytest.raises(InputError, match="did you mean 'income'"):
        find_target(["age", "income"], "incme")
    with pytest.raises(InputError, match=r"did you mean 'Income'\? set"):
        find_target(["age", "Income"], "income")


def test_a_forgotten_target_is_not_guessed() -> None:
    """Where no name is near, none is suggested: the columns are listed."""
    with pytest.raises(InputError, match="'target'; set data.target to .*: 'income', 'y'$"):
        find_target(["income", "y"], "target")


@pytest.mark.parametrize(
    ("values", "positive", "expected"),
    [
        (["no", "yes", "no"], "", ("no", "yes")),
        (["yes", "zero", "yes"], "", ("zero", "yes")),
        ([" <=50K", " >50K", " <=50K"], "", ("<=50K", ">50K")),
        ([True, False, True], "", ("False", "True")),
        ([0, 1, 0], "", ("0", "1")),
        ([1.0, 0.0, 1.0], "", ("0", "1")),
        ([2, 1, 1], "", ("2", "1")),
        (["no", "yes", "no"], "no", ("yes", "no")),
    ],
)
def test_any_two_labels_make_a_target(
    values: list, positive: str, expected: tuple[str, str]
) -> None:
    """The positive label is the named one, else True, 1 or yes, else the last in sorted order."""
    target = read(values, positive)
    assert target.classes == expected
    assert [target.classes[each] for each in target.numbers] == [
        str(int(v)) if isinstance(v, float) else str(v).strip() for v in values
    ]


@pytest.mark.parametrize(
    ("values", "positive", "expected"),
    [
        (["a", "a"], "", r"two classes, however: it has 1 \('a'\)"),
        (["a", "b", "c"], "", r"two classes, however: it has 3"),
        (["a", "b"], "c", "'c'; the labels are 'a' and 'b'"),
    ],
)
def test_bad_targets_are_explained(values: list, positive: str, expected: str) -> None:
    """One class, three classes and an unknown positive label are refused."""
    with pytest.raises(InputError, match=expected):
        read(values, positive)
