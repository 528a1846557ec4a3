"""The arithmetic of a network in numpy: the same steps, in float32 or in integers.

A kernel has four operations: look up and sum the first layer, activate, multiply a later layer,
and turn the output layer's sums into logits. `run` applies them layer by layer.

float32 uses float32 throughout. int8 is exact integer arithmetic up to the last step:

- a position t becomes q = rint(2^14 t), half to even; the first layer adds
  (2^14 - q) table[low] + q table[high] to its bias in s32;
- an activation is u8: relu, one float32 multiplication, rint half to even, saturated at 255;
- later layers add u8 x s8 products to their bias in s32.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.columns import Positions
from slipstream.runtime.limits import LARGEST_ACTIVATION, POSITION_ONE, sum_type

__all__ = ["Float32Kernel", "Int8Kernel", "Kernel", "Layer", "activations", "run"]

CHUNK_ROWS = 4096  # bounds the memory of a layer's activations
CHUNK_NUMBERS = 1 << 21  # bounds the (rows, 2k, H) intermediate of the first layer

Matrix = NDArray[Any]
Rows = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """The tensors of one layer.

    `weight` is the first layer's table (R, H) or a later layer's matrix (out, in); `bias` is
    (out,); `multiplier` (out,) turns an integer sum into the next layer's u8 unit, or into a logit.
    """

    weight: NDArray[Any]
    bias: NDArray[Any]
    multiplier: NDArray[np.float32] | None = None


class Kernel(Protocol):
    """The arithmetic of one precision."""

    def look_up(self, positions: Positions) -> Matrix:
        """Sum the first layer: positions (N, k) → (N, H)."""

    def activate(self, sums: Matrix, index: int) -> Matrix:
        """Turn the sums of layer `index` into the next layer's input, (N, H); int8: in u8 steps."""

    def multiply(self, inputs: Matrix, index: int) -> Matrix:
        """Sum layer `index`: (N, in) → (N, out)."""

    def logits(self, sums: Matrix) -> NDArray[np.float32]:
        """Turn the output layer's sums (N, O) into logits (N, O)."""


class Float32Kernel:
    """Float32 throughout."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._table = layers[0].weight
        self._biases = [layer.bias for layer in layers]
        self._weights = [np.ascontiguousarray(layer.weight.T) for layer in layers[1:]]

    def look_up(self, positions: Positions) -> Matrix:
        low, high, t = positions
        near = t.astype(np.float32)
        return _interpolate(self._table, low, high, np.float32(1) - near, near) + self._biases[0]

    def activate(self, sums: Matrix, index: int) -> Matrix:
        return np.maximum(sums, np.float32(0))

    def multiply(self, inputs: Matrix, index: int) -> Matrix:
        return inputs @ self._weights[index - 1] + self._biases[index]

    def logits(self, sums: Matrix) -> NDArray[np.float32]:
        return sums.astype(np.float32)


class Int8Kernel:
    """Integers throughout, held in floating-point arrays so that BLAS can multiply them.

    Still exact: float64 holds integers to 2^53, more than any sum here can reach, and
    float32 holds them to 2^24, which is enough for a layer that is not too wide.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._table = layers[0].weight.astype(np.float64)
        self._biases = [_exact(layer)(layer.bias) for layer in layers]
        self._weights = [np.ascontiguousarray(each.weight.T, _exact(each)) for each in layers[1:]]
        self._multipliers = [each.multiplier for each in layers if each.multiplier is not None]

    def look_up(self, positions: Positions) -> Matrix:
        low, high, t = positions
        q = np.rint(t * POSITION_ONE)
        return _interpolate(self._table, low, high, POSITION_ONE - q, q) + self._biases[0]

    def activate(self, sums: Matrix, index: int) -> Matrix:
        # relu(sum) * multiplier is relu(sum * multiplier), because multipliers are positive
        steps = sums.astype(np.float32, copy=False) * self._multipliers[index]
        return np.rint(steps, out=steps).clip(0, LARGEST_ACTIVATION)

    def multiply(self, inputs: Matrix, index: int) -> Matrix:
        weight = self._weights[index - 1]
        return inputs.astype(weight.dtype, copy=False) @ weight + self._biases[index]

    def logits(self, sums: Matrix) -> NDArray[np.float32]:
        return sums.astype(np.float32) * self._multipliers[-1]


def _interpolate(table: Matrix, low: Rows, high: Rows, far: Matrix, near: Matrix) -> Matrix:
    """Sum the shares of k pairs of table rows: (N, k) each → (N, H)."""
    shares = np.concatenate([far, near], axis=1)[:, None, :]  # (N, 1, 2k)
    chosen = np.concatenate([low, high], axis=1)  # (N, 2k)
    step = max(1, CHUNK_NUMBERS // (chosen.shape[1] * table.shape[1]))
    if len(chosen) <= step:
        return np.matmul(shares, table.take(chosen, axis=0))[:, 0, :]
    parts = [slice(start, start + step) for start in range(0, len(chosen), step)]
    return np.concatenate([np.matmul(shares[each], table[chosen[each]])[:, 0, :] for each in parts])


def _exact(layer: Layer) -> type[np.float32] | type[np.float64]:
    """The narrowest type that holds every sum of an integer layer exactly."""
    return sum_type(layer.weight.shape[1] * LARGEST_ACTIVATION, layer.bias)


def activations(kernel: Kernel, positions: Positions, depth: int) -> Iterator[Matrix]:
    """Yield the activation of each hidden layer, then the logits: `depth` arrays (N, width)."""
    sums = kernel.look_up(positions)
    for index in range(depth - 1):
        inputs = kernel.activate(sums, index)
        yield inputs
        sums = kernel.multiply(inputs, index + 1)
    yield kernel.logits(sums)


def run(kernel: Kernel, positions: Positions, depth: int) -> NDArray[np.float32]:
    """Compute logits (N, O) for positions (N, k), a bounded number of rows at a time."""
    low, high, t = positions
    logits = []
    for start in range(0, len(low), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        *_, last = activations(kernel, (low[part], high[part], t[part]), depth)
        logits.append(last)
    if not logits:  # no rows, but the output layer's width is still needed
        *_, last = activations(kernel, positions, depth)
        return last
    return np.concatenate(logits)
