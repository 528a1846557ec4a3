"""The test rows that a champion cannot know."""

import numpy as np
import pandas as pd
import pytest

from slipstream.artifacts.references import SplitRule
from slipstream.evaluation.scoring import SCORING
from slipstream.lifecycle.comparable import MIN_ROWS, Comparable

DAYS = np.datetime64("2025-01-01", "us") + np.arange(100) * np.timedelta64(1, "D")


def days(times: np.ndarray | None, weights: np.ndarray | None = None) -> Comparable:
    """A hundred rows, whose target counts from 0."""
    target = np.arange(100.0)
    rows = pd.DataFrame({"x": target})
    return Comparable(
        scoring=SCORING["regression"], rows=rows, target=target, weights=weights, times=times
    )


def fitted_until(instant: str | float | None) -> SplitRule:
    shares = {"test_fraction": 0.2, "validation_fraction": 0.2}
    return SplitRule(seed=0, **shares, mode="time", fitted_until=instant)


@pytest.mark.parametrize(
    ("times", "until", "left"),
    [
        (DAYS, "2024-12-31T23:59:59.999999", 100),
        (DAYS, "2025-01-01T00:00:00.000000", 99),
        (DAYS, "2025-02-09T12:00:00.000000", 60),
        (DAYS, "2026-01-01T00:00:00.000000", 0),
        (np.arange(100), 9, 90),
        (np.arange(100), 9.5, 90),
        (np.arange(100) / 2, 4.5, 90),
        (DAYS, None, 100),  # the champion was not split by time
        (None, "2025-02-09T12:00:00.000000", 100),  # nor is today's table
    ],
)
def test_only_rows_that_are_newer_are_left(
    times: np.ndarray | None, until: str | float | None, left: int
) -> None:
    """A row of the very instant at which the champion's rows end is not newer."""
    found = days(times).unknown_to(fitted_until(until))
    assert found.target.tolist() == list(range(100 - left, 100))
    assert found.rows["x"].tolist() == found.target.tolist()
    assert found.seen == 100 - left
    assert bool(found.warnings) == (left < 100)
    assert (found.refusal() is None) == (left >= MIN_ROWS)


def test_weights_are_of_the_rows_that_are_left() -> None:
    """Their mean is 1 again, and rows of weight 0 are not evidence."""
    weights = np.where(np.arange(100) < 50, 1.5, 0.5)
    found = days(DAYS, weights).unknown_to(fitted_until("2025-01-26T00:00:00.000000"))
    assert len(found.weights) == found.counted == 74
    assert found.weights.mean() == pytest.approx(1)
    nothing = np.where(np.arange(100) < 50, 2.0, 0.0)
    found = days(DAYS, nothing).unknown_to(fitted_until("2025-02-20T00:00:00.000000"))
    assert found.refusal().brief.startswith("only 0 test rows are newer")


def test_a_small_test_part_that_is_all_new_is_compared() -> None:
    """The least number of rows is about what is left of more, not about small tables."""
    small = Comparable(
        scoring=SCORING["regression"],
        rows=pd.DataFrame({"x": [1.0]}),
        target=np.ones(1),
        weights=None,
        times=DAYS[-1:],
    )
    assert small.unknown_to(fitted_until("2025-01-01T00:00:00.000000")).refusal() is None
