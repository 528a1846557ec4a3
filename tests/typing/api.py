"""What type checkers know of the public API: mypy reads this, nothing runs it.

A line that ends in `type: ignore[…]` must be refused: mypy warns of an ignore that ignores nothing.
"""

from pathlib import Path
from typing import Any, Literal, assert_type

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import slipstream
from slipstream import BundleError, CheckReport, InputError, Predictor, SlipstreamError, load
from slipstream.runtime import Bundle, backend, instruction_set, load_file

# A model, from a file or from the registry.
model = load("model.safetensors")
assert_type(model, Predictor)
assert_type(load(Path("model.safetensors")), Predictor)
assert_type(load("models:/churn@champion"), Predictor)
assert_type(load_file("model.safetensors"), Predictor)
load(b"model.safetensors")  # type: ignore[arg-type]
load()  # type: ignore[call-arg]
load("model.safetensors", backend="numpy")  # type: ignore[call-arg]

# What it says of itself.
assert_type(model.features, list[str])
assert_type(model.classes, list[str])
assert_type(model.task, Literal["binary", "multiclass", "regression", "quantiles"])
assert_type(model.precision, Literal["float32", "int8"])
assert_type(model.weights_bytes, int)
assert_type(model.threshold, float | None)
assert_type(model.quantiles, list[float])
assert_type(model.bundle, Bundle)
model.features = ["age"]  # type: ignore[misc]
model.threshold = 0.3  # type: ignore[misc]
model.task == "ranking"  # type: ignore[comparison-overlap]
model.probability  # type: ignore[attr-defined]

# Answers: of one row, which depend on the task, and of a table.
assert_type(model.predict_one({"age": 39, "city": "Oslo"}), Any)
model.predict_one([39, "Oslo"])
model.predict_one(row={"age": 39})  # type: ignore[call-arg]
assert_type(model.predict(pd.DataFrame({"age": [39]})), NDArray[np.float64])
assert_type(model.predict([{"age": 39}], threads=2), NDArray[np.float64])
assert_type(model.predict(np.zeros((1, 2))), NDArray[np.float64])
assert_type(model.predict({"age": [39]}, strict=True), NDArray[np.float64])
assert_type(model.check(pd.DataFrame({"age": [39]})), CheckReport)
assert_type(model.check([{"age": 39}]).columns[0].unknown, int)
model.predict([{"age": 39}], 2)  # type: ignore[call-arg]
model.predict([{"age": 39}], threads="two")  # type: ignore[arg-type]
for activation in model.layers([{"age": 39}]):
    assert_type(activation, NDArray[np.generic])

# Another backend, and a class of one's own.
Predictor(model.bundle, backend="numpy", name="mine")
Predictor(model.bundle, backend="torch")  # type: ignore[arg-type]


class Rounded(Predictor):
    """A predictor with another answer for one row."""

    def predict_one(self, row: Any, /) -> float:
        return round(float(super().predict_one(row)), 2)


assert_type(Rounded(model.bundle).predict_one([39, "Oslo"]), float)

# Errors: one family, which is a ValueError.
refused: SlipstreamError = InputError("a rule, a fact and a way out")
damaged: ValueError = BundleError("a rule, a fact and a way out")
wrong: InputError = BundleError("a rule, a fact and a way out")  # type: ignore[assignment]

# What runs.
assert_type(backend, Literal["compiled", "numpy"])
assert_type(instruction_set, str | None)
assert_type(slipstream.__version__, str)
