import math
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import slipstream
from slipstream.quantization import calibrate, quantize_layers
from slipstream.runtime import Bundle, InputError, Predictor
from slipstream.runtime.bundle import dump, parse
from slipstream.runtime.columns import Column
from tests.conftest import Trained
from tests.unit.networks import float_logit, int8_logit, layers, models, rows_of


def float32_bundle(fitted: list[Column], made: list) -> Bundle:
    return Bundle(
        precision="float32", columns=tuple(fitted), layers=tuple(made), classes=("no", "yes")
    )


def int8_bundle(float32: Bundle, rows: list) -> Bundle:
    scales = calibrate(float32, rows)
    return Bundle(
        precision="int8",
        columns=float32.columns,
        layers=quantize_layers(float32.layers, scales),
        classes=float32.classes,
        activation_scales=tuple(scales),
    )


def logits(model: Predictor, rows: list) -> np.ndarray:
    *_, last = model.layers(rows)
    return last[:, 0]


@given(st.data())
def test_int8_equals_an_independent_reference_exactly(data: st.DataObject) -> None:
    """The int8 path is integer arithmetic: bit for bit what Python's own integers give."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    bundle = parse(dump(int8_bundle(float32_bundle(fitted, made), rows)))
    expected = [int8_logit(bundle, row) for row in rows]
    assert logits(Predictor(bundle), rows).tolist() == expected


@given(st.data())
def test_float32_stays_close_to_float64(data: st.DataObject) -> None:
    """The float32 path differs from float64 by rounding only."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    bundle = parse(dump(float32_bundle(fitted, made)))
    expected = [float_logit(bundle, row) for row in rows]
    np.testing.assert_allclose(logits(Predictor(bundle), rows), expected, rtol=1e-4, atol=1e-3)


@given(st.data())
def test_one_row_answers_as_in_a_batch(data: st.DataObject) -> None:
    """A dict, a sequence and a row of a table get the same answer, in both precisions."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    float32 = float32_bundle(fitted, made)
    for bundle, tolerance in ((float32, 1e-5), (int8_bundle(float32, rows), 1e-15)):
        model = Predictor(bundle)
        batch = model.predict(rows)
        alone = [model.predict_one(row) for row in rows]
        named = [model.predict_one(dict(zip(model.features, row, strict=True))) for row in rows]
        assert alone == named
        np.testing.assert_allclose(alone, batch, rtol=0, atol=tolerance)


def test_wide_int8_layers_stay_exact() -> None:
    """A layer too wide for float32 sums is still exact integer arithmetic."""
    column = Column(name="x", kind="numeric", allows_missing=True, edges=np.array([0.0, 1.0]))
    float32 = float32_bundle([column], layers([column], [900, 700], seed=3, scale=1.0))
    rows = [[0.25], [0.9], [math.nan]]
    bundle = int8_bundle(float32, rows)
    assert logits(Predictor(bundle), rows).tolist() == [int8_logit(bundle, row) for row in rows]


def test_frame_array_and_rows_agree(mixed: Trained, mixed_csv: object) -> None:
    """A frame with other columns and another order answers like rows in the features' order."""
    model = slipstream.load(mixed.store.path(mixed.bundles.int8.file))
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


def test_a_series_is_read_by_name(mixed: Trained) -> None:
    """A row of a frame answers like a dict, in whatever order its values stand."""
    model = slipstream.load(mixed.store.path(mixed.bundles.int8.file))
    row = {"member": 1.0, "city": "Oslo", "age": 40.0, "income": 5.0}
    assert model.predict_one(pd.Series(row)) == model.predict_one(row)


def test_memory_is_bounded_for_many_rows_of_many_columns() -> None:
    """The first layer works through a large table in pieces, with the same answers."""
    fitted = [
        Column(name=f"x{index}", kind="numeric", allows_missing=True, edges=np.array([0.0, 1.0]))
        for index in range(50)
    ]
    model = Predictor(float32_bundle(fitted, layers(fitted, [64], seed=1, scale=0.1)))
    table = np.random.default_rng(0).random((3000, 50))
    tracemalloc.start()
    answers = model.predict(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # all at once, the looked-up rows would take 77 MB
    np.testing.assert_allclose(answers[-10:], model.predict(table[-10:]), atol=1e-6)


def test_arrays_of_every_class_are_read(demo: Trained) -> None:
    """Matrices and masked arrays answer like plain ones; what is masked is missing."""
    model = slipstream.load(demo.store.path(demo.bundles.int8.file))
    table = np.random.default_rng(0).normal(size=(3, 5))
    expected = model.predict(table).tolist()
    assert model.predict(np.matrix(table)).tolist() == expected
    assert model.predict(np.ma.MaskedArray(table)).tolist() == expected
    with pytest.raises(InputError, match="must have a value"):
        model.predict(np.ma.MaskedArray(table, mask=np.eye(3, 5)))


def test_names_what_the_model_is(mixed: Trained) -> None:
    """A loaded model tells its features, classes, task, precision and size."""
    model = slipstream.load(mixed.store.path(mixed.bundles.int8.file))
    assert set(model.features) <= {"age", "city", "income", "member"}
    assert model.classes == ["churns", "stays"]
    assert (model.task, model.precision) == ("binary", "int8")
    assert model.weights_bytes == mixed.bundles.int8.weights_bytes


@pytest.mark.parametrize("absent", [None, math.nan, np.float64("nan"), pd.NA, pd.NaT, "?", " NA "])
def test_every_way_to_be_missing_is_the_same(mixed: Trained, absent: object) -> None:
    """A missing key, None, NaN and a missing marker give one answer, where training saw some."""
    model = slipstream.load(mixed.store.path(mixed.bundles.int8.file))
    row = {"age": 40.0, "city": "Oslo", "member": 1.0}
    assert model.predict_one({**row, "income": absent}) == model.predict_one(row)


def test_missing_is_refused_where_training_saw_none(mixed: Trained) -> None:
    """A column that was always there must be there, and the error names it."""
    model = slipstream.load(mixed.store.path(mixed.bundles.int8.file))
    with pytest.raises(InputError, match="'age' must have a value"):
        model.predict_one({"city": "Oslo"})
    with pytest.raises(InputError, match=r"'age' must have a value.*row 2"):
        model.predict(pd.DataFrame({"age": [1.0, math.nan], "city": "Oslo", "member": 1.0}))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("age", "old"),
        ("age", [1]),
        ("age", b"1"),
        ("age", np.complex128(1 + 5j)),
        ("age", object()),
        ("city", 3),
        ("city", True),
    ],
)
def test_wrong_types_name_the_column(mixed: Trained, column: str, value: object) -> None:
    """A value of the wrong type is refused with the column's name."""
    model = slipstream.load(mixed.store.path(mixed.bundles.int8.file))
    row = {"age": 40.0, "city": "Oslo", "member": 1.0, "income": 1.0, column: value}
    with pytest.raises(InputError, match=f"column '{column}' must be"):
        model.predict_one(row)


def test_infinities_saturate(mixed: Trained) -> None:
    """Beyond the outermost edge nothing changes, not even at infinity or for a huge integer."""
    model = slipstream.load(mixed.store.path(mixed.bundles.int8.file))
    row = {"city": "Oslo", "member": True}
    assert model.predict_one({**row, "age": math.inf}) == model.predict_one({**row, "age": 1e300})
    assert model.predict_one({**row, "age": 10**400}) == model.predict_one({**row, "age": math.inf})
    assert model.predict_one({**row, "age": -math.inf}) == model.predict_one({**row, "age": -1e9})


def test_shapes_are_checked(mixed: Trained) -> None:
    """Rows of the wrong width, single rows to `predict`, and doubled columns are refused."""
    model = slipstream.load(mixed.store.path(mixed.bundles.int8.file))
    with pytest.raises(InputError, match="a row must have 4 values"):
        model.predict_one([1.0])
    with pytest.raises(InputError, match="a row must be a dict"):
        model.predict_one(5)
    for wrong in (None, np.array(5)):
        with pytest.raises(InputError):
            model.predict_one(wrong)
    with pytest.raises(InputError, match="must be a pandas frame"):
        model.predict(pa.table({"age": [1.0]}))
    with pytest.raises(InputError, match="must have rows and columns"):
        model.predict(np.zeros(4))
    doubled = pd.DataFrame(np.zeros((1, 2)), columns=["age", "age"])
    with pytest.raises(InputError, match="different names"):
        model.predict(doubled)
