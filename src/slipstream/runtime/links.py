"""Link functions: they turn a model's logits into its answers."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.types import Task

__all__ = ["HALF", "LINKS", "Link", "apply", "outputs"]

Link = Literal["identity", "sigmoid", "softmax"]
HALF = 0.5  # from this probability on, a row has the second of two labels, unless a model says else

LINKS: Mapping[Task, Link] = {
    "binary": "sigmoid",
    "multiclass": "softmax",
    "regression": "identity",
}


def outputs(task: Task, classes: Sequence[str]) -> int:
    """How many numbers a network has to give for one answer."""
    return len(classes) if task == "multiclass" else 1


def apply(link: Link, logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Turn logits (N, O) into answers (N, O): probabilities, or the numbers themselves."""
    values = logits.astype(np.float64)
    if link == "sigmoid":
        return _sigmoid(values)
    if link == "softmax":
        return _softmax(values)
    return values


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(np.minimum(-logits, 700)))  # beyond 709 it would overflow


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
