"""Equalisation: hidden channels of alike size, so that one u8 step suits all of a layer.

A ReLU's output doubles with its input, so a channel may be multiplied by any positive factor if the
next layer's weights for it are divided by that (Nagel et al. 2019, "Data-Free Quantization Through
Weight Equalization and Bias Correction", eq. 6). Factors are powers of two, by which float32
multiplies without rounding: the network's answers stay the same to the last bit. A channel that
would have used a few of the 255 steps uses most of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.kernels import Layer
from slipstream.runtime.numpy_model import NumpyModel
from slipstream.runtime.rows import RowReader

__all__ = ["equalised"]

MOST_DOUBLINGS = 4  # a channel that calibration rows hardly use needs room for other rows

Floats = NDArray[np.float64]


def equalised(float32: Bundle, rows: Any) -> Bundle:
    """A float32 bundle with the same answers, whose hidden channels are alike in size on rows."""
    *hidden, _ = NumpyModel(float32).layers(RowReader(float32).encode(rows))
    layers = list(float32.layers)
    for index, activations in enumerate(hidden):
        factors = _factors(activations.max(axis=0).astype(np.float64))
        layers[index : index + 2] = _scaled(layers[index : index + 2], factors, first=index == 0)
    return replace(float32, layers=tuple(layers))


def _factors(largest: Floats) -> Floats:
    """What each channel (H,) is to be multiplied by, from its largest activation."""
    used = largest > 0
    ratio = np.where(used, largest.max() / np.where(used, largest, 1.0), 1.0)
    return np.exp2(np.floor(np.log2(ratio)).clip(0, MOST_DOUBLINGS))


def _scaled(pair: Sequence[Layer], factors: Floats, *, first: bool) -> tuple[Layer, Layer]:
    """A layer whose outputs are multiplied by factors (H,), and the next one, which undoes it."""
    layer, following = pair
    outgoing = factors if first else factors[:, None]
    return (
        Layer(weight=_single(layer.weight * outgoing), bias=_single(layer.bias * factors)),
        replace(following, weight=_single(following.weight / factors)),
    )


def _single(values: NDArray[Any]) -> NDArray[np.float32]:
    return values.astype(np.float32)
