"""Link functions: they turn a model's logits into its answers."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.types import Task

__all__ = ["HALF", "LINKS", "Link", "answers_are_lists", "apply", "outputs"]

Link = Literal["identity", "sigmoid", "softmax", "sorted"]
HALF = 0.5  # from this probability on, a row has the second of two labels, unless a model says else

LINKS: Mapping[Task, Link] = {
    "binary": "sigmoid",
    "multiclass": "softmax",
    "regression": "identity",
    "quantiles": "sorted",
}


def outputs(task: Task, classes: Sequence[str], quantiles: Sequence[float] = ()) -> int:
    """How many numbers a network has to give for one answer."""
    if task == "quantiles":
        return len(quantiles)
    return len(classes) if task == "multiclass" else 1


def answers_are_lists(task: Task) -> bool:
    """Whether one answer is several numbers, even where there is one label or level only."""
    return task in ("multiclass", "quantiles")


def apply(link: Link, logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn logits (N, O) into answers (N, O): probabilities, or the numbers themselves."""
    values = logits.astype(np.float64)
    if link == "sigmoid":
        return _sigmoid(values)
    if link == "softmax":
        return _softmax(values)
    if link == "sorted":
        return np.sort(values, axis=1, kind="stable")  # as in C: 0 and -0 keep their order
    return values


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(np.minimum(-logits, 700)))  # beyond 709 it would overflow


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
