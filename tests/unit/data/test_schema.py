import decimal
import math
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from slipstream.artifacts.references import ColumnSchema
from slipstream.config.data import DataConfig
from slipstream.data.cells import MISSING_MARKERS
from slipstream.data.label_text import read_label_text
from slipstream.data.schema import infer, raw_columns
from slipstream.data.target import Target, find_target, read_target
from slipstream.runtime import InputError
from slipstream.runtime.formats import NumberFormat

DAY = pd.Timestamp("2025-03-04")


def kinds(**columns: object) -> tuple[dict[str, str], pd.DataFrame, str]:
    """The kind of each usable column, the typed frame, and the warnings."""
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    found = infer(table)
    kinds = {column.name: column.kind for column in found.columns}
    return kinds, found.frame, "\n".join(found.warnings)


def read(values: list[object], positive: str = "") -> Target:
    """The binary target of a column named `y`."""
    config = DataConfig(target="y", positive=positive, task="binary")
    (column,) = raw_columns(pa.table({"y": pa.array(values)}), MISSING_MARKERS)
    return read_target(read_label_text(column, config)[0], config)


MANY = range(200)


def test_text_columns_are_typed_by_their_content() -> None:
    """Numbers, booleans and categories are recognised in spite of blanks and missing markers."""
    found, frame, warnings = kinds(
        number=["1", " 2.5", "", "-3e2 ", "?"],
        truth=["True", "false", "NA", "TRUE", "false"],
        word=["a", " b", "null", "a ", "unknown"],
    )
    assert found == {"number": "numeric", "truth": "boolean", "word": "categorical"}
    assert warnings == "column 'number': 25 % of its values ('?') count as missing"
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
    values[41] = "12o"
    found, frame, warnings = kinds(number=values)
    assert found == {"number": "numeric"}
    assert math.isnan(frame["number"][41])
    assert "1 value is not a number and counts as missing" in warnings
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


def typed(values: object, **options: object) -> tuple[ColumnSchema | None, pd.Series, str]:
    """The schema and cells of one column `x` (None if it is left out), and the warnings."""
    cells = values if isinstance(values, pa.Array) else pa.array(values)
    table = pa.table({"x": cells, "other": pa.array([index % 3 for index in range(len(cells))])})
    found = infer(table, **options)  # type: ignore[arg-type]
    schema = next((each for each in found.columns if each.name == "x"), None)
    return schema, found.frame.get("x"), "\n".join(found.warnings)


def test_numbers_in_a_format_are_numeric_and_said() -> None:
    """The format is in the schema, and a note says how the numbers are written."""
    schema, cells, warnings = typed([f"${value},000.50" for value in MANY][1:])
    assert schema == ColumnSchema(
        name="x", kind="numeric", format=NumberFormat(thousands=",", currency="$")
    )
    assert cells[0] == 1000.5
    assert warnings == (
        "column 'x': its numbers are read as written with '$' and a comma between thousands"
    )


def test_an_open_separator_follows_the_other_columns() -> None:
    """A single point is a decimal one, unless another column has decimal commas; it is said."""
    opened = pa.array(["1.234", "950", "2.507"] * 9)
    alone = infer(pa.table({"x": opened}))
    assert alone.frame["x"].tolist()[:2] == [1.234, 950]
    assert "'.' is taken to separate decimals, because no other" in alone.warnings[0]
    beside = infer(pa.table({"x": opened, "y": pa.array(["12,5", "7,25", "8"] * 9)}))
    assert beside.frame["x"].tolist()[:2] == [1234, 950]
    assert "'.' is taken to separate thousands, because other columns" in beside.warnings[0]


@pytest.mark.parametrize("marker", ["unknown", "-", "\\N", "#DIV/0!", "Missing", "n.a.", "NIL"])
def test_markers_among_numbers_are_missing_however_many(marker: str) -> None:
    """The rest of the column is numbers, so it is numeric; the share of markers is said."""
    values = [marker if value % 3 else f"{value / 7:.3f}" for value in MANY]
    schema, cells, warnings = typed(values)
    assert schema is not None
    assert schema.kind == "numeric"
    assert cells.isna().sum() == values.count(marker)
    assert re.search(r"column 'x': 66 % of its values \('.+'\) count as missing", warnings)


def test_the_share_of_missing_counts_all_markers_but_the_usual() -> None:
    """What every reader of tables takes for missing needs no word; the rest has one note."""
    numbers = [f"{value / 7:.3f}" for value in MANY]
    note = r"column 'x': 6.5 % of its values ('-', 'NAN', '\\N') count as missing"
    assert typed([*numbers, *["\\N"] * 5, *["-"] * 6, *["NAN"] * 3, "", "NA", "null"])[2] == note
    assert not typed([*numbers, *["", "NA", "NaN", "null", None, "N/A", "<NA>"] * 5])[2]
    dates = [f"2025-03-{1 + value % 28:02d}" for value in MANY]
    assert "20 % of its values ('(null)') count as missing" in typed([*dates, *["(null)"] * 50])[2]


@pytest.mark.parametrize(
    "write",
    [
        lambda number: f"{number / 9:.1f} m" if number % 3 else f"{number / 99:.2f} mm",
        lambda number: f"{number / 9:.1f} m" if number % 3 else f"{number}",
        lambda number: f"{number} m2",
        lambda number: f"~{number}",
        lambda number: f"{number} kg" if number % 2 else f"{number} g",
        lambda number: f'="{number}"',
        lambda number: f"{number // 12}h {number % 12}m",
        lambda number: f"2024年{1 + number % 12}月{1 + number % 28}日",
        lambda number: str(number).translate(str.maketrans("0123456789", "０１２３４５６７８９")),
    ],
)
def test_numbers_with_other_text_around_them_are_pointed_out(write: Callable[[int], str]) -> None:
    """They are read as text, and a note says what to do about it."""
    schema, _, warnings = typed([write(number) for number in MANY] * 3)
    assert schema is not None
    assert schema.kind == "categorical"
    assert "are numbers with other text around them" in warnings


@pytest.mark.parametrize(
    "write",
    [
        lambda number: f"C{number:04d}",
        lambda number: f"+49 170 {number * 37:06d}",
        lambda number: f"10.0.{number % 9}.{number}",
        lambda number: f"{number}-{number + 9}",
        lambda number: f"SW{number}A 1AA",
    ],
)
def test_codes_are_no_numbers_with_text_around_them(write: Callable[[int], str]) -> None:
    """Digits behind a letter, or with marks alone between them, are not pointed out."""
    assert "other text around" not in typed([write(number) for number in MANY] * 3)[2]


def test_categories_that_differ_in_case_are_counted() -> None:
    """They stay different, because the model looks them up as they are; a note counts them."""
    note = "2 of its categories differ from another only in case or blanks"
    assert note in typed(["Oslo", "oslo", "in  Rome", "in Rome", "Bonn"] * 9)[2]
    assert not typed(["Oslo", "Oslo ", "Rome", "Bonn"] * 9)[2]


def test_a_dash_next_to_the_currency_is_nothing() -> None:
    """Spreadsheets write 0 so; a dash alone means missing."""
    values = [f"${number:,}.50" for number in range(900, 1100)]
    _, cells, warnings = typed([*values, "$ -", "$-", "- $", "-", " $     -   "])
    assert cells[200:].tolist()[:3] == [0, 0, 0]
    assert cells[200:].isna().tolist() == [False, False, False, True, False]
    assert "4 of its values are a dash next to the currency, which is 0" in warnings


def test_markers_among_truth_values_are_missing() -> None:
    """Where a value may be true or false, unknown is missing, and a note says how often."""
    schema, cells, warnings = typed(["true", "false", "unknown", "-", "FALSE"])
    assert schema is not None
    assert schema.kind == "boolean"
    assert cells.isna().tolist() == [False, False, True, True, False]
    assert "40 % of its values ('-', 'unknown') count as missing" in warnings


def test_a_code_that_means_missing_is_pointed_out() -> None:
    """NA is Namibia among countries; elsewhere it is what programs write for a missing cell."""
    assert "'NA' counts as missing in 3 rows" in typed(["NA", "DE", "ZA"] * 3)[2]
    assert "'NA'" not in typed(["NA", "basic", "plus"] * 3)[2]


def test_markers_are_categories_among_words() -> None:
    """Where the rest is words, `unknown` and a dash are words too."""
    schema, cells, _ = typed(["red", "unknown", "-", "blue"] * 50)
    assert schema is not None
    assert schema.kind == "categorical"
    assert cells.unique().tolist() == ["red", "unknown", "-", "blue"]


@pytest.mark.parametrize(
    ("share", "kind"), [(0.05, "numeric"), (0.1, "numeric"), (0.3, "categorical")]
)
def test_words_among_many_numbers_count_as_missing_up_to_a_tenth(share: float, kind: str) -> None:
    """They are recorded, so that the predictor treats them alike; more make the column text."""
    count = int(200 * share)
    values = ["so so"] * count + [str(value % 60) for value in range(200 - count)]
    schema, _, warnings = typed(values)
    assert schema is not None
    assert schema.kind == kind
    assert schema.missing == (("so so",) if kind == "numeric" else ())
    assert f"{count} values are not numbers" in warnings or "30 % of its values are not" in warnings


def test_a_few_digits_among_a_few_words_are_categories() -> None:
    """Grades 1 to 3 and U are four categories, though most are digits."""
    schema, _, warnings = typed(["1", "2", "3", "1", "2", "3", "1", "2", "3", "U"] * 20)
    assert schema is not None
    assert schema.kind == "categorical"
    assert (
        "10 % of its values are not numbers (the first is in row 10), so it is read as" in warnings
    )


@pytest.mark.parametrize(
    ("write", "first", "how"),
    [
        ("{}.5 km", 0.5, "'km'"),
        ("{}.5kg", 0.5, "'kg'"),
        ("{},5 m²", 0.5, "'m²' and a decimal comma"),
        ("-{}.5 °C", -0.5, "'°C'"),
        ("{}.5 km/h", 0.5, "'km/h'"),
        ("{} years", 0, "'years'"),
        ("{}.5 mm", 0.5, "'mm'"),
        ("{}.5K", 500, "K for thousands, M for millions"),
        ("${}.5M", 500_000, "'$' and K for thousands"),
        ("{},5 Mrd. €", 500_000_000, "'€' and a decimal comma and K for thousands"),
        ("{}.5k EUR", 500, "'EUR' and K for thousands"),
    ],
)
def test_numbers_with_one_unit_are_numbers(write: str, first: float, how: str) -> None:
    """So they are with K, M or bn, and the note says how they were read."""
    schema, cells, warnings = typed([write.format(value % 90) for value in MANY])
    assert schema is not None
    assert schema.kind == "numeric"
    assert cells[0] == pytest.approx(first)
    assert how in warnings


@pytest.mark.parametrize(
    "values",
    [
        [f"{value % 9}{'ABC'[value % 3]}" for value in MANY],
        [f"{value % 90:03d}A" for value in MANY],
        [f"plan{value % 9}k" for value in MANY],
        [f"{value % 90} {'kg' if value % 2 else 'lb'}" for value in MANY],
        [f"{value % 90} m" if value % 2 else f"{value % 90}" for value in MANY],
        [f"{value % 90} {'m' if value % 2 else 'km'}" for value in MANY],
    ],
)
def test_codes_and_several_units_are_categories(values: list[str]) -> None:
    """Where letters differ or digits are padded, or some numbers may be in another unit."""
    schema, _, _ = typed(values)
    assert schema is not None
    assert schema.kind == "categorical"


def test_text_that_is_left_out_says_what_it_is() -> None:
    """Numbers with many words that hardly repeat are left out with both facts."""
    values = [f"{value}.5" if value % 10 < 7 else f"note {value}" for value in MANY]
    schema, _, warnings = typed(values)
    assert schema is None
    assert "hardly ever repeat" in warnings
    assert "30 % of its values are not numbers (the first is in row 8)" in warnings


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["02134", "2134", "10001", "2134"] * 9, "02134"),
        (["1E3", "12E5", "2134"] * 9, "1E3"),
        ([2**60, 2**60 + 1, 2**61] * 9, str(2**60)),
        (pa.array([2**63, 2**63 + 1] * 9, pa.uint64()), str(2**63)),
        ([decimal.Decimal(10**20), decimal.Decimal(10**20 + 1)] * 9, str(10**20)),
        ([float(2**60), float(2**61), None] * 9, str(2**60)),
        (["0x1F", "0x2A"] * 9, "0x1F"),
        (["+4912345678", "+4912345679"] * 9, "+4912345678"),
        (["612 345 678", "699 000 111"] * 9, "612 345 678"),
    ],
)
def test_codes_are_categories(values: object, first: str) -> None:
    """What no number tells apart is text, whatever its type."""
    schema, cells, _ = typed(values)
    assert schema is not None
    assert schema.kind == "categorical"
    assert cells[0] == first


@pytest.mark.parametrize(
    ("values", "kind", "first"),
    [
        (pa.array([7, 3, 7, None] * 9).dictionary_encode(), "categorical", "7"),
        (pa.array([7.0, 3.0, 7.5] * 9).dictionary_encode(), "categorical", "7"),
        (pa.array(["7", "3", "NA"] * 9).dictionary_encode(), "categorical", "7"),
        (pa.array([True, False] * 9).dictionary_encode(), "boolean", 1.0),
        (pa.array(["1.5", "3", "x"] * 9).dictionary_encode(), "categorical", "1.5"),
        (pa.array([value + 0.5 for value in range(40)]).dictionary_encode(), "numeric", 0.5),
        (pa.array([f"${value}.50" for value in range(40)]).dictionary_encode(), "numeric", 0.5),
        (pa.array(["2025-03-04", "2025-03-05"] * 9).dictionary_encode(), "datetime", DAY),
        (pa.array([DAY, DAY + pd.Timedelta("1D")] * 9).dictionary_encode(), "datetime", DAY),
    ],
)
def test_what_a_file_marks_as_categories_is(values: pa.Array, kind: str, first: object) -> None:
    """Few integers, numbers and texts of a dictionary are; booleans, dates and amounts stay."""
    schema, cells, _ = typed(values)
    assert schema is not None
    assert schema.kind == kind
    assert cells[0] == first


@pytest.mark.parametrize(
    ("values", "kind", "distinct"),
    [
        (["Yes", "no", "YES", "No", "Yes", "no"], "categorical", {"Yes", "no"}),
        (["y", "n", "yes", "y", "n"], "categorical", {"y", "n"}),
        (["true", "1", "False", "0", "TRUE"], "boolean", {0.0, 1.0}),
        (["true", "yes", "false", "no"], "boolean", {0.0, 1.0}),
        (["yes", "no", "unknown", "yes"], "categorical", {"yes", "no", "unknown"}),
        (["2", "2.0", "x", "3.0", "2"], "categorical", {"2", "x", "3.0"}),
        (["2.10", "2.1", "x", "3.0"], "categorical", {"2.10", "2.1", "x", "3.0"}),
        (["yes", "no", "maybe", "Yes"], "categorical", {"yes", "no", "maybe", "Yes"}),
    ],
)
def test_one_value_has_one_spelling(values: list, kind: str, distinct: set) -> None:
    """Pairs of words, and whole numbers with `.0`, are one category each; versions are not."""
    schema, cells, _ = typed(values * 5)
    assert schema is not None
    assert schema.kind == kind
    assert set(cells.unique()) == distinct


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([-999.0, -999.0, -999.0, *map(float, range(1, 99))], True),
        ([*["9999999"] * 4, *map(str, range(99))], True),
        ([1e99, 1e99, 1e99, *map(float, range(99))], True),
        ([-999.0, *map(float, range(1, 99))], False),
        ([0.0, 0.0, 0.0, *(float(value % 50) + 5000 for value in range(99))], False),
        ([100.0, 100.0, 100.0, *map(float, range(99))], False),
        ([-999.0] * 9 + [float(value % 5) for value in range(99)], True),
        ([-(2**63)] * 9 + [value // 2 for value in range(99)], True),
        ([str(2**64 - 1)] * 9 + [str(value // 2) for value in range(99)], True),
        (["-9999"] * 9 + [str(value * 80.5) for value in range(99)], True),
        ([-1.0] * 9 + [value * 2.5 for value in range(99)], True),
        ([99.0] * 9 + [float(value % 7) for value in range(99)], True),
        ([-1.0] * 9 + [float(value % 2) for value in range(99)], False),
        ([-99.0] * 9 + [value * 2.5 - 50 for value in range(99)], False),
        ([-5.0] * 9 + [value * 2.5 for value in range(99)], False),
    ],
)
def test_a_number_that_may_mean_missing_is_pointed_out(values: list, told: bool) -> None:
    """It is repeated and far from all others, or the only negative one; it stays a number."""
    schema, cells, warnings = typed(values)
    assert schema is not None
    assert not cells.isna().any()
    assert ("as if it stood for a missing value" in warnings) == told


@pytest.mark.parametrize(
    ("values", "wanted", "kind"),
    [
        (["1", "2", "3"] * 9, "category", "categorical"),
        ([1, 2, 3] * 9, "category", "categorical"),
        ([1.0, 2.5, None] * 9, "category", "categorical"),
        ([True, False] * 9, "category", "categorical"),
        (["02134", "2134"] * 9, "numeric", "numeric"),
        (["$5", "unknown"] * 9, "numeric", "numeric"),
        ([True, False] * 9, "numeric", "numeric"),
        (pa.array([7, 3] * 9).dictionary_encode(), "numeric", "numeric"),
        (list(range(200)), "numeric", "numeric"),
    ],
)
def test_types_override_what_is_inferred(values: object, wanted: str, kind: str) -> None:
    """Codes become numbers, numbers categories, and an identifier is kept."""
    schema, _, _ = typed(values, types={"x": wanted})
    assert schema is not None
    assert schema.kind == kind


@pytest.mark.parametrize("wanted", ["text", "id", "ignore"])
def test_types_leave_columns_out(wanted: str) -> None:
    """It is said, and such a column decides no row's part."""
    table = pa.table({"x": [1, 2, 3], "y": [3, 1, 1]})
    found = infer(table, types={"x": wanted})  # type: ignore[dict-item]
    assert [each.name for each in found.columns] == ["y"]
    assert found.identifiers == ("x",)
    assert "column 'x' is left out: data.types says" in found.warnings[0]


@pytest.mark.parametrize(
    ("values", "wanted", "fact"),
    [
        (["1", "a", "b", "-"] * 9, "numeric", r"row 2 has text .* \(18 such rows\)"),
        ([[1], [2]] * 9, "numeric", "its type is list"),
        ([[1], [2]] * 9, "category", "its type is list"),
    ],
)
def test_a_type_that_cannot_be_is_refused(values: list, wanted: str, fact: str) -> None:
    """With the column, the first row and how many there are."""
    with pytest.raises(InputError, match=f"column 'x' must be what data.types says.*{fact}"):
        typed(values, types={"x": wanted})


@pytest.mark.parametrize("values", [[[1]] * 30, [{"a": 1}] * 30])
def test_equal_nested_values_are_left_out(values: list) -> None:
    """Lists and structures are not supported, and comparing them does not fail."""
    schema, _, warnings = typed(values)
    assert schema is None
    assert "is not supported" in warnings or "constant" in warnings
