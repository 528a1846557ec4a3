"""How large a model and its numbers may be, so that integer sums are exact."""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LARGEST_ACTIVATION",
    "LARGEST_WEIGHT",
    "MAX_BIAS",
    "MAX_FEATURES",
    "MAX_WIDTH",
    "POSITION_ONE",
    "sum_type",
]

POSITION_ONE = 1 << 14  # int8: a whole table row's share
LARGEST_ACTIVATION = 255  # u8
LARGEST_WEIGHT = 127  # s8 without -128

# They keep the int8 variant's sums below 2^31.
MAX_FEATURES = 1000  # k * 127 * 2^14 + MAX_BIAS
MAX_WIDTH = 16384  # width * 255 * 127 + MAX_BIAS
MAX_BIAS = 1 << 25

_EXACT_IN_FLOAT32 = 1 << 24


def sum_type(largest_inputs: int, bias: NDArray[np.int32]) -> type[np.float32] | type[np.float64]:
    """The narrowest floating-point type that holds every sum of an integer layer exactly.

    Args:
        largest_inputs: what all inputs of the layer add up to at most.
        bias: (out,).
    """
    largest = largest_inputs * LARGEST_WEIGHT + int(np.abs(bias.astype(np.int64)).max())
    return np.float32 if largest < _EXACT_IN_FLOAT32 else np.float64
