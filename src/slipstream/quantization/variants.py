"""Both variants of a trained network as bundles: float32, and int8 made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from slipstream.artifacts.references import (
    BundleRef,
    Bundles,
    DatasetRef,
    Epoch,
    FeatureMask,
    NetworkRef,
    PreparedRef,
)
from slipstream.artifacts.store import Store
from slipstream.config.evaluation import EvaluationConfig
from slipstream.data.sampling import spread
from slipstream.data.snapshot import Snapshot
from slipstream.features.preprocessing import selected_columns
from slipstream.quantization.folding import hold_directions, load_layers
from slipstream.quantization.integers import calibrate, quantize_layers
from slipstream.quantization.threshold import choose
from slipstream.runtime.bundle import Bundle, dump
from slipstream.runtime.columns import Column
from slipstream.runtime.kernels import Layer
from slipstream.runtime.links import apply
from slipstream.runtime.numpy_model import NumpyModel
from slipstream.runtime.rows import RowReader
from slipstream.runtime.types import TargetScale

__all__ = ["float32_bundle", "int8_bundle", "keep_bundle", "quantize"]

TRAINED_WITH = ("numpy", "scikit-learn", "torch")


def quantize(
    dataset: DatasetRef,
    prepared: PreparedRef,
    mask: FeatureMask,
    network: NetworkRef,
    calibration_rows: int,
    evaluation: EvaluationConfig,
    store: Store,
) -> Bundles:
    """Make the float32 and the int8 bundle of a trained network.

    Both have the threshold that `evaluation` chooses by float32's answers on the validation part.
    """
    columns = selected_columns(prepared, mask, store)
    best = network.history[network.best_epoch - 1]
    layers = load_layers(network, store)
    float32 = float32_bundle(dataset, columns, layers, best, network.target_scale)
    snapshot = Snapshot(dataset, store)
    if evaluation.threshold != "half":
        float32 = replace(float32, threshold=_threshold(float32, snapshot, evaluation))
    int8 = int8_bundle(float32, spread(snapshot.rows("train"), calibration_rows))
    return Bundles(float32=keep_bundle(float32, store), int8=keep_bundle(int8, store))


def _threshold(float32: Bundle, snapshot: Snapshot, evaluation: EvaluationConfig) -> float:
    """The threshold by a float32 bundle's answers on the validation part."""
    logits = NumpyModel(float32).logits(RowReader(float32).encode(snapshot.rows("validation")))
    return choose(
        snapshot.target("validation").to_numpy(),
        apply(float32.link, logits)[:, 0],
        snapshot.weights("validation"),
        evaluation,
    )


def float32_bundle(
    dataset: DatasetRef,
    columns: Sequence[Column],
    layers: Sequence[Layer],
    best: Epoch,
    target_scale: TargetScale,
) -> Bundle:
    """The float32 variant of folded layers, which learned the target on a scale.

    `best` is the epoch whose weights they hold.
    """
    return Bundle(
        precision="float32",
        columns=tuple(columns),
        layers=hold_directions(columns, layers),
        classes=dataset.classes,
        task=dataset.task,
        quantiles=dataset.quantiles,
        target_scale=target_scale,
        missing_markers=dataset.missing_markers,
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


def _details(dataset: DatasetRef, best: Epoch) -> Mapping[str, Any]:
    return {
        "target": dataset.target,
        "training_data_sha256": dataset.table.sha256,
        "validation": dict(best.validation),
        "versions": {name: version(name) for name in ("slipstream", *TRAINED_WITH)},
    }
