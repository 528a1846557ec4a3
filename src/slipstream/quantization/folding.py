"""Fold: a trained network becomes the float32 layers of a bundle."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from slipstream.artifacts.references import NetworkRef
from slipstream.artifacts.store import Store
from slipstream.runtime.kernels import Layer

__all__ = ["fold", "load_layers"]


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
