"""Link functions: they turn a model's logits into its answers."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.types import TargetScale, Task

__all__ = [
    "HALF",
    "LARGEST_LOGARITHM",
    "LINKS",
    "Link",
    "answers_are_lists",
    "apply",
    "link_of",
    "outputs",
]

Link = Literal["identity", "sigmoid", "expm1", "softmax", "sorted"]
HALF = 0.5  # from this probability on, a row has the second of two labels, unless a model says else
LARGEST_LOGARITHM = 88.0  # float32, in which an ONNX file answers, holds its exponential

LINKS: Mapping[Task, Link] = {
    "binary": "sigmoid",
    "multiclass": "softmax",
    "regression": "identity",
    "quantiles": "sorted",
}


def link_of(task: Task, scale: TargetScale) -> Link:
    """The link of a model whose target was learned on a scale."""
    return "expm1" if scale == "log1p" else LINKS[task]


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
    if link == "expm1":
        return _exponential(np.minimum(values, LARGEST_LOGARITHM)) - 1
    return values


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(np.minimum(-logits, 700)))  # beyond 709 it would overflow


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def _exponential(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raise e to x <= 709 by the steps of `csrc/link.h`, so that both answer with the same bits."""
    x = np.maximum(x, -708.0)
    n = np.rint(x * float.fromhex("0x1.71547652b82fep0"))  # 1 / ln 2
    # ln 2 in two parts
    r = (x - n * float.fromhex("0x1.62e42fee00000p-1")) - n * float.fromhex("0x1.a39ef35793c76p-33")
    r2 = r * r
    r4 = r2 * r2
    low = (1 + r) + r2 * (1 / 2 + r * (1 / 6))
    middle = (1 / 24 + r * (1 / 120)) + r2 * (1 / 720 + r * (1 / 5040))
    high = (1 / 40320 + r * (1 / 362880)) + r2 * (1 / 3628800 + r * (1 / 39916800))
    p = low + r4 * (middle + r4 * (high + r4 * (1 / 479001600)))
    return np.ldexp(p, n.astype(np.int32))
