"""Frames and values of pandas and pyarrow, given to the predictor."""

import datetime
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from slipstream.runtime import AbsentColumnWarning, InputError, Predictor
from tests.unit.runtime.people import people

ROWS: dict[str, list[Any]] = {
    "age": [20, 40],
    "city": ["Oslo", None],
    "income": [5e3, None],
    "member": [True, False],
    "other": ["x", "y"],
}
TABLES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(ROWS),
    "pandas of arrow": lambda: pd.DataFrame(ROWS).convert_dtypes(dtype_backend="pyarrow"),
    "pandas categories": lambda: pd.DataFrame(ROWS).astype({"city": "category"}),
    "polars": lambda: pl.DataFrame(ROWS),
    "polars categories": lambda: pl.DataFrame(ROWS).cast({"city": pl.Categorical}),
    "pyarrow table": lambda: pa.table(ROWS),
    "pyarrow batch": lambda: pa.record_batch(ROWS),
    "pyarrow categories": lambda: pa.table(
        {**ROWS, "city": pa.array(ROWS["city"]).dictionary_encode()}
    ),
    "pyarrow chunks": lambda: pa.concat_tables(
        [pa.table(ROWS).slice(0, 1), pa.table(ROWS).slice(1)]
    ),
    "dict of lists": lambda: ROWS,
    "dict of arrays": lambda: {name: np.array(cells, object) for name, cells in ROWS.items()},
    "dict of series": lambda: {name: pl.Series(cells) for name, cells in ROWS.items()},
    "list of dicts": lambda: pa.table(ROWS).to_pylist(),
    "structured array": lambda: np.array(
        [(20.0, "Oslo", 5e3, True), (40.0, "NA", np.nan, False)],
        [("age", "f8"), ("city", "U4"), ("income", "f4"), ("member", "?")],
    ),
    "records": lambda: pd.DataFrame(ROWS).to_records(index=False),
}


def test_frame_array_and_rows_agree() -> None:
    """A frame with other columns and another order answers like rows in the features' order."""
    model = Predictor(people())
    frame = pd.DataFrame(
        {
            "extra": [1, 2, 3],
            "member": [1.0, 0.0, 1.0],
            "income": [1000.0, None, 5e9],
            "city": ["Oslo", None, "Paris"],
            "age": np.array([20, 30, 40]),
        }
    )
    rows = frame[model.features].astype(object).to_numpy()
    assert model.predict(frame).tolist() == model.predict(rows).tolist()
    assert model.predict(frame).shape == (3,)
    assert model.predict(frame.head(0)).shape == (0,)


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_every_make_are_answered_alike(kind: str, backend: Any) -> None:
    """Columns are read by name, whichever library or type holds them; none is warned of."""
    model = Predictor(people(), backend=backend)
    expected = [
        model.predict_one([20, "Oslo", 5e3, True]),
        model.predict_one([40, None, None, False]),
    ]
    with warnings.catch_warnings(action="error"):
        assert model.predict(TABLES[kind](), strict=True).tolist() == expected


@pytest.mark.parametrize("kind", ["polars", "pyarrow table", "dict of lists"])
def test_tables_of_every_make_are_checked(kind: str) -> None:
    """A missing value, a wrong one and a column that must be there are named in all of them."""
    model = Predictor(people())
    make = {"polars": pl.DataFrame, "pyarrow table": pa.table, "dict of lists": dict}[kind]
    with pytest.raises(InputError, match="'age' must have a value.*row 2 has none"):
        model.predict(make({**ROWS, "age": [1.5, None]}))
    with pytest.raises(InputError, match="'income' must be a number.*row 1 has text"):
        model.predict(make({**ROWS, "income": ["much", "5"]}))
    with pytest.raises(InputError, match="'age' must be a number, however: row 1 has a value of"):
        model.predict(make({**ROWS, "age": [datetime.date(2026, 1, 1)] * 2}))
    with pytest.raises(InputError, match="column 'age' is missing from the table; did you mean"):
        model.predict(make({"Age": [1, 2], "member": [True, True]}))
    with pytest.raises(InputError, match="must have the model's columns .*it has 'x'; use a table"):
        model.predict(make({"x": [1, 2]}))


def test_names_that_are_numbers_have_a_way_out() -> None:
    """A frame that was made of an array has no names: its array is read by position."""
    model = Predictor(people())
    frame = pd.DataFrame([[20, "Oslo", 5e3, True]])
    with pytest.raises(InputError, match=r"it has 0, 1, 2, 3; name them; or, .* to_numpy\(\)"):
        model.predict(frame)
    assert model.predict(frame.to_numpy()).shape == (1,)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([{"x": 1}, {}], "must have the model's columns .* it has 'x'"),
        ({"age": [1, 2], "member": [1]}, "in each column, however: 'age' has 2 and 'member' has 1"),
        ({"age": 1, "member": [1]}, "give one row to predict_one"),
        (pl.LazyFrame(ROWS), r"LazyFrame; convert it, for example with its collect\(\)"),
        (pa.table([[1], [2]], names=["age", "age"]), "'age' more than once"),
    ],
)
def test_what_is_no_table_has_a_way_out(table: Any, expected: str) -> None:
    """Rows of other names, columns of different lengths, a row, a frame that is not in memory."""
    with pytest.raises(InputError, match=expected):
        Predictor(people()).predict(table)


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.DataFrame, lambda each: [{"age": 20, "member": 1}]]
)
def test_absent_columns_are_warned_of_once(make: Callable[[Any], Any]) -> None:
    """The warning points at the caller, and comes once a predictor; `strict` refuses each time."""
    model = Predictor(people())
    table = make({"age": [20], "member": [True]})
    with pytest.warns(AbsentColumnWarning, match="count as missing: 'city', 'income'") as caught:
        first = model.predict(table)
    assert [each.filename for each in caught] == [__file__]
    with warnings.catch_warnings(action="error"):
        assert model.predict(table).tolist() == first.tolist()
    for _ in range(2):
        with pytest.raises(InputError, match="it lacks 'city', 'income'; add them"):
            model.predict(table, strict=True)


def test_a_table_is_checked_without_being_refused() -> None:
    """Counts of what is unknown, outside, missing or wrong; names of what is absent or extra."""
    model = Predictor(people())
    table = {
        "age": [17, 91, None, "old", 18, 90],
        "city": ["Oslo", " Oslo ", "Paris", "NA", None, "Kyiv"],
        "member": [True, "false", 1, 0, True, None],
        "other": [0] * 6,
    }
    report = model.check(table)
    age, city, income, member = report.columns
    assert (age.outside, age.missing, age.wrong) == (2, 1, 1)
    assert (city.unknown, city.missing, city.wrong) == (2, 2, 0)
    assert (income.absent, income.missing) == (True, 6)
    assert (member.missing, member.outside) == (1, 0)
    assert (report.rows, report.extra, report.absent) == (6, ("other",), ("income",))
    assert report.is_refused
    first, age_line, *lines = str(report).splitlines()
    assert first == "6 rows, 4 columns read"
    assert age_line.startswith("column 'age': 1 of 6 missing, and must not be; 1 of the wrong")
    assert age_line.endswith("; 2 outside what training saw")
    assert lines == [
        "column 'city': 2 of 6 missing; 2 of a category that training did not see",
        "column 'income': not in the table",
        "column 'member': 1 of 6 missing, and must not be",
        "not read: 'other'",
    ]


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_without_surprises_has_nothing_to_report(kind: str) -> None:
    """Missing values that are allowed are counted, and refuse nothing."""
    report = Predictor(people()).check(TABLES[kind]())
    assert not report.is_refused
    assert report.absent == ()
    assert not any(each.unknown or each.outside or each.wrong for each in report.columns)
    assert [each.missing for each in report.columns] == [0, 1, 1, 0]


def test_an_array_is_checked_by_position() -> None:
    """Its columns have no names, so none is extra or absent."""
    report = Predictor(people()).check(np.array([[20, "Rome", 1e9, 1]], object))
    assert (report.extra, report.absent, report.columns[2].outside) == ((), (), 1)


def test_a_series_is_read_by_name() -> None:
    """A row of a frame answers like a dict, in whatever order its values stand."""
    model = Predictor(people())
    row = {"member": 1.0, "city": "Oslo", "age": 40.0, "income": 5.0}
    assert model.predict_one(pd.Series(row)) == model.predict_one(row)


@pytest.mark.parametrize("absent", [pd.NA, pd.NaT])
def test_what_pandas_has_for_missing_is_missing(absent: object) -> None:
    """Pandas' own ways to be missing answer as None does."""
    model = Predictor(people())
    row = {"age": 40.0, "city": "Oslo", "member": 1.0}
    assert model.predict_one({**row, "income": absent}) == model.predict_one(row)


def test_frames_are_checked() -> None:
    """A missing value names column and row; doubled columns and other tables are refused."""
    model = Predictor(people())
    with pytest.raises(InputError, match=r"'age' must have a value.*row 2"):
        model.predict(pd.DataFrame({**ROWS, "age": [1.0, math.nan]}))
    with pytest.raises(InputError, match="column 'member' is missing from the table; add it"):
        model.predict(pd.DataFrame({"age": [1.0], "city": "Oslo"}))
    with pytest.raises(InputError, match=r"column 'age' is missing from the table; .*mean 'Age'\?"):
        model.predict(pd.DataFrame({"Age": [1.0], "member": True}))
    doubled = pd.DataFrame(np.zeros((1, 2)), columns=["age", "age"])
    with pytest.raises(InputError, match="different names"):
        model.predict(doubled)


def test_a_repeated_column_matters_only_if_it_is_read() -> None:
    """A repeated name that no feature has is ignored, as every other extra column is."""
    model = Predictor(people())
    frame = pd.DataFrame({"age": [40.0], "city": "Oslo", "income": 5.0, "member": 1.0})
    other = pd.DataFrame(np.zeros((1, 2)), columns=["note", "note"])
    doubled = pd.concat([other, frame], axis=1)
    assert model.predict(doubled).tolist() == model.predict(frame).tolist()
    with pytest.raises(InputError, match="the table has 'city' more than once"):
        model.predict(pd.concat([doubled, frame[["city"]]], axis=1))


def test_frames_of_text_answer_as_frames_of_numbers() -> None:
    """Every column read as text, as from a file, makes no difference."""
    model = Predictor(people())
    frame = pd.DataFrame(
        {
            "age": [20.0, 35.5],
            "city": ["Oslo", None],
            "income": [None, 5e3],
            "member": [True, False],
        }
    )
    expected = model.predict(frame).tolist()
    assert model.predict(frame.astype("str")).tolist() == expected
    assert model.predict(frame.to_dict("records")).tolist() == expected
    assert model.predict(pd.Series(frame.to_dict("records"))).tolist() == expected
