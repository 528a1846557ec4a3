"""Answers as users read them: each value under a name, the predicted class, if any, last."""

from typing import Any

import numpy as np

from slipstream.runtime import Predictor, quantiles

__all__ = ["columns", "names", "texts", "values"]


def names(model: Predictor) -> list[str]:
    """The names of an answer's values, in order."""
    if model.quantiles:
        return quantiles.names(model.quantiles)
    if model.task == "regression":
        return ["prediction"]
    if model.task == "binary":
        return ["probability", "label"]
    return [*(f"probability_{each}" for each in model.classes), "label"]


def values(model: Predictor, answer: Any) -> list[float | str]:
    """One answer of `predict_one`, with the predicted class; of equally likely ones, the first."""
    if model.quantiles:
        return list(answer)
    if model.task == "regression":
        return [answer]
    if model.task == "binary":
        return [answer, model.classes[answer >= model.bundle.threshold]]
    return [*answer, model.classes[answer.index(max(answer))]]


def texts(model: Predictor, answer: Any) -> list[str]:
    """The values for a table: probabilities to six places, numbers to the precision of float32."""
    form = ".6f" if model.classes else ".9g"
    shown = values(model, answer)
    return [each if isinstance(each, str) else format(each, form) for each in shown]


def columns(model: Predictor, answers: Any) -> list[list[str]]:
    """As `texts`, for N answers of `predict`: a list (N,) for each of `names`."""
    if not model.classes:
        return [
            [format(each, ".9g") for each in column] for column in np.atleast_2d(answers.T).tolist()
        ]
    shares = answers.T if answers.ndim == 2 else answers[np.newaxis]
    if answers.ndim == 2:
        chosen = answers.argmax(axis=1)
    else:
        chosen = (answers >= model.bundle.threshold).astype(int)
    classes = model.classes
    labels = [classes[each] for each in chosen.tolist()]
    return [*([format(each, ".6f") for each in share] for share in shares.tolist()), labels]
