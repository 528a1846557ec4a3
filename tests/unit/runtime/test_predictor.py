import copy
import inspect
import math
import pickle
import tracemalloc
from array import array
from collections import UserDict, deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.runtime import BundleError, InputError, Predictor
from slipstream.runtime.bundle import dump, parse
from slipstream.runtime.columns import Column
from tests.unit.networks import float32_bundle, float_logit, layers, logits, models, rows_of
from tests.unit.runtime.agreement import Shape, bundle_of, complete
from tests.unit.runtime.people import people


@given(st.data())
def test_float32_stays_close_to_float64(data: st.DataObject) -> None:
    """The float32 path differs from float64 by rounding only."""
    fitted, made = data.draw(models())
    rows = data.draw(rows_of(fitted))
    bundle = parse(dump(float32_bundle(fitted, made)))
    expected = [float_logit(bundle, row) for row in rows]
    np.testing.assert_allclose(logits(Predictor(bundle), rows), expected, rtol=1e-4, atol=1e-3)


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


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_arrays_of_every_class_are_read() -> None:
    """Matrices and masked arrays answer like plain ones; what is masked is missing."""
    shape = Shape(features=5, bins=24, hidden=[32, 32], outputs=1, rows=0, seed=0)
    bundle = bundle_of(shape, "int8", categorical=0)
    model = Predictor(bundle)
    table = np.random.default_rng(0).normal(size=(3, 5))
    expected = model.predict(table).tolist()
    assert model.predict(np.matrix(table)).tolist() == expected
    assert model.predict(np.ma.MaskedArray(table)).tolist() == expected
    masked = np.ma.MaskedArray(table, mask=np.eye(3, 5))
    assert model.predict(masked)[0] == model.predict_one([None, *table[0, 1:]])
    with pytest.raises(InputError, match="must have a value"):
        Predictor(complete(bundle)).predict(masked)


def test_a_model_describes_itself() -> None:
    """A loaded model states its features, classes, task, precision and size."""
    model = Predictor(people())
    assert model.features == ["age", "city", "income", "member"]
    assert model.classes == ["churns", "stays"]
    assert (model.task, model.precision) == ("binary", "int8")
    assert model.weights_bytes == 18 * 16 + 16 * 8 + 8


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
def test_predict_one_takes_its_row_by_position(backend: Any) -> None:
    """`predict_one` has the same signature on every backend."""
    model = Predictor(people(), backend=backend)
    (row,) = inspect.signature(model.predict_one).parameters.values()
    assert row.kind is row.POSITIONAL_ONLY
    with pytest.raises(TypeError, match="predict_one"):
        model.predict_one(row={"age": 40.0, "city": "Oslo", "member": 1.0})


def test_a_backend_that_is_not_there_is_refused() -> None:
    """A misspelt backend is refused, and numpy does not silently take its place."""
    with pytest.raises(InputError, match="backend must be one of compiled, numpy, however: 'gpu'"):
        Predictor(people(), backend="gpu")


class Rounded(Predictor):
    """A predictor with a `predict_one` of its own."""

    def predict_one(self, row: Any, /) -> Any:
        return round(super().predict_one(row), 2)


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
def test_a_subclass_answers_in_its_own_way(backend: Any) -> None:
    """An overriding `predict_one` is called, in a copy too, and can call the backend's."""
    row = {"age": 40.0, "city": "Oslo", "member": 1.0}
    model = Rounded(people(), backend=backend)
    expected = round(Predictor(people(), backend=backend).predict_one(row), 2)
    assert model.predict_one(row) == copy.copy(model).predict_one(row) == expected


def pickled(model: Predictor) -> Predictor:
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, pickled])
@pytest.mark.parametrize("backend", ["compiled", "numpy"])
def test_a_model_is_copied_and_pickled(way: Callable[[Predictor], Predictor], backend: Any) -> None:
    """A copy, and what another process receives, answers as the model does, on its backend."""
    model = Predictor(people(), backend=backend)
    made = way(model)
    row = {"age": 40.0, "city": "Oslo", "member": 1.0}
    assert made.predict_one(row) == model.predict_one(row)
    assert made.backend == backend
    assert made.bundle is not model.bundle


def test_a_pickled_model_is_checked_where_it_arrives() -> None:
    """What travels is the bundle's file: damaged on its way, it is refused as any file is."""
    sent = pickle.dumps(Predictor(people()))
    with pytest.raises(BundleError, match="must match its SHA-256"):
        pickle.loads(sent.replace(b"Oslo", b"Rome"))


@pytest.mark.parametrize("absent", [None, math.nan, np.float64("nan"), np.ma.masked, "?", " NA "])
def test_every_way_to_be_missing_is_the_same(absent: object) -> None:
    """A missing key, None, NaN and a missing marker give one answer, where training saw some."""
    model = Predictor(people())
    row = {"age": 40.0, "city": "Oslo", "member": 1.0}
    assert model.predict_one({**row, "income": absent}) == model.predict_one(row)


def test_missing_is_refused_where_training_saw_none() -> None:
    """A column that was always there must be there, and the error names it."""
    model = Predictor(people())
    with pytest.raises(InputError, match="'age' must have a value.*however: it has none;"):
        model.predict_one({"age": None, "city": "Oslo", "member": True})
    with pytest.raises(InputError, match=r"'age' must have a value.*row 2"):
        model.predict([[1.0, "Oslo", None, 1.0], [math.nan, "Oslo", None, 1.0]])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("age", "old"),
        ("age", [1]),
        ("age", b"1"),
        ("age", bytearray(b"1")),
        ("age", memoryview(b"1")),
        ("age", array("b", b"1")),
        ("age", np.void(b"1")),
        ("age", np.array("1")),
        ("age", np.datetime64(1, "ns")),
        ("age", np.timedelta64(1, "ns")),
        ("age", np.complex128(1 + 5j)),
        ("age", object()),
        ("city", 3),
        ("city", True),
    ],
)
def test_wrong_types_name_the_column(column: str, value: object) -> None:
    """A value of the wrong type is refused with the column's name."""
    model = Predictor(people())
    row = {"age": 40.0, "city": "Oslo", "member": 1.0, "income": 1.0, column: value}
    with pytest.raises(InputError, match=f"column '{column}' must be"):
        model.predict_one(row)


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
@pytest.mark.parametrize(
    "row",
    [
        "abcde",
        b"abcde",
        bytearray(b"abcde"),
        memoryview(b"abcde"),
        np.zeros(1, "f8,f8,f8,f8,f8")[0],
        {1.0, 2.0, 3.0, 4.0, 5.0},
    ],
)
def test_values_that_are_not_rows_are_refused(row: Any, backend: Any) -> None:
    """Text, memory, records and sets are refused, even with as many values as a row."""
    shape = Shape(features=5, bins=4, hidden=[8], outputs=1, rows=0, seed=0)
    model = Predictor(bundle_of(shape, "int8", categorical=0), backend=backend)
    with pytest.raises(InputError, match=f"a row must be a dict.*: {type(row).__name__};"):
        model.predict_one(row)
    for table in (row, [row], (row, row)):
        with pytest.raises(InputError, match=f"a table must be.*: {type(row).__name__};"):
            model.predict(table)


def test_infinities_saturate() -> None:
    """Beyond the outermost edge nothing changes, not even at infinity or for a huge integer."""
    model = Predictor(people())
    row = {"city": "Oslo", "member": True}
    assert model.predict_one({**row, "age": math.inf}) == model.predict_one({**row, "age": 1e300})
    assert model.predict_one({**row, "age": 10**400}) == model.predict_one({**row, "age": math.inf})
    assert model.predict_one({**row, "age": -math.inf}) == model.predict_one({**row, "age": -1e9})


def test_errors_stay_readable() -> None:
    """However long a name, a list of names or an argument is, an error quotes its beginning."""
    names = ["long " * 100_000, *(f"column {index}" for index in range(200))]
    columns = [
        Column(name=name, kind="numeric", allows_missing=False, edges=np.array([0.0, 1.0]))
        for name in names
    ]
    model = Predictor(float32_bundle(columns, layers(columns, [4], seed=1, scale=0.1)))
    for attempt in (
        lambda: model.predict_one([None] * 201),
        lambda: model.predict_one(["x"] * 201),
        lambda: model.predict_one([1.0]),
        lambda: model.predict(np.zeros((1, 201)), threads="x" * 100_000),
    ):
        with pytest.raises(InputError) as caught:
            attempt()
        assert len(str(caught.value)) < 2000
        assert "…" in str(caught.value)


def test_shapes_are_checked() -> None:
    """Rows of the wrong width, single rows to `predict`, and doubled columns are refused."""
    model = Predictor(people())
    with pytest.raises(InputError, match="a row must have 4 values"):
        model.predict_one([1.0])
    with pytest.raises(InputError, match="a row must be a dict"):
        model.predict_one(5)
    for wrong in (None, np.array(5)):
        with pytest.raises(InputError):
            model.predict_one(wrong)
    with pytest.raises(InputError, match="a table must be a frame, a list of rows"):
        model.predict(np.zeros(4))


ROW = {"age": 40.0, "city": "Oslo", "member": 1.0}


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
@pytest.mark.parametrize("kind", [list, tuple, deque])
def test_a_list_of_dicts_is_answered_row_by_row(backend: Any, kind: Callable[..., Any]) -> None:
    """Each mapping is read as `predict_one` reads it: by name, other keys ignored."""
    model = Predictor(people(), backend=backend)
    rows = [ROW, {**ROW, "income": 5e4, "other": "x"}, UserDict(ROW), [30, "Rome", None, False]]
    assert model.predict(kind(rows)).tolist() == [model.predict_one(row) for row in rows]
    assert model.predict(kind([])).shape == (0,)
    with pytest.raises(InputError, match=r"column 'age' is missing from row 2; did you mean 'Age'"):
        model.predict(kind([ROW, {"Age": 40.0, "city": "Oslo", "member": 1.0}]))


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
def test_a_required_key_that_is_absent_is_named(backend: Any) -> None:
    """The error for a row without a required key says to add it, not to fill in a value."""
    model = Predictor(people(), backend=backend)
    with pytest.raises(InputError, match="column 'age' is missing from the row; add it"):
        model.predict_one({"city": "Oslo", "member": True})
    with pytest.raises(InputError, match="columns 'age', 'member' are missing from the row; add"):
        model.predict_one({})


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
@pytest.mark.parametrize("text", ["40", " 4e1 ", "+40.", "40.000"])
def test_numeric_text_counts_as_a_number(backend: Any, text: str) -> None:
    """In a dict, a list and an array; in a boolean column, the words true and false too."""
    model = Predictor(people(), backend=backend)
    expected = model.predict_one(ROW)
    assert model.predict_one({**ROW, "age": text}) == expected
    assert model.predict_one([text, "Oslo", None, "TRUE"]) == expected
    assert model.predict(np.array([[text, "Oslo", "NA", "1"]])).tolist() == [expected]


@pytest.mark.parametrize("text", ["fifty", "1_000", "0x10", "1,5", "\u0663", "4 0"])
def test_text_that_is_not_a_number_has_a_way_out_that_works(text: str) -> None:
    """Leaving it empty is advised only where a value may be missing."""
    model = Predictor(people())
    with pytest.raises(InputError, match=r"'age' must be a number.*it has text.*1234\.5$"):
        model.predict_one({**ROW, "age": text})
    with pytest.raises(InputError, match=r"row 2 has text that is not a number \(2 such rows\);"):
        model.predict([ROW, *[{**ROW, "age": text, "income": 5.0}] * 2])
    with pytest.raises(InputError, match=r"1234\.5, or leave it empty$"):
        model.predict_one({**ROW, "income": text})
    assert model.predict_one({**ROW, "age": "1234.5"}) == model.predict_one({**ROW, "age": 1234.5})
    assert model.predict_one({**ROW, "income": None}) == model.predict_one(ROW)


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
def test_repr_describes_the_model_in_one_line(backend: Any) -> None:
    """Its name, task, precision, sizes, what runs it and what it reads; in a copy too."""
    model = Predictor(people(), backend=backend, name="people.safetensors")
    shown = repr(model)
    for fact in ("'people.safetensors'", "binary label='stays'", "int8 4-16-8-1", "424 B", backend):
        assert fact in shown
    assert shown.endswith("reads 'age', 'city', 'income', 'member'>")
    assert "\n" not in shown
    assert repr(copy.copy(model)) == shown
