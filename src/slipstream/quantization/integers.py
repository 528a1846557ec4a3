"""Integers for float32 layers, chosen by the error of what a layer gives for calibration rows.

Weights are symmetric s8 with one scale an output channel (Jacob et al. 2018, "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"; Krishnamoorthi 2018).
Activations, which follow a ReLU, are u8 from zero; one scale a layer.

Layer by layer, on the inputs that the integer layers before it give: the weights are fitted once
more to the sums that the float32 layer has (least squares with a ridge), rounded so that their
errors cancel (`rounding`), and the bias takes the mean error that is left (Nagel et al. 2019,
"Data-Free Quantization Through Weight Equalization and Bias Correction").

Weights of a model under `features.monotone` are rounded to the nearest, each by itself: that keeps
their signs and their order, and so the model's directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from slipstream.quantization.rounding import nearest_plane
from slipstream.runtime.bundle import Bundle
from slipstream.runtime.columns import Column, Positions, lookups, table_offsets
from slipstream.runtime.kernels import Layer
from slipstream.runtime.limits import LARGEST_ACTIVATION, LARGEST_WEIGHT, MAX_BIAS, POSITION_ONE
from slipstream.runtime.numpy_model import NumpyModel
from slipstream.runtime.rows import RowReader

__all__ = ["Quantised", "quantize_layers"]

# A row may have larger activations than every calibration row: cutting one off costs much, and a
# step that is a tenth larger costs little.
HEADROOM = 1.1
# Of a longer table, or a wider layer, the most used inputs make up for one another's errors.
MOST_INPUTS = 2048
RIDGE = 0.01  # of the inputs' mean variance, so that few calibration rows do not decide alone

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Quantised:
    """Integer layers, and the size of one u8 step of each hidden layer's activation."""

    layers: tuple[Layer, ...]
    activation_scales: tuple[float, ...]


def quantize_layers(float32: Bundle, rows: Any) -> Quantised:
    """Quantise a float32 bundle's layers, calibrated on raw rows."""
    is_bound = any(column.direction for column in float32.columns)
    table, *later = float32.layers
    positions = NumpyModel(float32).positions(RowReader(float32).encode(rows))
    shares = _shares(positions, len(table.weight))
    weight, bias = _centred(table, lookups(float32.columns))
    wanted = shares @ weight + bias  # (N, H), what the float32 layer sums to
    linear = _linear(weight, wanted, shares, 1 / POSITION_ONE, is_bound=is_bound)
    made, steps = [], []
    for layer in later:
        step = _step(linear.sums)
        made.append(linear.layer(step))
        steps.append(step)
        inputs = _activations(linear.sums, step)
        weight = layer.weight.T.astype(np.float64)  # (in, out)
        wanted = np.maximum(wanted, 0) @ weight + layer.bias
        fitted = weight if is_bound else _refitted(weight, inputs, wanted)
        linear = _linear(fitted, wanted, inputs, step, is_bound=is_bound)
    layers = [*made, linear.layer(1.0)]
    transposed = (replace(each, weight=np.ascontiguousarray(each.weight.T)) for each in layers[1:])
    return Quantised((layers[0], *transposed), tuple(steps))


@dataclass(frozen=True)
class _Linear:
    """An integer layer: whole weights (in, out), bias (out,), the unit of its sums (out,).

    `sums` (N, out) are those of the calibration rows, in the float32 layer's unit.
    """

    weight: Floats
    bias: Floats
    unit: Floats
    sums: Floats

    def layer(self, output_step: float) -> Layer:
        """The layer, whose outputs are counted in steps."""
        return Layer(
            weight=self.weight.astype(np.int8),
            bias=self.bias.astype(np.int32),
            multiplier=_multiplier(self.unit / output_step),
        )


def _linear(
    weight: Floats, wanted: Floats, inputs: Any, input_step: float, *, is_bound: bool
) -> _Linear:
    """Quantise a layer.

    Args:
        weight: of the float32 layer (in, out).
        wanted: its sums, bias included (N, out).
        inputs: what the integer layer is given (N, in), dense or sparse.
        input_step: the unit in which inputs are whole numbers.
        is_bound: whether each weight is rounded by itself, which keeps order and signs.
    """
    offset = wanted.mean(axis=0) - np.asarray(inputs.mean(axis=0)).ravel() @ weight
    scale = _scale(weight, offset, input_step)
    rounded = _nearest(weight, scale) if is_bound else _rounded(weight, inputs, scale)
    unit = scale * input_step
    sums = inputs @ (rounded * scale)
    # The mean error of each channel goes into its bias.
    bias = np.clip(np.rint((wanted - sums).mean(axis=0) / unit), -MAX_BIAS, MAX_BIAS)
    return _Linear(rounded, bias, unit, sums + bias * unit)


def _scale(weight: Floats, bias: Floats, input_step: float) -> Floats:
    """The size of a step of each output's weights (out,)."""
    largest = np.abs(weight).max(axis=0)
    # A bias far larger than every weight coarsens the scale rather than overflow the sum.
    scale = np.maximum(largest / LARGEST_WEIGHT, np.abs(bias) / (input_step * MAX_BIAS))
    return _single(np.where(scale > 0, scale, 1.0))


def _nearest(weight: Floats, scale: Floats) -> Floats:
    nearest: Floats = np.clip(np.rint(weight / scale), -LARGEST_WEIGHT, LARGEST_WEIGHT)
    return nearest


def _rounded(weight: Floats, inputs: Any, scale: Floats) -> Floats:
    """Whole weights (in, out): the most used ones make up for one another, others are rounded."""
    rounded = _nearest(weight, scale)
    used = np.asarray(inputs.mean(axis=0)).ravel()
    chosen = np.sort(np.argsort(-used, kind="stable")[:MOST_INPUTS])
    rounded[chosen] = nearest_plane(weight[chosen], _covariance(inputs[:, chosen]), scale)
    return rounded


def _refitted(weight: Floats, inputs: Floats, wanted: Floats) -> Floats:
    """Weights (in, out) whose sums of the inputs (N, in) are closer to the wanted ones (N, out)."""
    centred = inputs - inputs.mean(axis=0)
    errors = wanted - inputs @ weight
    moments = centred.T @ (errors - errors.mean(axis=0)) / len(inputs)
    return weight + np.linalg.solve(_covariance(inputs), moments)


def _covariance(inputs: Any) -> Floats:
    """Of inputs (N, in), dense or sparse: (in, in), with a ridge, so that it can be inverted."""
    mean = np.asarray(inputs.mean(axis=0)).ravel()
    products = inputs.T @ inputs / inputs.shape[0]
    dense: Floats = products.toarray() if sparse.issparse(products) else products
    found = dense - np.outer(mean, mean)
    # The second term is above what is left by rounding where inputs are all the same.
    ridge = RIDGE * np.trace(found) + 1e-9 * np.trace(dense)
    return found + (ridge / len(found) or 1.0) * np.eye(len(found))


def _step(sums: Floats) -> float:
    """The size of one u8 step of the activations that follow sums (N, H)."""
    largest = float(sums.max())
    return float(_single(HEADROOM * largest / LARGEST_ACTIVATION)) if largest > 0 else 1.0


def _activations(sums: Floats, step: float) -> Floats:
    """What the next layer is given (N, H): whole steps, in real units."""
    return np.rint(sums / step).clip(0, LARGEST_ACTIVATION) * step


def _shares(positions: Positions, rows: int) -> Any:
    """How much of each table row goes into each of N sums: sparse (N, rows)."""
    low, high, t = positions
    count, columns = low.shape
    places = np.concatenate([low, high], axis=1).ravel()
    shares = np.concatenate([1 - t, t], axis=1).ravel()
    starts = np.arange(0, 2 * count * columns + 1, 2 * columns)
    made = sparse.csr_matrix((shares, places, starts), shape=(count, rows))
    made.sum_duplicates()
    return made


def _centred(table: Layer, columns: Sequence[Column]) -> tuple[Floats, Floats]:
    """The table, in which the least and largest weight of a column are alike in size; the bias.

    A row takes one whole share of each column, so what is taken out of all weights of a column can
    be in the bias, and a step becomes smaller.
    """
    weight, bias = table.weight.astype(np.float64), table.bias.astype(np.float64)
    for column, start in zip(columns, table_offsets(columns), strict=True):
        part = weight[start : start + column.rows]
        middle = (part.max(axis=0) + part.min(axis=0)) / 2
        part -= middle
        bias += middle
    return weight, bias


def _single(values: Any) -> Floats:
    """Values without the last bits, in which sums may differ with the number of threads."""
    return np.asarray(values).astype(np.float32).astype(np.float64)


def _multiplier(values: Floats) -> NDArray[np.float32]:
    tiny, huge = np.finfo(np.float32).tiny, np.finfo(np.float32).max
    return np.clip(values, tiny, huge).astype(np.float32)
