"""Predict: one real row through the int8 bundle, layer by layer."""

from collections.abc import Sequence

import numpy as np

from slipstream.references import Bundles, DatasetRef
from slipstream.results import LayerTrace, RowTrace
from slipstream.runtime.predictor import Predictor, load_file
from slipstream.snapshot import load_part
from slipstream.store import Store

__all__ = ["trace_row"]


def trace_row(dataset: DatasetRef, bundles: Bundles, store: Store) -> RowTrace:
    """Answer the first test row with both variants, and keep int8's values at every layer."""
    rows, target = load_part(dataset, "test", store)
    int8 = load_file(store.path(bundles.int8.file))
    float32 = load_file(store.path(bundles.float32.file))
    row = rows[int8.features].head(1)
    values = {name: _plain(row[name].iloc[0]) for name in int8.features}
    return RowTrace(
        row=values,
        label=dataset.classes[int(target.iloc[0])],
        layers=tuple(_layers(int8, values)),
        int8=int8.predict_one(values),
        float32=float32.predict_one(values),
    )


def _layers(int8: Predictor, row: dict[str, object]) -> Sequence[LayerTrace]:
    """The hidden activations in real units, then the probability."""
    *hidden, _ = int8.layers([list(row.values())])
    steps = int8.bundle.activation_scales
    traced = [
        LayerTrace(
            name=f"hidden layer {index} (ReLU)",
            values=tuple(float(value) for value in layer[0].astype(np.float64) * step),
        )
        for index, (layer, step) in enumerate(zip(hidden, steps, strict=True), start=1)
    ]
    output = LayerTrace(name="output layer (sigmoid)", values=(int8.predict_one(row),))
    return [*traced, output]


def _plain(value: object) -> object:
    """A cell as JSON can hold it: text, a number, or None for missing."""
    if isinstance(value, str):
        return value
    number = float(value) if isinstance(value, int | float | np.number) else float("nan")
    return None if np.isnan(number) else number
