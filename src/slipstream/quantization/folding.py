"""Fold: a trained network becomes the float32 layers of a bundle."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from slipstream.artifacts.references import NetworkRef
from slipstream.artifacts.store import Store
from slipstream.runtime.columns import Column, lookups, table_offsets
from slipstream.runtime.kernels import Layer

__all__ = ["fold", "hold_directions", "load_layers"]

TABLE_BITS = 22  # of a monotone column's table rows, so that float32 holds their differences


def load_layers(network: NetworkRef, store: Store) -> tuple[Layer, ...]:
    """Read a trained network as float32 layers."""
    return fold(load(store.get(network.weights)))


def fold(tensors: Mapping[str, NDArray[np.float32]]) -> tuple[Layer, ...]:
    """Keep of a network what prediction needs: the first layer's table, then the later layers.

    Normalisation, encoding and feature mask are in the table: its rows are the first layer's
    answers at the columns' own edges and categories.
    """
    depth = sum(name.startswith("rest.") and name.endswith(".weight") for name in tensors)
    later = (
        Layer(weight=tensors[f"rest.{index}.weight"], bias=tensors[f"rest.{index}.bias"])
        for index in range(depth)
    )
    return (Layer(weight=tensors["table"], bias=tensors["first.bias"]), *later)


def hold_directions(columns: Sequence[Column], layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The same layers, whose float32 arithmetic is exactly as monotone as the columns ask.

    A value's share of two table rows is low + t (high - low), and each rounding of that is monotone
    in t. Where rows are rounded to a grid on which their differences are exact, it ends at exactly
    the row where the next bin begins. Sums of table rows are rounded too: where that has turned a
    row back by a last bit, it stays at the row before.
    """
    first, *later = layers
    table = first.weight.copy()
    for column, start in zip(lookups(columns), table_offsets(lookups(columns)), strict=True):
        if column.direction and column.edges is not None:
            rows = slice(start, start + len(column.edges))
            table[rows] = _steadily(table[rows], column.direction)
    return (replace(first, weight=table), *later)


def _steadily(rows: NDArray[np.float32], direction: int) -> NDArray[np.float32]:
    _, exponent = np.frexp(np.abs(rows).max(axis=0))
    grid = np.ldexp(np.float64(1), exponent - TABLE_BITS)
    rounded = np.rint(rows / grid) * grid
    steady = direction * np.maximum.accumulate(direction * rounded, axis=0)
    return steady.astype(np.float32)
