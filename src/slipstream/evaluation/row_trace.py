"""Predict: one real row through both bundles, layer by layer."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from slipstream.artifacts.references import Bundles, DatasetRef
from slipstream.artifacts.store import Store
from slipstream.artifacts.traces import LayerTrace, RowTrace
from slipstream.data.snapshot import TARGET, Snapshot
from slipstream.runtime.predictor import Predictor, load_file

__all__ = ["trace_row"]


def trace_row(dataset: DatasetRef, bundles: Bundles, store: Store) -> RowTrace:
    """Answer the first test row with both variants, and keep the values at every layer."""
    predictors = {
        precision: load_file(store.path(each.file)) for precision, each in bundles.variants.items()
    }
    features = predictors["int8"].features
    row = Snapshot(dataset, store).frame("test", [*features, TARGET]).head(1)
    values = {name: _plain(row[name].iloc[0]) for name in features}
    return RowTrace(
        row=values,
        label=_label(dataset, row[TARGET].iloc[0]),
        task=dataset.task,
        classes=dataset.classes,
        quantiles=dataset.quantiles,
        layers={precision: tuple(_layers(each, values)) for precision, each in predictors.items()},
        answers={precision: each.predict_one(values) for precision, each in predictors.items()},
    )


def _layers(predictor: Predictor, row: dict[str, object]) -> Sequence[LayerTrace]:
    """The hidden activations in real units, then the answer."""
    *hidden, _ = predictor.layers([list(row.values())])
    steps = predictor.bundle.activation_scales or (1.0,) * len(hidden)  # float32 has no steps
    traced = [
        LayerTrace(
            name=f"hidden layer {index} (ReLU)",
            values=tuple(float(value) for value in layer[0].astype(np.float64) * step),
        )
        for index, (layer, step) in enumerate(zip(hidden, steps, strict=True), start=1)
    ]
    name = f"output layer ({predictor.bundle.link})"
    output = LayerTrace(name=name, values=tuple(np.atleast_1d(predictor.predict_one(row))))
    return [*traced, output]


def _label(dataset: DatasetRef, target: float) -> str:
    """The target of a row as a person knows it."""
    return dataset.classes[int(target)] if dataset.classes else f"{target:.9g}"


def _plain(value: object) -> object:
    """A cell as JSON can hold it: text, as a date's is, a number, or None for missing."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):  # pandas' NaT is one, too
        return value.isoformat() if value == value else None
    number = float(value) if isinstance(value, int | float | np.number) else float("nan")
    return None if np.isnan(number) else number
