"""scikit-learn: scale, select, MLP over the ten raw columns."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_selection import SelectKBest
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler

from bench.arms.contender import Contender, Setting
from bench.models import KEPT
from slipstream.measurement.harness import Arm

__all__ = ["scikit_learn"]


def scikit_learn(setting: Setting) -> list[Contender]:
    """One row as an array, and as a frame."""
    table = setting.data.table
    frame = pd.DataFrame(table, columns=[f"feature_{index + 1:02d}" for index in range(10)])
    rows = table[:, None]  # (N, 1, 10)
    forms: dict[str, tuple[Any, Callable[[int], Any]]] = {
        "array": (table, lambda index: rows[index].copy()),
        "frame": (frame, lambda index: frame.iloc[index : index + 1].copy()),
    }
    return [
        Contender(
            name=f"scikit-learn pipeline, {form}",
            arm=Arm(_pipeline(setting, fitted_on).predict_proba, make, rows=len(table)),
            probability=_second,
            reference=setting.reference,
        )
        for form, (fitted_on, make) in forms.items()
    ]


def _pipeline(setting: Setting, table: Any) -> Pipeline:
    """A pipeline fitted on the table that computes the model's function, with its weights."""
    data, plain = setting.data, setting.model.plain
    hidden = [len(bias) for _, bias in plain[:-1]]
    scaler, selector = MinMaxScaler(), SelectKBest(k=len(KEPT))
    selector.fit(scaler.fit_transform(table), data.target)
    if not np.array_equal(selector.get_support(indices=True), KEPT):
        raise RuntimeError("SelectKBest must choose the columns that the network reads")
    classifier = MLPClassifier(hidden)
    classifier.partial_fit(data.scaled[:2].astype(np.float64), [0, 1], classes=[0, 1])
    classifier.coefs_ = [np.ascontiguousarray(weight.T, np.float64) for weight, _ in plain]
    classifier.intercepts_ = [bias.astype(np.float64) for _, bias in plain]
    return make_pipeline(scaler, selector, classifier)


def _second(answer: NDArray[np.float64]) -> float:
    return float(answer[0, 1])
