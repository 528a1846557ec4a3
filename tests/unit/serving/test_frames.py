"""Frames and values of pandas and pyarrow, given to the predictor."""

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from slipstream.runtime import InputError, Predictor
from tests.unit.runtime.people import people


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
        model.predict(pd.DataFrame({"age": [1.0, math.nan], "city": "Oslo", "member": 1.0}))
    with pytest.raises(InputError, match="column 'member' is missing from the table; add it"):
        model.predict(pd.DataFrame({"age": [1.0], "city": "Oslo"}))
    with pytest.raises(InputError, match=r"column 'age' is missing from the table; .*mean 'Age'\?"):
        model.predict(pd.DataFrame({"Age": [1.0], "member": True}))
    with pytest.raises(InputError, match="must be a pandas frame"):
        model.predict(pa.table({"age": [1.0]}))
    doubled = pd.DataFrame(np.zeros((1, 2)), columns=["age", "age"])
    with pytest.raises(InputError, match="different names"):
        model.predict(doubled)


def test_a_repeated_column_matters_only_if_it_is_read() -> None:
    """A repeated name that no feature has is ignored, as every other extra column is."""
    model = Predictor(people())
    frame = pd.DataFrame({"age": [40.0], "city": "Oslo", "member": 1.0})
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
