"""Dates and times in a predictor: each form of an instant is read as the same number."""

import calendar
import math
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slipstream.runtime import BundleError, InputError, Predictor, native
from slipstream.runtime import bundle as bundle_module
from slipstream.runtime.bundle import dump, parse
from slipstream.runtime.date_parts import PARTS, derive, derive_one
from slipstream.runtime.dates import DateFormat, instant_us, seconds, seconds_of_array
from slipstream.runtime.spans import parse_span, span_seconds
from slipstream.runtime.values import WrongValueError
from tests.unit.runtime.dated import (
    INSTANTS,
    date_column,
    dated_model,
    forms_of,
    number_column,
)

ISO = DateFormat()
DAY_FIRST, MONTH_FIRST = DateFormat(order="dmy"), DateFormat(order="mdy")
EPOCH = datetime(1970, 1, 1)
BUNDLE = dated_model(number_column("a"), date_column(order="dmy"), number_column("b"))
BOTH = [Predictor(BUNDLE, backend="numpy")]
if native.backend == "compiled":
    BOTH.append(Predictor(BUNDLE))


def exactly(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


@given(INSTANTS)
def test_every_form_of_an_instant_is_the_same_number(instant: datetime) -> None:
    """Objects, numpy's dates and text are the instant's microseconds, to the last one."""
    assert {instant_us(form, ISO) for form in forms_of(instant)} == {exactly(instant)}


@given(
    INSTANTS, st.sampled_from(["%d/%m/%Y", "%d.%m.%Y %H:%M:%S", "%d-%b-%Y", "%d %B %Y %I:%M %p"])
)
def test_text_with_the_day_first_is_what_python_writes(instant: datetime, layout: str) -> None:
    """What strftime writes is read as what strptime reads."""
    instant = instant.replace(year=max(1000, instant.year))
    text = instant.strftime(layout)
    assert instant_us(text, DAY_FIRST) == exactly(datetime.strptime(text, layout))


@given(INSTANTS, st.sampled_from(["%m/%d/%Y", "%m-%d-%Y %H:%M", "%b %d, %Y", "%m/%d/%y"]))
def test_text_with_the_month_first_is_what_python_writes(instant: datetime, layout: str) -> None:
    """The same with the month first, and two-digit years in the century that POSIX says."""
    instant = instant.replace(year=max(1000, instant.year))
    text = instant.strftime(layout)
    assert instant_us(text, MONTH_FIRST) == exactly(datetime.strptime(text, layout))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Tue, 04 Mar 2025 12:30:00 GMT", "2025-03-04T12:30"),
        ("Tuesday, March 4, 2025", "2025-03-04"),
        ("4th March 2025", "2025-03-04"),
        ("4-Mar-25", "2025-03-04"),
        ("4Mar2025", "2025-03-04"),
        ("2025-Mar-04", "2025-03-04"),
        ("2025.3.4", "2025-03-04"),
        ("2025-03", "2025-03-01"),
        ("2025-03-04 12:30 AM", "2025-03-04T00:30"),
        ("2025-03-04 12:30 p.m.", "2025-03-04T12:30"),
        ("2025-03-04T12:30:00,5+0100", "2025-03-04T11:30:00.5"),
        ("2025-03-04T23:30-02", "2025-03-05T01:30"),
        ("20250304T1230Z", "2025-03-04T12:30"),
        ("2025-03-03T24:00:00", "2025-03-04"),
        ("2025-03-04T12:29:60Z", "2025-03-04T12:30"),
        ("2025-03-04T13:30:00+01:00[Europe/Berlin]", "2025-03-04T12:30"),
        ("Tue Mar  4 12:30:15 2025", "2025-03-04T12:30:15"),
        ("Tue Mar 04 12:30:15 +0100 2025", "2025-03-04T11:30:15"),
        ("04/Mar/2025:12:30:15 +0000", "2025-03-04T12:30:15"),
        ("04MAR2025:12:30:15.5", "2025-03-04T12:30:15.5"),
        ("2025-03-04-12.30.15.500000", "2025-03-04T12:30:15.5"),
        ("2025-03-04 12.30.15", "2025-03-04T12:30:15"),
        ("2025-03-04 12", "2025-03-04T12:00"),
        ("2025. 03. 04.", "2025-03-04"),
        ("03/2025", "2025-03-01"),
        ("Mar 2025", "2025-03-01"),
        ("Mar-25", "2025-03-01"),
        ("2025 March", "2025-03-01"),
        ("2025Q2", "2025-04-01"),
        ("Q2 2025", "2025-04-01"),
        ("2025-W10-2", "2025-03-04"),
        ("2025W10", "2025-03-03"),
        ("Dienstag, 4. März 2025", "2025-03-04"),
        ("mardi 4 mars 2025", "2025-03-04"),
        ("2025:03:04 12:30:00", "2025-03-04T12:30"),
        ("1er août 2025", "2025-08-01"),
        ("4 de marzo de 2025", "2025-03-04"),
        ("/Date(1741091400000)/", "2025-03-04T12:30"),
    ],
)
def test_usual_layouts_are_read(text: str, meant: str) -> None:
    """Layouts of mail, logs, spreadsheets, databases and people, by every predictor."""
    instant = datetime.fromisoformat(meant)
    assert instant_us(text, ISO) == exactly(instant)
    for model in BOTH:
        assert model.predict_one([0.5, text, 0.5]) == model.predict_one([0.5, instant, 0.5])


@pytest.mark.parametrize(
    "text",
    ["2025-02-29", "2025-13-01", "31/12/2025", "12:30", "20250304", "1741089600", "March", "x",
     "2025-03-04T24:01", "2025-03-04T12:60", "2025-W54", "13/2025", "Foo 2025", "12.2024",
     "2025Q5", "Mar 25", "May", "2025-03-04T12:30+25:00", "2025-03-04 x", "1.2.3",
     "13:30 pm", "2025-03/04", "２０２５-03-04", "2025-03-04T12:30:15."],
)  # fmt: skip
def test_other_text_is_no_date(text: str) -> None:
    """Impossible days and times, numbers, and orders that the column does not have, are refused."""
    with pytest.raises(WrongValueError):
        instant_us(text, ISO)
    for model in BOTH:
        if text != "31/12/2025":
            with pytest.raises(InputError, match="'when' must be a date or time"):
                model.predict_one([0.5, text, 0.5])


@pytest.mark.parametrize(
    "value",
    [None, math.nan, np.datetime64("NaT"), "0000-00-00", "0000-00-00 00:00:00", "00/00/0000",
     "9999-12-31", datetime(9999, 12, 31), date(1, 1, 1), np.datetime64("9999-12-31"),
     np.datetime64("20000-01-01", "s"), "9999-12-31T23:59:59Z"],
)  # fmt: skip
def test_no_date_is_missing(value: Any) -> None:
    """What databases write for "no date" is missing, in whatever form."""
    assert math.isnan(seconds(value, ISO))
    absent = {model.predict_one([0.5, None, 0.5]) for model in BOTH}
    assert {model.predict_one([0.5, value, 0.5]) for model in BOTH} == absent
    strict = dated_model(date_column(missing=False))
    with pytest.raises(InputError, match="'when' must have a value"):
        Predictor(strict).predict_one([value])


def test_a_date_that_is_a_missing_marker_is_missing() -> None:
    """A marker counts before the text is read as a date."""
    bundle = parse(dump(_marked("1900-01-01")))
    for backend in ("numpy", native.backend):
        model = Predictor(bundle, backend=backend)
        assert model.predict_one(["1900-01-01"]) == model.predict_one([None])
        assert model.predict_one(["1900-01-02"]) != model.predict_one([None])


def _marked(marker: str) -> Any:
    return replace(dated_model(date_column()), missing_markers=("", marker))


@pytest.mark.parametrize(("epoch", "scale"), [("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)])
def test_a_number_counts_what_training_counted(epoch: Any, scale: int) -> None:
    """Epoch numbers, as numbers and as text, are instants where training had them; else not."""
    form = DateFormat(epoch=epoch)
    number = 1_741_089_600 * scale
    meant = exactly(datetime(2025, 3, 4, 12))
    assert instant_us(number, form) == instant_us(float(number), form) == meant
    assert instant_us(str(number), form) == instant_us(np.int64(number), form) == meant
    array = seconds_of_array(np.array([number, -number]), form)
    assert array is not None
    assert array.tolist() == [meant / 1e6, -meant / 1e6]
    bundle = dated_model(date_column(epoch=epoch))
    for backend in ("numpy", native.backend):
        model = Predictor(bundle, backend=backend)
        answer = model.predict_one([datetime(2025, 3, 4, 12)])
        assert model.predict_one([number]) == model.predict_one([float(number)]) == answer
        assert model.predict(np.array([[number]])).tolist() == [answer]
        assert (
            model.predict_one([math.inf])
            == model.predict_one([10**400])
            == model.predict_one([None])
        )
    with pytest.raises(WrongValueError):
        instant_us(number, ISO)


def test_eight_digits_are_a_date_where_training_had_them() -> None:
    """20250304 is read as text, as an int and as a float; an impossible one is refused."""
    form, meant = DateFormat(digits=True), exactly(datetime(2025, 3, 4))
    assert {instant_us(each, form) for each in ("20250304", 20250304, 20250304.0)} == {meant}
    assert instant_us(0, form) is None
    for wrong in (20251304, "20251304", 2025, True):
        with pytest.raises(WrongValueError):
            instant_us(wrong, form)


@given(INSTANTS)
def test_parts_are_those_of_the_calendar(instant: datetime) -> None:
    """Hour, weekday, day and month are Python's own; alone and in an array they are equal."""
    number = seconds(instant, ISO)
    hour, *others = derive_one(number, PARTS)
    read = EPOCH + timedelta(microseconds=round(number * 1e6))  # far from 1970 a step is 30 us
    assert others == [read.weekday(), read.day, read.month]
    of_day = (read - datetime.combine(read, time())) / timedelta(hours=1)
    assert hour == pytest.approx(of_day, abs=1e-7)
    assert [each.tolist() for each in derive(np.array([number, np.nan]), PARTS)] == [
        [value, pytest.approx(math.nan, nan_ok=True)] for value in (hour, *others)
    ]


def test_every_day_of_four_centuries_has_its_parts() -> None:
    """The calendar repeats after 400 years; each of those days is right."""
    days = np.arange(-200_000, 146_097 - 200_000)
    _, weekday, day, month = derive(days * 86_400.0, PARTS)
    text = np.datetime_as_string(days.astype("M8[D]"))
    assert month.tolist() == [int(each[-5:-3]) for each in text]
    assert day.tolist() == [int(each[-2:]) for each in text]
    assert weekday[:7].tolist() == [
        calendar.weekday(*map(int, each.split("-"))) for each in text[:7].tolist()
    ]


@settings(deadline=None)
@given(st.lists(INSTANTS, min_size=1, max_size=5))
@example([datetime(9000, 12, 31, 23, 59, 59, 999_999)])  # its seconds round up to midnight
def test_both_predictors_answer_every_form_alike(instants: list[datetime]) -> None:
    """One answer for all forms of an instant, from C and from numpy, alone and in a table."""
    for instant in instants:
        forms = forms_of(instant)
        answers = {
            answer
            for model in BOTH
            for answer in [
                *(model.predict_one({"a": 0.3, "when": form, "b": 0.7}) for form in forms),
                *(model.predict_one((0.3, form, 0.7)) for form in forms),
                *model.predict([[0.3, form, 0.7] for form in forms]).tolist(),
            ]
        }
        assert len(answers) == 1


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s", "m", "h", "D", "W", "M", "Y", "10s"])
def test_every_unit_of_numpy_is_read(unit: str) -> None:
    """A datetime64 of any unit is its instant, as a scalar and in an array."""
    given_dates = np.array(
        ["1969-12-30T23:59:59.999999", "2025-03-04T12:30:15", "NaT"], f"M8[{unit}]"
    )
    meant = [None if each is None else exactly(each)
             for each in given_dates.astype("M8[us]").tolist()]  # fmt: skip
    assert [instant_us(each, ISO) for each in given_dates] == meant
    array = seconds_of_array(given_dates, ISO)
    assert array is not None
    assert array[:2].tolist() == [each / 1e6 for each in meant[:2] if each is not None]
    assert math.isnan(array[2])
    for model in BOTH:
        assert model.predict_one([0.5, given_dates[1], 0.5]) == model.predict_one(
            [0.5, given_dates[1].astype("M8[us]").item(), 0.5]
        )


def test_tomorrow_is_answered_like_the_newest_day() -> None:
    """Beyond the last edge the trend saturates: no extrapolation."""
    bundle = dated_model(date_column(missing=True))
    plain = parse(dump(_without_parts(bundle)))
    model = Predictor(plain)
    newest = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=20_001)
    assert model.predict_one([newest]) == model.predict_one([newest + timedelta(days=400)])


def _without_parts(bundle: Any) -> Any:
    (column,) = bundle.columns
    first, *later = bundle.layers
    trend = replace(first, weight=first.weight[: column.rows])
    return replace(bundle, columns=(replace(column, parts=()),), layers=(trend, *later))


@pytest.mark.parametrize("value", [True, 1, 1.5, b"2025-03-04", time(12), timedelta(1), [1], 1j])
def test_other_types_are_refused(value: Any) -> None:
    """What is not a date is refused by name, row and type, alike by both predictors."""
    messages = set()
    for model in BOTH:
        with pytest.raises(InputError, match="'when' must be a date or time") as alone:
            model.predict_one([0.5, value, 0.5])
        with pytest.raises(InputError, match="row 2 has"):
            model.predict([[0.5, None, 0.5], [0.5, value, 0.5]])
        messages.add(str(alone.value))
    assert len(messages) == 1


def test_what_a_bundle_says_of_dates_is_kept() -> None:
    """A file holds the order, the units and the parts."""
    read = parse(dump(BUNDLE))
    assert [each.dates for each in read.columns] == [None, DateFormat(order="dmy"), None]
    assert [part.name for part in read.columns[1].parts] == list(PARTS)
    assert dump(read) == dump(BUNDLE)


@pytest.mark.parametrize(
    "change",
    [
        {"parts": [{"name": "hour", "edges": 1}]},
        {"parts": [{"name": "century", "edges": 4}]},
        {"parts": [{"name": "hour", "edges": 4}, {"name": "hour", "edges": 7}]},
        {"parts": {"hour": 4}},
        {"dates": None},
        {"dates": {"order": "dmy"}},
        {"dates": {"order": "ydm", "digits": False, "epoch": None}},
        {"dates": {"order": None, "digits": 1, "epoch": None}},
        {"dates": {"order": None, "digits": False, "epoch": "h"}},
        {"kind": "numeric"},
        {"edges": -1},
    ],
)
def test_a_bundle_with_other_words_about_dates_is_refused(change: dict[str, Any]) -> None:
    """Each entry is checked before it is used."""
    header = bundle_module._column_header
    changed = lambda column: {**header(column), **(change if column.dates else {})}  # noqa: E731
    with (
        mock.patch.object(bundle_module, "_column_header", changed),
        pytest.raises(BundleError),
    ):
        dump(BUNDLE)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("1:23:45", 5025.0),
        ("14:35", 52_500.0),
        ("2:35 PM", 52_500.0),
        ("36:00:00.5", 129_600.5),
        ("-0:30", -1800.0),
        ("P1DT2H", 93_600.0),
        ("PT0.5S", 0.5),
        ("P2W", 1_209_600.0),
        ("2 days 03:00:00", 183_600.0),
        ("-1 days +23:59:59", -1.0),
        ("1 day, 2:03:04", 93_784.0),
        ("3 days", 259_200.0),
        ("90.5", 90.5),
        (timedelta(days=1, microseconds=1), 86_400.000001),
        (np.timedelta64(1500, "ms"), 1.5),
        (np.timedelta64(-1500, "ns"), -2e-6),
        (time(14, 35), 52_500.0),
        (90, 90.0),
    ],
)
def test_durations_are_seconds(value: Any, meant: float) -> None:
    """Durations and times of day are numbers, in every form."""
    assert span_seconds(value) == meant


@pytest.mark.parametrize("text", ["", "P", "PT", "1:75", "1:2:3", "P1Y", "days", "x", "1:23:61"])
def test_other_text_is_no_duration(text: str) -> None:
    """Text without a length, or with one that varies, is refused."""
    assert parse_span(text) is None


@given(st.timedeltas(timedelta(days=-9999), timedelta(days=9999)))
def test_a_duration_as_python_writes_it(length: timedelta) -> None:
    """What str() makes of a timedelta is read back."""
    assert span_seconds(str(length)) == pytest.approx(length.total_seconds(), abs=1e-6)
    assert span_seconds(np.timedelta64(length)) == span_seconds(length)
