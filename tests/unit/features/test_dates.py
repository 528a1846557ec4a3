"""What a model learns from dates: those parts that the training rows can teach."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from slipstream.artifacts.references import ColumnSchema
from slipstream.features.dates import date_notes
from slipstream.features.edges import TrainingTarget
from slipstream.features.preprocessing import fit_column, normalise_all
from slipstream.runtime.columns import Column, lookup_names
from slipstream.runtime.dates import DateFormat

WHEN = ColumnSchema(name="when", kind="datetime", dates=DateFormat())


def fit(moments: pd.DatetimeIndex, target: np.ndarray | None = None) -> Column:
    labels = np.arange(len(moments)) % 2 if target is None else target
    return fit_column(WHEN, pd.Series(moments), TrainingTarget(labels, "binary"), 24)


@pytest.mark.parametrize(
    ("step", "count", "parts"),
    [
        (timedelta(minutes=7), 100, []),
        (timedelta(minutes=30), 200, ["hour"]),
        (timedelta(hours=5), 100, ["hour", "weekday"]),
        (timedelta(days=1), 40, ["weekday"]),
        (timedelta(days=1), 100, ["weekday", "day"]),
        (timedelta(days=7), 100, ["day", "month"]),
        (timedelta(days=1), 500, ["weekday", "day", "month"]),
        (timedelta(hours=7), 2000, ["hour", "weekday", "day", "month"]),
    ],
)
def test_only_parts_that_vary_and_recur_are_kept(
    step: timedelta, count: int, parts: list[str]
) -> None:
    """No hour of midnights, no weekday of Mondays, no month of half a year."""
    column = fit(pd.date_range("2025-01-06", periods=count, freq=step))
    assert [part.name for part in column.parts] == parts


def test_weekdays_and_months_have_an_edge_each() -> None:
    """Nothing is between two of them, so each has a table row of its own."""
    column = fit(pd.date_range("2024-01-01", periods=800, freq="D"))
    edges = {part.name: part.edges for part in column.parts}
    assert edges["weekday"] is not None
    assert edges["weekday"].tolist() == list(range(7))
    assert edges["month"] is not None
    assert edges["month"].tolist() == list(range(1, 13))


def test_a_day_on_which_all_changes_is_an_edge() -> None:
    """The trend has an edge at the day that decides."""
    days = pd.date_range("2025-01-01", periods=200, freq="D")
    column = fit(days, (np.arange(200) >= 120).astype(int))
    assert column.edges is not None
    assert np.abs(column.edges - days[120].timestamp()).min() <= 86_400


def test_dates_and_parts_are_normalised_under_names_of_their_own() -> None:
    """Each has a column of numbers in [0, 1], NaN where the date is missing."""
    moments = pd.date_range("2024-01-01", periods=800, freq="D")
    column = fit(moments)
    given = pd.Series([moments[0], None, moments[-1] + timedelta(days=99)]).astype("M8[us]")
    normalised = normalise_all(column, given)
    assert list(normalised) == lookup_names([column])
    assert list(normalised)[:2] == ["when", "when, weekday "]
    for values in normalised.values():
        assert np.isnan(values).tolist() == [False, True, False]
    assert normalised["when"][2] == 1.0


def test_what_a_model_learns_of_a_date_is_said() -> None:
    """A note names the parts of each date."""
    days = fit(pd.date_range("2025-01-01", periods=100, freq="D"))
    minutes = fit(pd.date_range("2025-01-01", periods=10, freq="min"))
    assert date_notes([days, minutes]) == [
        "column 'when' is a date or time; the model learns its trend, weekday and day of the month",
        "column 'when' is a date or time; the model learns its trend",
    ]
