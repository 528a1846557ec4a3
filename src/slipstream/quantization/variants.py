"""Both variants of a trained network as bundles: float32, and int8 made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

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
from slipstream.artifacts.temperature import TemperatureFit
from slipstream.config.evaluation import EvaluationConfig
from slipstream.data.sampling import spread
from slipstream.data.snapshot import Snapshot
from slipstream.features.preprocessing import selected_columns
from slipstream.quantization import temperature
from slipstream.quantization.equalisation import equalised
from slipstream.quantization.folding import hold_directions, load_layers
from slipstream.quantization.integers import quantize_layers
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

    Both have the temperature, and the threshold that `evaluation` chooses, by answers for the
    validation part of a network that has not seen it.
    """
    columns = selected_columns(prepared, mask, store)
    best = network.history[network.best_epoch - 1]
    layers = load_layers(network, store)
    snapshot = Snapshot(dataset, store)
    rows = spread(snapshot.rows("train"), calibration_rows)
    trained = float32_bundle(dataset, columns, layers, best, network.target_scale)
    float32, fitted = equalised(trained, rows), None
    if dataset.classes:
        unseen = _unseen(network, trained, snapshot, store)
        float32, fitted = _calibrated(float32, unseen, snapshot, evaluation)
    return Bundles(
        float32=keep_bundle(float32, store),
        int8=keep_bundle(int8_bundle(float32, rows), store),
        temperature=fitted,
        warnings=(temperature.sentence(fitted),) if fitted else (),
    )


def _unseen(
    network: NetworkRef, float32: Bundle, snapshot: Snapshot, store: Store
) -> NDArray[np.float32]:
    """Outputs (V, O) for the validation part: the network's own, unless it has learned from it."""
    if network.unseen is not None:
        return load(store.get(network.unseen))["outputs"]
    return NumpyModel(float32).logits(RowReader(float32).encode(snapshot.rows("validation")))


def _calibrated(
    float32: Bundle,
    outputs: NDArray[np.float32],
    snapshot: Snapshot,
    evaluation: EvaluationConfig,
) -> tuple[Bundle, TemperatureFit | None]:
    """A bundle with the temperature and then the threshold that suit outputs (N, O).

    They are those for the validation part, of a network that did not learn from it.
    """
    target = snapshot.target("validation").to_numpy()
    weights = snapshot.weights("validation")
    fitted = temperature.fit(outputs, target, weights, float32.task)
    if fitted:
        float32 = temperature.cooled(float32, fitted.temperature)
        outputs = outputs / np.float32(fitted.temperature)
    if evaluation.threshold != "half":
        probability = apply(float32.link, outputs)[:, 0]
        threshold = choose(target, probability, weights, evaluation)
        float32 = replace(float32, threshold=threshold)
    return float32, fitted


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
    made = quantize_layers(float32, rows)
    return replace(
        float32,
        precision="int8",
        layers=made.layers,
        activation_scales=made.activation_scales,
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
