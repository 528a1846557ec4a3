"""Random models for property tests, and slow, independent references to hold ours against."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from slipstream.runtime import Bundle, Predictor
from slipstream.runtime.columns import Column
from slipstream.runtime.kernels import Layer

CATEGORIES = ("a", "b", "c", "d")


@st.composite
def columns(draw: st.DrawFn, least: int = 1, most: int = 6) -> list[Column]:
    """A few fitted columns of every kind."""
    fitted = []
    for index in range(draw(st.integers(least, most))):
        name = f"column_{index}"
        if draw(st.booleans()):
            known = CATEGORIES[: draw(st.integers(0, 4))]
            fitted.append(
                Column(name=name, kind="categorical", allows_missing=True, categories=known)
            )
            continue
        steps = draw(st.lists(st.floats(0.01, 50), min_size=1, max_size=8))
        start = draw(st.floats(-100, 100))
        edges = start + np.cumsum([0, *steps])
        fitted.append(Column(name=name, kind="numeric", allows_missing=True, edges=edges))
    return fitted


def layers(fitted: Sequence[Column], hidden: Sequence[int], seed: int, scale: float) -> list[Layer]:
    """Random float32 layers over some columns."""
    random = np.random.default_rng(seed)
    rows = sum(column.rows for column in fitted)

    def numbers(*shape: int) -> Any:
        return random.normal(0, scale, shape).astype(np.float32)

    widths = [*hidden, 1]
    made = [Layer(weight=numbers(rows, hidden[0]), bias=numbers(hidden[0]))]
    for narrow, wide in zip(widths[1:], widths[:-1], strict=True):
        made.append(Layer(weight=numbers(narrow, wide), bias=numbers(narrow)))
    return made


@st.composite
def models(draw: st.DrawFn) -> tuple[list[Column], list[Layer]]:
    """Columns, and float32 layers over them."""
    fitted = draw(columns())
    hidden = draw(st.lists(st.integers(1, 40), min_size=1, max_size=3))
    scale = draw(st.sampled_from([0.01, 0.3, 1.0]))
    return fitted, layers(fitted, hidden, draw(st.integers(0, 2**31)), scale)


@st.composite
def rows_of(draw: st.DrawFn, fitted: Sequence[Column], most: int = 6) -> list[list[Any]]:
    """Raw rows: usual values, missing ones, unknown categories, infinities, edges themselves."""
    made = []
    for _ in range(draw(st.integers(1, most))):
        row: list[Any] = []
        for column in fitted:
            if column.edges is None:
                row.append(draw(st.sampled_from([*CATEGORIES, " a ", "never seen", None])))
            else:
                usual = st.floats(-200, 400, allow_subnormal=True)
                odd = st.sampled_from(
                    [math.inf, -math.inf, math.nan, 0.0, -0.0, 5e-324, *column.edges.tolist()]
                )
                row.append(draw(st.one_of(usual, odd)))
        made.append(row)
    return made


def locate_slowly(column: Column, value: Any) -> tuple[int, int, float]:
    """The table rows and the share of the upper one, from DESIGN's words alone."""
    if column.edges is None:
        if value is None:
            row = len(column.categories) + 1
        elif value in column.categories:
            row = column.categories.index(value)
        elif value.strip() in column.categories:
            row = column.categories.index(value.strip())
        else:
            row = len(column.categories)
        return row, row, 0.0
    edges = column.edges.tolist()
    if value is None or value != value:
        return len(edges), len(edges), 0.0
    value = min(max(value, edges[0]), edges[-1])
    for low in range(len(edges) - 1):
        if value < edges[low + 1] or low == len(edges) - 2:
            return low, low + 1, (value - edges[low]) / (edges[low + 1] - edges[low])
    raise AssertionError


def int8_logit(bundle: Bundle, row: Sequence[Any]) -> float:
    """The int8 path in Python's own integers, one multiplication at a time."""
    first, *later = bundle.layers
    sums = [int(bias) for bias in first.bias]
    start = 0
    for column, value in zip(bundle.columns, row, strict=True):
        low, high, t = locate_slowly(column, value)
        q = round(t * 2**14)  # Python rounds half to even
        for unit in range(len(sums)):
            sums[unit] += (2**14 - q) * int(first.weight[start + low, unit])
            sums[unit] += q * int(first.weight[start + high, unit])
        start += column.rows
    multiplier = first.multiplier
    for layer in later:
        assert all(abs(each) < 2**31 for each in sums)
        inputs = []
        for unit, each in enumerate(sums):
            scaled = np.float32(max(each, 0)) * multiplier[unit]  # one float32 multiplication
            inputs.append(min(round(float(scaled)), 255))
        sums = [
            int(layer.bias[unit])
            + sum(int(w) * x for w, x in zip(layer.weight[unit], inputs, strict=True))
            for unit in range(len(layer.bias))
        ]
        multiplier = layer.multiplier
    return float(np.float32(sums[0]) * multiplier[0])


def float_logit(bundle: Bundle, row: Sequence[Any]) -> float:
    """The float32 bundle in float64, one row at a time."""
    first, *later = bundle.layers
    sums = first.bias.astype(np.float64)
    start = 0
    for column, value in zip(bundle.columns, row, strict=True):
        low, high, t = locate_slowly(column, value)
        table = first.weight[start : start + column.rows].astype(np.float64)
        sums = sums + (1 - t) * table[low] + t * table[high]
        start += column.rows
    for layer in later:
        sums = layer.weight.astype(np.float64) @ np.maximum(sums, 0) + layer.bias
    return float(sums[0])


def float32_bundle(fitted: list[Column], made: list) -> Bundle:
    """A binary model."""
    return Bundle(
        precision="float32", columns=tuple(fitted), layers=tuple(made), classes=("no", "yes")
    )


def logits(model: Predictor, rows: list) -> np.ndarray:
    """What a model of one output has before its link: (N,)."""
    *_, last = model.layers(rows)
    return last[:, 0]
