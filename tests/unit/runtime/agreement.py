"""Compares the compiled predictor with numpy's, on the instruction set of this process.

Run by `test_native.py`, in a process for each instruction set: `python -m …agreement`.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from slipstream.runtime import Bundle, Predictor, native, predictor
from slipstream.runtime.columns import Column
from slipstream.runtime.kernels import Layer
from slipstream.runtime.links import LINKS, Link, apply
from slipstream.runtime.numpy_model import NumpyModel
from slipstream.runtime.rows import RowReader
from slipstream.runtime.types import Backend, Precision, Task
from tests.unit.runtime.dated import INSTANTS, date_column, dated_model, forms_of, number_column

CATEGORIES = tuple("abcdefg")
ODD = [np.inf, -np.inf, np.nan, 0.0, -0.0, 5e-324, -5e-324, 1e-310, 1.7e308, -1.7e308]
# A column's edges lie about 1 apart, about a denormal, or nearly as far as float64 reaches.
SIZES = [1.0, 1.0, 1.0, 1e-320, 1e300]


@dataclass(frozen=True)
class Shape:
    """What hypothesis chooses; the numbers follow from the seed."""

    features: int
    bins: int
    hidden: list[int]
    outputs: int
    rows: int
    seed: int


SHAPES = st.builds(
    Shape,
    features=st.integers(1, 64),
    bins=st.integers(1, 64) | st.just(100),
    hidden=st.lists(
        st.sampled_from([16, 31, 32, 33]) | st.integers(1, 256), min_size=1, max_size=3
    ),
    outputs=st.just(1) | st.integers(2, 20),
    rows=st.integers(0, 200),
    seed=st.integers(0, 2**31),
)


def fitted_columns(shape: Shape, random: np.random.Generator, categorical: float) -> list[Column]:
    """Numeric columns with up to `bins` bins, and a share of categorical ones."""
    made = []
    for index in range(shape.features):
        name = f"column {index}"
        if random.random() < categorical:
            known = CATEGORIES[: random.integers(0, 8)]
            made.append(
                Column(name=name, kind="categorical", allows_missing=True, categories=known)
            )
            continue
        steps = random.integers(1, 1000, random.integers(1, shape.bins + 1))
        edges = np.cumsum([-300, *steps]) / 300 * random.choice(SIZES)
        made.append(Column(name=name, kind="numeric", allows_missing=True, edges=edges))
    return made


def raw_rows(columns: list[Column], count: int, random: np.random.Generator) -> list[list[Any]]:
    """Usual values, edges themselves, missing and unknown ones, infinities and denormals."""

    def values(column: Column) -> list[Any]:
        if column.edges is None:
            known = np.array(["a", "b", "g", " a ", "never seen", "", None], object)
            return random.choice(known, count).tolist()
        chance = random.random(count)
        usual = random.normal(size=count) * (column.edges[-1] / 2 - column.edges[0] / 2) * 2
        odd, edges = random.choice(ODD, count), random.choice(column.edges, count)
        return np.select([chance < 0.1, chance < 0.3], [odd, edges], usual).tolist()

    with np.errstate(over="ignore"):
        return [list(row) for row in zip(*map(values, columns), strict=True)]


def layer_sizes(columns: Sequence[Column], shape: Shape) -> list[tuple[int, ...]]:
    """Weight shapes: the table (R, H), then (out, in)."""
    widths = [*shape.hidden, shape.outputs]
    table = (sum(column.rows for column in columns), widths[0])
    return [table, *zip(widths[1:], widths[:-1], strict=True)]


def bundle_of(shape: Shape, precision: Precision, *, categorical: float = 0.3) -> Bundle:
    """A bundle of random tensors: for int8, of every size that the format admits."""
    random = np.random.default_rng(shape.seed)
    return bundle_over(fitted_columns(shape, random, categorical), shape, precision, random)


def bundle_over(
    columns: Sequence[Column], shape: Shape, precision: Precision, random: np.random.Generator
) -> Bundle:
    """The same over given columns."""
    layers = []
    for index, size in enumerate(layer_sizes(columns, shape)):
        outputs, inputs = (size[1], shape.features) if index == 0 else size
        if precision == "float32":
            weight = random.normal(0, 1.4 / inputs**0.5, size).astype(np.float32)
            bias = random.normal(0, 0.1, outputs).astype(np.float32)
            layers.append(Layer(weight=weight, bias=bias))
            continue
        step = 1 << 14 if index == 0 else 255
        layers.append(
            Layer(
                weight=random.integers(-127, 128, size, dtype=np.int8),
                bias=random.integers(-(1 << 25), 1 << 25, outputs, dtype=np.int32) // 1000,
                multiplier=np.exp(random.normal(0, 2, outputs)).astype(np.float32)
                / (step * inputs),
            )
        )
    task: Task = "regression" if shape.outputs == 1 else "multiclass"
    classes = () if task == "regression" else tuple(str(each) for each in range(shape.outputs))
    return Bundle(
        precision=precision,
        columns=tuple(columns),
        layers=tuple(layers),
        classes=classes,
        task=task,
        activation_scales=(1.0,) * len(shape.hidden) if precision == "int8" else (),
    )


def quantiles_of(bundle: Bundle) -> Bundle:
    """The same tensors, as a regression of as many quantiles as there are outputs."""
    levels = np.linspace(0, 1, len(bundle.layers[-1].bias) + 2)[1:-1]
    return replace(bundle, task="quantiles", classes=(), quantiles=tuple(levels.tolist()))


def complete(bundle: Bundle) -> Bundle:
    """The same bundle, as if training had seen no value missing."""
    columns = tuple(replace(column, allows_missing=False) for column in bundle.columns)
    return replace(bundle, columns=columns)


def both(bundle: Bundle, rows: list[list[Any]], link: Link) -> tuple[np.ndarray, np.ndarray]:
    """The answers of C and of numpy for raw rows: (N, O) each."""
    reader = RowReader(bundle)
    numbers = np.array([reader.encode_one(row) for row in rows]).reshape(
        len(rows), len(bundle.columns)
    )
    compiled = native.compile_model(bundle, link, reader.encode_one)
    answers = np.empty((len(rows), len(bundle.layers[-1].bias)))
    if rows:
        assert compiled.predict(numbers, answers)
    return answers, NumpyModel(bundle).logits(numbers)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(SHAPES)
def int8_is_bit_identical(shape: Shape) -> None:
    bundle = bundle_of(shape, "int8")
    rows = raw_rows(list(bundle.columns), shape.rows, np.random.default_rng(shape.seed))
    compiled, logits = both(bundle, rows, "identity")
    assert np.array_equal(compiled, logits.astype(np.float64))


@settings(deadline=None, derandomize=True, max_examples=30)
@given(SHAPES, st.floats(-3, 5))
def logarithms_are_bit_identical(shape: Shape, digits: float) -> None:
    made = bundle_of(replace(shape, outputs=1), "int8")
    *hidden, last = made.layers
    larger = (last.multiplier.astype(np.float64) * 10**digits).astype(np.float32)
    bundle = replace(made, layers=(*hidden, replace(last, multiplier=larger)), target_scale="log1p")
    rows = raw_rows(list(bundle.columns), shape.rows, np.random.default_rng(shape.seed))
    compiled, logits = both(bundle, rows, bundle.link)
    assert compiled.tobytes() == apply(bundle.link, logits).tobytes()
    assert np.isfinite(compiled).all()
    model = Predictor(bundle)
    assert [model.predict_one(row) for row in rows] == compiled[:, 0].tolist()


@settings(deadline=None, derandomize=True, max_examples=60)
@given(SHAPES, st.booleans())
def float32_is_close(shape: Shape, binary: bool) -> None:
    bundle = bundle_of(shape, "float32")
    rows = raw_rows(list(bundle.columns), shape.rows, np.random.default_rng(shape.seed))
    link: Link = "sigmoid" if binary and shape.outputs == 1 else LINKS[bundle.task]
    compiled, logits = both(bundle, rows, link)
    if link == "identity":
        tolerance = regression_tolerance(bundle, logits)
        np.testing.assert_allclose(compiled, logits, rtol=0, atol=tolerance)
        return
    np.testing.assert_allclose(compiled, apply(link, logits), rtol=0, atol=1e-6)


def regression_tolerance(bundle: Bundle, logits: np.ndarray) -> float:
    """1e-5 of the answers' standard deviation, and no finer than float32's own steps."""
    rows = raw_rows(list(bundle.columns), 200, np.random.default_rng(0))
    deviation = Predictor(bundle, backend="numpy").predict(np.array(rows, object)).std()
    steps = 8 * np.finfo(np.float32).eps * np.abs(logits).max(initial=0)
    return float(max(1e-5 * deviation, steps))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(SHAPES, st.sampled_from(["float32", "int8"]))
def quantiles_never_cross(shape: Shape, precision: Precision) -> None:
    bundle = quantiles_of(bundle_of(shape, precision))
    rows = raw_rows(list(bundle.columns), shape.rows, np.random.default_rng(shape.seed))
    table = np.array(rows, object).reshape(len(rows), shape.features)
    compiled, plain = (Predictor(bundle, backend=each).predict(table) for each in get_args(Backend))
    assert compiled.shape == plain.shape == (len(rows), shape.outputs)
    assert (np.diff(compiled) >= 0).all()
    assert (np.diff(plain) >= 0).all()
    logits = NumpyModel(bundle).logits(RowReader(bundle).encode(table))
    assert np.array_equal(plain, np.sort(logits.astype(np.float64), axis=1))
    tolerance = 0.0 if precision == "int8" else regression_tolerance(bundle, logits)
    np.testing.assert_allclose(compiled, plain, rtol=0, atol=tolerance)
    assert compiled.tolist() == [Predictor(bundle).predict_one(row) for row in rows]


@settings(deadline=None, derandomize=True, max_examples=40)
@given(SHAPES, st.sampled_from(["float32", "int8"]), st.booleans())
def a_row_answers_as_in_a_table(shape: Shape, precision: Precision, numeric: bool) -> None:
    bundle = bundle_of(shape, precision, categorical=0.0 if numeric else 0.3)
    rows = raw_rows(list(bundle.columns), shape.rows, np.random.default_rng(shape.seed))
    model = Predictor(bundle)
    batch = model.predict(np.array(rows, object).reshape(len(rows), shape.features)).tolist()
    assert batch == [model.predict_one(row) for row in rows]
    assert batch == [model.predict_one(dict(zip(model.features, row, strict=True))) for row in rows]
    if numeric:
        table = np.array(rows, np.float64).reshape(len(rows), shape.features)
        assert batch == model.predict(table).tolist()
        with mock.patch.object(predictor, "ROWS_A_THREAD", 1):  # a few rows are shared, too
            assert batch == model.predict(np.asfortranarray(table), threads=3).tolist()
        assert batch == [model.predict_one(row) for row in table]
        with np.errstate(over="ignore"):
            single = table.astype(np.float32)
        assert model.predict(single).tolist() == [model.predict_one(row) for row in single]


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.lists(INSTANTS, min_size=1, max_size=80), st.sampled_from(["float32", "int8"]))
def dates_are_read_alike(instants: list[datetime], precision: Precision) -> None:
    bundle = dated_model(number_column("a"), date_column(), precision=precision)
    model, reference = Predictor(bundle), Predictor(bundle, backend="numpy")
    rows = [[0.5, form] for instant in instants for form in forms_of(instant)]
    answers = model.predict(rows)
    assert answers.tolist() == [model.predict_one(row) for row in rows]
    assert len(set(answers.tolist())) <= len(instants)
    expected = reference.predict(rows)
    tolerance = 0.0 if precision == "int8" else 1e-5 * max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(answers, expected, rtol=0, atol=tolerance)


def check_all() -> None:
    """Run every comparison on this process's instruction set."""
    int8_is_bit_identical()
    logarithms_are_bit_identical()
    float32_is_close()
    a_row_answers_as_in_a_table()
    quantiles_never_cross()
    dates_are_read_alike()


if __name__ == "__main__":
    check_all()
    assert native._native is not None
    sys.stdout.write(f"{native.instruction_set} {native._native.__file__}")
