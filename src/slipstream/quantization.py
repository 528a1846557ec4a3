"""Quantize: the float32 layers become integers, and both variants become bundles.

Weights are symmetric s8 with one scale an output channel (Jacob et al. 2018, "Quantization and
Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"; Krishnamoorthi 2018).
Activations, which follow a ReLU, are u8 from zero; one scale a layer, from calibration.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.folding import load_layers
from slipstream.preprocessing import selected_columns
from slipstream.references import (
    BundleRef,
    Bundles,
    DatasetRef,
    Epoch,
    FeatureMask,
    NetworkRef,
    PreparedRef,
)
from slipstream.runtime.bundle import Bundle, dump
from slipstream.runtime.columns import Column
from slipstream.runtime.kernels import LARGEST_ACTIVATION, POSITION_ONE, Layer
from slipstream.runtime.limits import MAX_BIAS
from slipstream.runtime.predictor import Predictor
from slipstream.snapshot import load_part, spread
from slipstream.store import Store

__all__ = [
    "calibrate",
    "float32_bundle",
    "int8_bundle",
    "keep_bundle",
    "quantize",
    "quantize_layers",
]

LARGEST_WEIGHT = 127
TRAINED_WITH = ("numpy", "scikit-learn", "torch")


def quantize(
    dataset: DatasetRef,
    prepared: PreparedRef,
    mask: FeatureMask,
    network: NetworkRef,
    calibration_rows: int,
    store: Store,
) -> Bundles:
    """Make the float32 and the int8 bundle of a trained network."""
    columns = selected_columns(prepared, mask, store)
    best = network.history[network.best_epoch - 1]
    float32 = float32_bundle(dataset, columns, load_layers(network, store), best)
    train, _ = load_part(dataset, "train", store)
    int8 = int8_bundle(float32, spread(train, calibration_rows))
    return Bundles(float32=keep_bundle(float32, store), int8=keep_bundle(int8, store))


def float32_bundle(
    dataset: DatasetRef, columns: Sequence[Column], layers: Sequence[Layer], best: Epoch
) -> Bundle:
    """The float32 variant of folded layers; `best` is the epoch whose weights they hold."""
    return Bundle(
        precision="float32",
        columns=tuple(columns),
        layers=tuple(layers),
        classes=dataset.classes,
        details=_details(dataset, best),
    )


def int8_bundle(float32: Bundle, rows: Any) -> Bundle:
    """The int8 variant of a float32 bundle, calibrated on raw rows."""
    scales = calibrate(float32, rows)
    return replace(
        float32,
        precision="int8",
        layers=quantize_layers(float32.layers, scales),
        activation_scales=tuple(scales),
    )


def keep_bundle(bundle: Bundle, store: Store) -> BundleRef:
    """Put a bundle's file into the store."""
    return BundleRef(
        file=store.put(dump(bundle), ".safetensors"),
        precision=bundle.precision,
        weights_bytes=bundle.weights_bytes,
        tensors_bytes=bundle.tensors_bytes,
    )


def calibrate(float32: Bundle, rows: Any) -> list[float]:
    """Choose the size of one u8 step of each hidden layer: its largest activation, / 255."""
    *hidden, _ = Predictor(float32).layers(rows)
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


def _details(dataset: DatasetRef, best: Epoch) -> Mapping[str, Any]:
    return {
        "target": dataset.target,
        "training_data_sha256": dataset.table.sha256,
        "validation": {"loss": best.val_loss, "accuracy": best.val_accuracy},
        "versions": {name: version(name) for name in ("slipstream", *TRAINED_WITH)},
    }
