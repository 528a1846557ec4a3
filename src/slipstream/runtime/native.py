"""The seam to the compiled predictor, `_native.c`, which an install without a C compiler lacks."""

from collections.abc import Callable
from typing import Any

import numpy as np

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.links import Link
from slipstream.runtime.types import Backend

try:
    from slipstream.runtime import _native
except ImportError:  # it was not built, or not for this Python
    _native = None  # type: ignore[assignment]

__all__ = ["backend", "compile_model", "instruction_set", "instruction_sets"]

# What runs unless a predictor is told otherwise, and the instruction set it runs on.
backend: Backend = "numpy" if _native is None else "compiled"
instruction_set: str | None = None if _native is None else _native.instruction_set
instruction_sets: tuple[str, ...] = () if _native is None else _native.instruction_sets


def compile_model(
    bundle: Bundle, link: Link, encode: Callable[[Any], list[float]]
) -> "_native.Model":
    """Build the compiled form of a bundle.

    Args:
        bundle: a verified bundle.
        link: what turns logits into answers.
        encode: turns a row that is not plain (see `_native.c`) into k numbers, or raises.
    """
    columns = tuple(
        (
            column.name,
            column.allows_missing,
            column.edges,
            column.codes if column.edges is None else None,
            column.rows,
        )
        for column in bundle.columns
    )
    layers = tuple(
        (np.ascontiguousarray(layer.weight), layer.bias, layer.multiplier)
        for layer in bundle.layers
    )
    return _native.Model(columns, layers, link, encode)
