"""A bundle's columns for MLflow: their types, which may be missing, and two example rows."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema, TensorSpec

from slipstream.runtime import Predictor
from slipstream.runtime.columns import Column
from slipstream.runtime.quantiles import names
from slipstream.runtime.types import ColumnKind

__all__ = ["example", "signature"]

# All numbers are doubles: a cast to `long` would cut decimals off.
_TYPES: Mapping[ColumnKind, DataType] = {
    "numeric": DataType.double,
    "boolean": DataType.boolean,
    "categorical": DataType.string,
    "datetime": DataType.datetime,
    "duration": DataType.double,
}


def signature(predictor: Predictor) -> ModelSignature:
    """The columns' types, and which are required: those that training never saw missing."""
    columns = predictor.bundle.columns
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(_TYPES[each.kind], each.name, required=not each.allows_missing) for each in columns
    ]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(_answers(predictor)))


def _answers(predictor: Predictor) -> list[ColSpec | TensorSpec]:
    """What a prediction is: (N,), for several labels (N, C) in their order, or named quantiles."""
    if predictor.task == "multiclass":
        shape = (-1, len(predictor.classes))
        return [TensorSpec(np.dtype(np.float64), shape, "probabilities")]
    if predictor.quantiles:
        return [ColSpec("double", each) for each in names(predictor.quantiles)]
    return [ColSpec("double", "probability" if predictor.task == "binary" else "prediction")]


def example(predictor: Predictor) -> pd.DataFrame:
    """Two made-up rows, from the model file alone: no row of the data leaves the machine."""
    return pd.DataFrame({each.name: _made_up(each) for each in predictor.bundle.columns})


def _made_up(column: Column) -> list[object]:
    """Two values of a column; numbers between the outermost edges, which are cells of the data."""
    if column.edges is None:
        return [column.categories[0] if column.categories else "a", "another"]
    if column.kind == "boolean":
        return [False, True]
    low, high = float(column.edges[0]), float(column.edges[-1])
    values = [0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high]
    if column.kind == "datetime":
        return [pd.Timestamp(int(each), unit="s") for each in values]
    return list(values)
