"""Monotone networks: weights bounded so that outputs never fall, or never rise, with some inputs.

A part of each hidden layer, the monotone units, carries the constrained columns. Their table rows
rise from edge to edge in every such unit, as the sign of each bin's weight says, and all later
weights on the way to an output are not negative (Daniels and Velikova 2010; Runje and
Shankaranarayana 2023, "Constrained Monotonic Neural Networks"). The other units read other columns
only, and have weights of either sign, into monotone units and outputs too: what they add does not
depend on a constrained column.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Bounds", "bounds_of"]

Bounds = tuple[Tensor, Tensor]


def bounds_of(directions: NDArray[np.int64], widths: Sequence[int]) -> list[Bounds]:
    """The least and the greatest weight (out, in) of each layer.

    Args:
        directions: (D,) of each input of the first layer: 1, -1, or 0 for none.
        widths: of each hidden layer, then the number of outputs.
    """
    bounds = []
    carried = torch.from_numpy(directions)
    for index, width in enumerate(widths):
        is_last = index == len(widths) - 1
        monotone = torch.arange(width) < (width if is_last else -(-width // 2))
        low = torch.full((width, len(carried)), -math.inf)
        high = torch.full((width, len(carried)), math.inf)
        low[:, carried > 0] = 0.0
        high[:, carried < 0] = 0.0
        apart = ~monotone[:, None] & (carried != 0)
        bounds.append((low.masked_fill(apart, 0.0), high.masked_fill(apart, 0.0)))
        carried = monotone.long()
    return bounds
