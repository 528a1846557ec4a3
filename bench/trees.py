"""LightGBM on a table of any kind of target, with its defaults or tuned within a small budget."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.peer_rows import PeerRows

__all__ = ["SECONDS", "TRIALS", "answers", "defaults", "tuned"]

OPTIONS = {"random_state": 0, "verbosity": -1, "n_jobs": 2}
# The budget of tuning: this many configurations drawn at random, none begun after these seconds.
TRIALS = 20
SECONDS = 60.0
MOST_TREES = 2000
PATIENCE = 50  # trees without a better validation loss


def defaults(rows: PeerRows) -> Any:
    """A fitted model of LightGBM's own defaults."""
    return _estimator(rows.task).fit(rows.fitted, rows.target)


def tuned(rows: PeerRows, trials: int = TRIALS, seconds: float = SECONDS) -> tuple[Any, int]:
    """The best of random configurations, and how many were tried.

    Each stops early by the validation part; the best is fitted again with as many trees as it then
    had, on the training and the validation part.
    """
    random, end = np.random.default_rng(0), perf_counter() + seconds
    found: list[tuple[float, dict[str, Any]]] = []
    while len(found) < trials and (not found or perf_counter() < end):
        found.append(_trial(rows, _draw(random)))
    _, best = min(found, key=lambda each: each[0])
    return _estimator(rows.task, **best).fit(rows.fitted, rows.target), len(found)


def answers(model: Any, rows: PeerRows) -> NDArray[np.float64]:
    """What a scikit-learn estimator answers for the test rows, in the form that ours has."""
    if rows.task == "regression":
        return np.asarray(model.predict(rows.test))
    shares = np.asarray(model.predict_proba(rows.test))
    return shares[:, 1] if rows.task == "binary" else shares


def _estimator(task: str, **options: Any) -> Any:
    import lightgbm

    kind = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    return kind(**OPTIONS, **options)


def _draw(random: np.random.Generator) -> dict[str, Any]:
    """One configuration."""
    return {
        "num_leaves": int(random.choice([7, 15, 31, 63, 127])),
        "learning_rate": float(10 ** random.uniform(-1.7, -0.7)),
        "min_child_samples": int(random.choice([5, 10, 20, 50, 100])),
        "colsample_bytree": float(random.uniform(0.4, 1.0)),
        "reg_lambda": float(10 ** random.uniform(-3, 1)),
    }


def _trial(rows: PeerRows, options: Mapping[str, Any]) -> tuple[float, dict[str, Any]]:
    """The validation loss of a configuration, and the configuration with its number of trees."""
    import lightgbm

    train, held_out = ~rows.held_out, rows.held_out
    model = _estimator(rows.task, **options, n_estimators=MOST_TREES)
    model.fit(
        rows.fitted[train],
        rows.target[train],
        eval_X=rows.fitted[held_out],
        eval_y=rows.target[held_out],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    (losses,) = model.best_score_.values()
    (loss,) = losses.values()
    return loss, {**options, "n_estimators": model.best_iteration_}
