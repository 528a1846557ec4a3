"""Integers for float32 layers.

Weights are symmetric s8 with one scale an output channel (Jacob et al. 2018, "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"; Krishnamoorthi 2018).
Activations, which follow a ReLU, are u8 from zero; one scale a layer, from calibration.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.kernels import Layer
from slipstream.runtime.limits import LARGEST_ACTIVATION, LARGEST_WEIGHT, MAX_BIAS, POSITION_ONE
from slipstream.runtime.numpy_model import NumpyModel
from slipstream.runtime.rows import RowReader

__all__ = ["calibrate", "quantize_layers"]


def calibrate(float32: Bundle, rows: Any) -> list[float]:
    """Choose the size of one u8 step of each hidden layer: its largest activation, / 255."""
    numbers = RowReader(float32).encode(rows)
    *hidden, _ = NumpyModel(float32).layers(numbers)
    largest = [float(layer.max()) for layer in hidden]
    return [value / LARGEST_ACTIVATION if value > 0 else 1.0 for value in largest]


def quantize_layers(
    layers: Sequence[Layer], activation_scales: Sequence[float]
) -> tuple[Layer, ...]:
    """Quantise float32 layers.

    Args:
        layers: the table (R, H), then matrices (out, in).
        activation_scales: size of one u8 step of each hidden layer's activation.
    """
    # The unit of a layer's sums is its weight's scale times its input's step.
    input_steps = [1 / POSITION_ONE, *activation_scales]
    output_steps = [*activation_scales, 1.0]
    quantised = []
    for index, layer in enumerate(layers):
        channel_axis = 1 if index == 0 else 0
        quantised.append(
            _quantize_layer(layer, channel_axis, input_steps[index], output_steps[index])
        )
    return tuple(quantised)


def _quantize_layer(
    layer: Layer, channel_axis: int, input_step: float, output_step: float
) -> Layer:
    weight = layer.weight.astype(np.float64)
    bias = layer.bias.astype(np.float64)
    largest = np.abs(weight).max(axis=1 - channel_axis)  # (out,)
    # A bias far larger than every weight coarsens the scale rather than overflow the sum.
    scale = np.maximum(largest / LARGEST_WEIGHT, np.abs(bias) / (input_step * MAX_BIAS))
    scale = np.where(scale > 0, scale, 1.0)
    steps = np.rint(weight / (scale if channel_axis == 1 else scale[:, None]))
    return Layer(
        weight=steps.astype(np.int8),
        bias=np.rint(bias / (scale * input_step)).astype(np.int32),
        multiplier=_multiplier(scale * input_step / output_step),
    )


def _multiplier(values: NDArray[np.float64]) -> NDArray[np.float32]:
    tiny, huge = np.finfo(np.float32).tiny, np.finfo(np.float32).max
    return np.clip(values, tiny, huge).astype(np.float32)
