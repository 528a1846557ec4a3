"""Rounding a layer's weights so that its sums, not its weights, change least.

Rounding each weight to the nearest step is best only where inputs do not depend on one another. A
layer's inputs do, so the weights that are still to be rounded make up for the errors of those that
are: with G = U'U the inputs' covariance, the squared error of the sums is |U (w - q)|², and Babai's
nearest plane takes one weight after another. For neural networks this is GPTQ (Frantar et al.
2023, "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers").
"""

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.limits import LARGEST_WEIGHT

__all__ = ["nearest_plane"]

Floats = NDArray[np.float64]


def nearest_plane(weight: Floats, covariance: Floats, scale: Floats) -> Floats:
    """Round weights to whole steps from -127 to 127.

    Args:
        weight: (in, out).
        covariance: of the inputs (in, in), positive definite.
        scale: size of a step of each output's weights (out,).

    Returns:
        Whole numbers (in, out).
    """
    order = np.argsort(np.diag(covariance), kind="stable")  # the last one is rounded first
    ordered = weight[order] / scale
    upper = np.linalg.cholesky(covariance[np.ix_(order, order)]).T
    rounded, left = np.zeros_like(ordered), np.zeros_like(ordered)
    for place in reversed(range(len(order))):
        after = slice(place + 1, None)
        wanted = ordered[place] + upper[place, after] @ left[after] / upper[place, place]
        rounded[place] = np.clip(np.rint(wanted), -LARGEST_WEIGHT, LARGEST_WEIGHT)
        left[place] = ordered[place] - rounded[place]
    return rounded[np.argsort(order, kind="stable")]
