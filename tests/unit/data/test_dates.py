"""Dates and durations in raw columns: recognised from the whole column, and said."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.artifacts.references import ColumnSchema
from slipstream.data.cells import blank_to_null
from slipstream.data.dates import Dates, NotDatesError, find_dates, read_dates, seem_dates
from slipstream.data.schema import infer
from slipstream.data.temporal import temporal_seconds
from slipstream.data.texts import encode
from slipstream.runtime.dates import DateFormat

CHANCE = random.Random(0)
START = datetime(2024, 1, 1)
MOMENTS = [START + timedelta(seconds=CHANCE.randrange(700 * 86_400)) for _ in range(300)]
DAYS = [moment.replace(hour=0, minute=0, second=0) for moment in MOMENTS]
MINUTES = [moment.replace(second=0) for moment in MOMENTS]


def find(values: Any, name: str = "x") -> Dates | None:
    """What a column of these values holds."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return find_dates(name, blank_to_null(array))


def found_dates(values: Any, name: str = "x") -> Dates:
    found = find(values, name)
    assert found is not None
    assert found.kind == "datetime"
    return found


@pytest.mark.parametrize(
    ("layout", "order", "meant"),
    [
        ("%Y-%m-%d", None, DAYS),
        ("%Y-%m-%dT%H:%M:%S", None, MOMENTS),
        ("%Y-%m-%d %H:%M:%SZ", None, MOMENTS),
        ("%Y%m%dT%H%M%SZ", None, MOMENTS),
        ("%Y/%m/%d", None, DAYS),
        ("%d/%m/%Y", "dmy", DAYS),
        ("%m/%d/%Y", "mdy", DAYS),
        ("%d.%m.%Y %H:%M", "dmy", MINUTES),
        ("%m-%d-%Y", "mdy", DAYS),
        ("%d/%m/%y", "dmy", DAYS),
        ("%y-%m-%d", "ymd", DAYS),
        ("%m/%d/%y %I:%M %p", "mdy", MINUTES),
        ("%d-%b-%y", None, DAYS),
        ("%b %d, %Y", None, DAYS),
        ("%d %B %Y", None, DAYS),
        ("%a, %d %b %Y %H:%M:%S GMT", None, MOMENTS),
    ],
)
def test_layouts_are_recognised(layout: str, order: str | None, meant: list[datetime]) -> None:
    """Text in a usual layout is dates; the order of day and month follows from all of it."""
    found = found_dates([moment.strftime(layout) for moment in MOMENTS])
    assert found.form == DateFormat(order=order)  # type: ignore[arg-type]
    assert found.series.tolist() == meant
    assert bool(found.notes) is (order is not None)  # what had to be decided is said


@given(st.lists(st.datetimes(datetime(1850, 1, 1), datetime(2190, 1, 1)), min_size=3, max_size=30),
       st.sampled_from(["%Y-%m-%d %H:%M:%S", "%d %b %Y", "%Y-%m-%dT%H:%M:%S.%f"]))  # fmt: skip
def test_text_is_what_pandas_reads(moments: list[datetime], layout: str) -> None:
    """Instants from text are those that pandas finds with the layout given."""
    texts = [moment.strftime(layout) for moment in moments]
    expected = pd.to_datetime(pd.Series(texts), format=layout).astype("M8[us]")
    assert found_dates(texts).series.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("texts", "order", "why"),
    [
        ([f"01/{month:02}/{year}" for year in range(2020, 2026) for month in range(1, 13)] * 2,
         "dmy", "few days of the month"),
        ([f"{month:02}/01/{year}" for year in range(2020, 2026) for month in range(1, 13)] * 2,
         "mdy", "few days of the month"),
        ([f"{day:02}/{month:02}/2025" for month in range(1, 13) for day in range(1, 13)],
         "dmy", "its rows are in order"),
        (["03/04/2025", "05/02/2025", "02/03/2025", "04/05/2025"], "mdy", "usual with a slash"),
        (["03.04.2025", "05.02.2025", "02.03.2025", "04.05.2025"], "dmy", "usual with this mark"),
    ],
)  # fmt: skip
def test_an_ambiguous_order_is_decided_and_said(texts: list[str], order: str, why: str) -> None:
    """Where every day is below 13, other evidence decides, and the note says which."""
    found = found_dates(texts)
    assert found.form is not None
    assert found.form.order == order
    (note,) = found.notes
    assert why in note
    assert "write them as 2025-03-04" in note


@pytest.mark.parametrize(
    "texts",
    [
        [f"{year}-{(year + 1) % 100:02}" for year in range(1990, 2024)],  # seasons
        ["1.2.3", "1.10.0", "2.0.1"],
        ["45-2025", "03-2024", "99-2024"],
        ["may", "june", "basic"],
        ["555-123-4567", "555-987-6543"],
        ["1:2", "3:1"],
        ["10000", "20000"],
        ["2025", "2024"],
        ["P1", "P2"],
        ["1234-05", "0007-11", "4321-12"],
        ["192.168.1.10", "10.0.0.12"],
        ["*", "**", "***"],
        ["-", "unknown", "high"],
    ],
)
def test_what_is_no_date_stays_what_it_is(texts: list[str]) -> None:
    """Versions, seasons, telephone numbers, ratios and codes are not dates."""
    assert find(texts) is None


def test_dates_of_unusual_years_are_said() -> None:
    """They may be codes; years of two digits may be of the century before."""
    found = find([f"{year}-03-04" for year in range(1500, 1600)])
    assert found is not None
    assert found.kind == "categorical"
    assert "before 1800 or after 2200" in found.notes[0]
    births = found_dates([f"04/03/{year:02}" for year in range(30, 99)])
    assert any("years have two digits" in note for note in births.notes)
    assert not found_dates([f"13/03/{year:02}" for year in range(10, 25)]).notes[1:]


@pytest.mark.parametrize(
    ("write", "is_dated"),
    [
        (lambda day: f"{day:%Y-%j}", True),
        (lambda day: f"{day:%Y-%m-%d %H:%M} Europe/Berlin", True),
        (lambda day: f"{day:%I:%M %p on %d %b %Y}", True),
        (lambda day: f"C{day:%d%m}-{day:%j}", False),
        (lambda day: f"{day:%j}.{day:%d}.{day:%m}.1", False),
        (lambda day: "The " * (day.day % 9) + f"end {day.day} ({day.year})", False),
    ],
)
def test_text_that_seems_to_be_dates(write: Callable[[datetime], str], is_dated: bool) -> None:
    """A year, another number and the same marks everywhere; versions and titles are not."""
    days = [datetime(2024, 3, 4) + day * timedelta(days=1) for day in range(99)]
    assert seem_dates(encode(pa.array([write(day) for day in days]))) == is_dated


def test_dates_in_two_orders_stay_text_and_it_is_said() -> None:
    """No order fits day-first and month-first dates in one column: they are read as text."""
    texts = [m.strftime("%d/%m/%Y" if row % 2 else "%m/%d/%Y") for row, m in enumerate(MOMENTS)]
    inferred = infer(pa.table({"x": texts * 2}))
    assert inferred.frame["x"].tolist() == texts * 2
    assert "in another order of day and month" in inferred.warnings[0]


@pytest.mark.parametrize("word", ["unknown", "-", "n/a", "soon"])
def test_a_few_words_among_dates_are_missing(word: str) -> None:
    """5 % that are no dates count as missing, with a count."""
    texts = [word if row % 20 == 3 else f"{m:%Y-%m-%d}" for row, m in enumerate(MOMENTS)]
    found = found_dates(texts)
    assert found.series.isna().sum() == 15
    assert found.series[4] == DAYS[4]


@pytest.mark.parametrize("nothing", ["0000-00-00", "9999-12-31", "0001-01-01"])
def test_dates_that_stand_for_none_are_missing(nothing: str) -> None:
    """Dates of the years 0, 1 and 9999 count as missing, with a count."""
    texts = [nothing if row % 20 == 0 else f"{m:%Y-%m-%d}" for row, m in enumerate(MOMENTS)]
    found = found_dates(texts)
    assert found.series.isna().sum() == 15
    assert "15 of its dates are of a year that stands for no date" in found.notes[-1]


def test_a_common_sentinel_is_pointed_out() -> None:
    """1900-01-01 in many rows stays a date, and the note says how to make it missing."""
    texts = ["1900-01-01" if row % 20 == 0 else f"{m:%Y-%m-%d}" for row, m in enumerate(MOMENTS)]
    found = found_dates(texts)
    assert not found.series.isna().any()
    assert "1900-01-01 is in 15 rows and may stand for no date" in found.notes[0]


def test_an_impossible_day_is_counted() -> None:
    """One 30th of February is missing, and its row is named."""
    texts = [f"{m:%Y-%m-%d}" for m in MOMENTS]
    found = found_dates([*texts[:7], "2025-02-30", *texts[8:]])
    assert found.notes == ("1 value is not a date and counts as missing (in row 8)",)
    assert found.missing == ("2025-02-30",)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([f"{m.isoformat()}+02:00" for m in MOMENTS], "converted to UTC"),
        ([m.isoformat() + ("Z" if row % 3 else "") for row, m in enumerate(MOMENTS)],
         "200 of its values say their time zone; the others are taken to be in UTC"),
    ],
)  # fmt: skip
def test_time_zones_are_said(texts: list[str], said: str) -> None:
    """Offsets are converted; a mixture with times without any is said."""
    assert said in found_dates(texts).notes[0]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_typed_timestamps_are_dates(unit: str, zone: str | None) -> None:
    """Timestamps of every unit are instants in UTC; a zone is said."""
    found = found_dates(pa.array([*MOMENTS, None], pa.timestamp(unit, zone)))
    assert found.series.tolist()[:-1] == MOMENTS
    assert found.series.isna().sum() == 1
    assert bool(found.notes) is (zone == "America/New_York")


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_typed_dates_are_dates(kind: pa.DataType) -> None:
    """Both of Arrow's types of dates are read."""
    assert found_dates(pa.array([m.date() for m in MOMENTS], kind)).series.tolist() == DAYS


@pytest.mark.parametrize(
    ("cells", "seconds"),
    [
        (pa.array([timedelta(seconds=90, microseconds=5), None]), 90.000005),
        (pa.array([-1500, None], pa.duration("ns")), -2e-6),
        (pa.array([3600, None], pa.time32("s")), 3600.0),
        (pa.array([3_600_000_500_000, None], pa.time64("ns")), 3600.0005),
    ],
)
def test_typed_durations_are_seconds(cells: pa.Array, seconds: float) -> None:
    """Durations and times of day are numbers."""
    found = find_dates("x", cells)
    assert found is not None
    assert found.kind == "duration"
    assert found.series[0] == temporal_seconds(cells)[0] == seconds
    assert np.isnan(found.series[1])


@pytest.mark.parametrize(
    "texts", [["1:23:45", "0:10:00", "30:00:01"], ["14:35", "9:05"], ["P1DT2H", "PT5M"],
              ["2 days 03:00:00", "-1 days +23:00:00"], ["02:35 PM", "11:00 AM"]],
)  # fmt: skip
def test_durations_in_text_are_seconds(texts: list[str]) -> None:
    """Durations and times of day in text are numbers, and it is said."""
    found = find(texts)
    assert found is not None
    assert found.kind == "duration"
    assert "numbers of seconds" in found.notes[0]


@pytest.mark.parametrize("name", ["x", "order_date", "Datum"])
def test_digits_are_dates_where_all_of_them_are(name: str) -> None:
    """Whole numbers such as 20250304 are dates if every one is; the name lowers what it takes."""
    digits = [int(f"{m:%Y%m%d}") for m in MOMENTS]
    for values in (digits, [str(each) for each in digits], [*map(float, digits), None]):
        found = found_dates(values, name)
        assert found.form == DateFormat(digits=True)
        assert found.series.tolist()[:300] == DAYS
    assert find([*digits, 20251399], name) is None
    assert (find(digits[:5] * 9, name) is None) is (name == "x")


@pytest.mark.parametrize(("scale", "unit"), [(1, "s"), (1000, "ms"), (10**6, "us"), (10**9, "ns")])
def test_epoch_numbers_are_dates_where_a_user_says_so(scale: int, unit: str) -> None:
    """The unit follows from the size; without a word from the user they stay numbers."""
    numbers = [int((m - datetime(1970, 1, 1)).total_seconds()) * scale for m in MOMENTS]
    assert find(numbers) is None
    found = read_dates("x", blank_to_null(pa.array(numbers)))
    assert found.form == DateFormat(epoch=unit)  # type: ignore[arg-type]
    assert found.series.tolist() == MOMENTS


def test_columns_that_a_user_wrongly_calls_dates_are_refused() -> None:
    """Words and booleans are no dates whatever a user says."""
    for values in (["a", "b"], [True, False], [timedelta(1), timedelta(2)]):
        with pytest.raises(NotDatesError, match="its"):
            read_dates("x", pa.array(values))


def test_a_table_of_dates_has_its_columns_and_notes() -> None:
    """Ingest keeps dates as datetime64, and records how they are written."""
    table = pa.table(
        {
            "on": [f"{m:%d/%m/%Y}" for m in MOMENTS],
            "at": [m.isoformat() for m in sorted(MOMENTS)],
            "day": [date(2025, 1, 1 + row % 28) for row in range(300)],
            "took": [f"0:{row % 60:02}:00" for row in range(300)],
        }
    )
    inferred = infer(table)
    assert inferred.columns == (
        ColumnSchema(name="on", kind="datetime", dates=DateFormat(order="dmy")),
        ColumnSchema(name="at", kind="datetime", dates=DateFormat()),
        ColumnSchema(name="day", kind="datetime", dates=DateFormat()),
        ColumnSchema(name="took", kind="duration"),
    )
    assert inferred.frame.dtypes.astype(str).tolist() == [*["datetime64[us]"] * 3, "float64"]
    assert inferred.identifiers == ()
    assert (
        ColumnSchema.model_validate_json(inferred.columns[0].model_dump_json())
        == (inferred.columns[0])
    )
