"""Dates in tables to predict, in pyfunc, traces, drift and MLflow's signature: one answer each."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from slipstream.evaluation.drift import Target, measure, profile
from slipstream.pyfunc import BundleModel
from slipstream.reporting.inspection import describe
from slipstream.runtime import InputError, Predictor
from slipstream.runtime.columns import Column
from slipstream.serving.tables import checked_rows, typed_rows
from slipstream.tracking.signature import example, signature
from tests.unit.runtime.dated import date_column, dated_model, number_column

SPAN = Column(
    name="took", kind="duration", allows_missing=True, edges=np.array([0.0, 3600.0, 90_000.0])
)
BUNDLE = dated_model(number_column("a"), date_column(order="dmy"), SPAN)
MODEL = Predictor(BUNDLE)
MOMENTS = [
    datetime(2025, 1, 31, 12) + timedelta(hours=7 * row, microseconds=row) for row in range(9)
]
SPANS = [timedelta(minutes=11 * row) for row in range(9)]
ANSWERS = MODEL.predict([[0.3, *pair] for pair in zip(MOMENTS, SPANS, strict=True)]).tolist()


def table(when: Any, took: Any = SPANS) -> pa.Table:
    return pa.table({"a": [0.3] * 9, "when": when, "took": took})


@pytest.mark.parametrize(
    "when",
    [
        pa.array(MOMENTS, pa.timestamp("us")),
        pa.array(MOMENTS, pa.timestamp("ns")),
        pa.array(MOMENTS, pa.timestamp("us", "America/New_York")),
        pa.array([moment.isoformat() for moment in MOMENTS]),
        pa.array([f" {moment:%d/%m/%Y %H:%M:%S.%f} " for moment in MOMENTS]),
    ],
)
def test_files_answer_as_python_does(when: pa.Array) -> None:
    """A column of a file, typed or text, is the instants that Python's objects are."""
    assert MODEL.predict(typed_rows(MODEL, table(when))).tolist() == ANSWERS
    frame = table(when).to_pandas()
    assert MODEL.predict(frame).tolist() == ANSWERS
    assert BundleModel(MODEL).predict(frame).tolist() == ANSWERS


@pytest.mark.parametrize(
    "took",
    [
        [str(span) for span in SPANS],
        [span.total_seconds() for span in SPANS],
        pa.array(SPANS, pa.duration("ns")),
        [(datetime(2025, 1, 1) + span).time() for span in SPANS],
    ],
)
def test_durations_answer_in_every_form(took: Any) -> None:
    """Text, seconds, typed durations and times of day are the same numbers."""
    assert MODEL.predict(typed_rows(MODEL, table(MOMENTS, took))).tolist() == ANSWERS


def test_wrong_cells_are_counted_and_refused() -> None:
    """The message has the column, the first row, how many there are, and the way out."""
    texts = ["soon", None, "unknown", "soon", *(moment.isoformat() for moment in MOMENTS[4:])]
    frame, refused, reason = checked_rows(MODEL, table(texts))
    assert refused.tolist() == [True, False, False, True, *[False] * 5]
    assert MODEL.predict(frame).tolist()[4:] == ANSWERS[4:]
    assert reason == (
        "column 'when' must be a date or time, however: row 1 has text that is not a date or time "
        "(2 such rows); write it as 2025-03-04 or 2025-03-04T12:30, or leave it empty"
    )
    with pytest.raises(InputError, match="'when' must hold dates or times, however: its type is"):
        typed_rows(MODEL, table(list(range(9))))
    with pytest.raises(InputError, match="'took' must hold durations or times of day"):
        typed_rows(MODEL, table(MOMENTS, MOMENTS))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_frames_of_every_unit_answer_alike(unit: str, zone: str | None) -> None:
    """Pandas' columns of any unit and zone, and of objects, are the same instants."""
    whole = pd.Series([moment.replace(microsecond=0) for moment in MOMENTS])
    typed = whole.astype(f"M8[{unit}]")
    if zone is not None:
        typed = typed.dt.tz_localize("UTC").dt.tz_convert(zone)
    for backend in ("compiled", "numpy"):
        model = Predictor(BUNDLE, backend=backend)  # type: ignore[arg-type]
        frames = [pd.DataFrame({"a": 0.3, "when": each, "took": 60.0})
                  for each in (whole, typed, typed.astype(object), typed.astype(str))]  # fmt: skip
        first, *others = [model.predict(frame).tolist() for frame in frames]
        assert others == [first] * 3


def test_missing_dates_among_objects_are_missing() -> None:
    """NaT, None and NaN in a frame's column of objects are missing, from C as from numpy."""
    dates = [pd.NaT, None, float("nan"), np.datetime64("NaT"), pd.Timestamp(2025, 3, 4)]
    frame = pd.DataFrame({"a": 0.3, "when": pd.Series(dates, dtype=object), "took": 60.0})
    *absent, there = MODEL.predict(frame).tolist()
    assert set(absent) == {MODEL.predict_one([0.3, None, 60])} != {there}


def test_one_wrong_object_among_many_names_its_row() -> None:
    """C leaves what it cannot read to Python, which refuses it by row."""
    dates = pd.Series([*MOMENTS, "soon"], dtype=object)
    with pytest.raises(InputError, match="row 10 has text that is not a date"):
        MODEL.predict(pd.DataFrame({"a": 0.3, "when": dates, "took": 60.0}))


def test_the_signature_and_the_example_have_dates() -> None:
    """MLflow is told that the column is a datetime; the made-up rows can be answered."""
    types = {each["name"]: each["type"] for each in signature(MODEL).inputs.to_dict()}
    assert types == {"a": "double", "when": "datetime", "took": "double"}
    assert len(MODEL.predict(example(MODEL))) == 2


def test_inspection_shows_instants_and_parts() -> None:
    """A date's edges are shown as dates, with what is derived."""
    (line,) = (each for each in describe(MODEL, "x", file_bytes=1) if "datetime" in each)
    assert line.endswith("1967-04-07 to 2024-10-05 in 3 bins; hour, weekday, day, month")


def test_drift_compares_instants() -> None:
    """A date that moved on has a large PSI, and its rows saturate."""
    columns = (replace(BUNDLE.columns[1], parts=()),)
    days = pd.date_range("2024-01-01", periods=200, freq="D").astype("M8[us]")
    target = Target("price", np.arange(200.0))
    then = profile(columns, pd.DataFrame({"when": days}), target)
    same = measure(then, columns, pd.DataFrame({"when": days}), target)
    later = pd.DataFrame({"when": days + timedelta(days=400)})
    moved = measure(then, columns, later, target)
    assert same.psi == {"when": 0.0, "price": 0.0}
    assert moved.psi["when"] > 1
    assert (same.outside_share, moved.outside_share) == (0.0, 1.0)
