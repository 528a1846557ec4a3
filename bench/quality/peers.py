"""The other libraries' arms: LightGBM, and scikit-learn's MLP and linear pipelines."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from bench import trees
from bench.arms.light_gbm import single_row_fast
from bench.peer_rows import PeerRows
from bench.quality.fitted import TIMED_ROWS, Fitted
from slipstream.measurement.harness import Arm

__all__ = ["LIGHTGBM", "LINEAR", "MLP", "PEERS", "TUNED"]

LIGHTGBM = "LightGBM, defaults"
TUNED = "LightGBM, tuned"
MLP = "scikit-learn MLP"
LINEAR = "linear"


def _defaults(rows: PeerRows) -> Fitted:
    begun = perf_counter()
    return _boosted(LIGHTGBM, trees.defaults(rows), rows, perf_counter() - begun, "100 trees")


def _tuned(rows: PeerRows) -> Fitted:
    begun = perf_counter()
    model, trials = trees.tuned(rows)
    note = f"{model.n_estimators} trees, best of {trials} configurations"
    return _boosted(TUNED, model, rows, perf_counter() - begun, note)


def _boosted(name: str, model: Any, rows: PeerRows, seconds: float, note: str) -> Fitted:
    """LightGBM's C call for single rows reads float64, with categories as their codes."""
    table = rows.test.head(TIMED_ROWS).copy()
    for column in rows.labels:
        codes = table[column].cat.codes
        table[column] = codes.where(codes >= 0, np.nan)
    return Fitted(
        name=name,
        answers=trees.answers(model, rows),
        one_row=single_row_fast(model.booster_, np.ascontiguousarray(table.to_numpy(np.float64))),
        seconds={"fit": seconds},
        size_bytes=len(model.booster_.model_to_string().encode()),
        columns=rows.test.shape[1],
        note=note,
    )


def _mlp(rows: PeerRows) -> Fitted:
    options = {"early_stopping": True, "random_state": 0}
    model = MLPRegressor(**options) if rows.task == "regression" else MLPClassifier(**options)
    return _pipeline(MLP, model, rows)


def _linear(rows: PeerRows) -> Fitted:
    is_number = rows.task == "regression"
    return _pipeline(LINEAR, Ridge() if is_number else LogisticRegression(max_iter=1000), rows)


def _pipeline(name: str, model: Any, rows: PeerRows) -> Fitted:
    """Impute and scale numbers, one-hot categories, then the model; a number is standardised."""
    begun = perf_counter()
    scaled = (
        TransformedTargetRegressor(model, transformer=StandardScaler())
        if rows.task == "regression"
        else model
    )
    pipeline = make_pipeline(_encoder(rows), scaled).fit(rows.fitted, rows.target)
    seconds = perf_counter() - begun
    table = rows.test.head(TIMED_ROWS)
    return Fitted(
        name=name,
        answers=trees.answers(pipeline, rows),
        one_row=Arm(
            pipeline.predict if rows.task == "regression" else pipeline.predict_proba,
            lambda index: table.iloc[index : index + 1].copy(),
            rows=len(table),
        ),
        seconds={"fit": seconds},
        size_bytes=_parameters_bytes(pipeline),
        columns=rows.test.shape[1],
    )


def _encoder(rows: PeerRows) -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), rows.numbers),
            ("labels", OneHotEncoder(handle_unknown="ignore"), rows.labels),
        ]
    )


def _parameters_bytes(pipeline: Pipeline) -> int:
    """The bytes of the model's weights and intercepts."""
    model = pipeline[-1]
    model = getattr(model, "regressor_", model)
    if hasattr(model, "coefs_"):
        return sum(each.nbytes for each in (*model.coefs_, *model.intercepts_))
    return int(np.asarray(model.coef_).nbytes + np.asarray(model.intercept_).nbytes)


PEERS: Mapping[str, Callable[[PeerRows], Fitted]] = {
    LIGHTGBM: _defaults,
    TUNED: _tuned,
    MLP: _mlp,
    LINEAR: _linear,
}
