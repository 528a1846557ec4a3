"""Dates in an ONNX graph: it derives from their seconds what the predictor does."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import onnxruntime
import pytest

from slipstream.export.onnx_graph import OUTPUT, to_onnx
from slipstream.runtime import Predictor
from slipstream.runtime.types import Precision
from tests.unit.runtime.dated import date_column, dated_model, number_column


def seconds(moments: list[datetime | None]) -> np.ndarray:
    """Seconds since 1970, NaN for missing: (N, 1)."""
    counts = np.array(moments, "M8[us]")
    return np.where(np.isnat(counts), np.nan, counts.astype(np.int64) / 1e6).reshape(-1, 1)


def random_moments(count: int) -> list[datetime | None]:
    """Instants of all centuries, and some that are missing or stand for no date."""
    random = np.random.default_rng(0)
    days = random.integers(-700_000, 2_900_000, count).astype("M8[D]").astype("M8[us]")
    near = random.integers(0, 2**51, count).astype("M8[us]")
    moments = np.where(random.random(count) < 0.5, days, near).tolist()
    return [None, datetime(9999, 12, 31), datetime(1, 1, 1), *moments]


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_graph_answers_dates_as_the_predictor_does(precision: Precision) -> None:
    """Within 1e-5 for float32; int8 graphs agree to float32's last places."""
    bundle = dated_model(number_column("a"), date_column(), number_column("b"), precision=precision)
    moments = random_moments(2000)
    numbers = np.full((len(moments), 1), 0.3)
    session = onnxruntime.InferenceSession(to_onnx(bundle), providers=["CPUExecutionProvider"])
    (found,) = session.run([OUTPUT], {"a": numbers, "when": seconds(moments), "b": numbers})
    expected = Predictor(bundle).predict([[0.3, moment, 0.3] for moment in moments])
    scale = max(1.0, float(np.abs(expected).max()))
    assert np.abs(found[:, 0] - expected).max() <= 1e-5 * scale


def test_a_graph_marks_a_date_that_must_not_be_missing() -> None:
    """Where the predictor refuses a missing date, the graph answers NaN."""
    bundle = dated_model(date_column(missing=False))
    session = onnxruntime.InferenceSession(to_onnx(bundle), providers=["CPUExecutionProvider"])
    (found,) = session.run([OUTPUT], {"when": seconds([None, datetime(2025, 3, 4)])})
    assert np.isnan(found[:, 0]).tolist() == [True, False]


def test_a_date_without_parts_is_its_trend() -> None:
    """A column of few days has nothing derived, in the graph either."""
    bundle = dated_model(replace(date_column(), parts=()))
    session = onnxruntime.InferenceSession(to_onnx(bundle), providers=["CPUExecutionProvider"])
    moments: list[datetime | None] = [datetime(2024, 10, 4, 12), datetime(2025, 3, 4)]
    (found,) = session.run([OUTPUT], {"when": seconds(moments)})
    expected = Predictor(bundle).predict([[moment] for moment in moments])
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5)
