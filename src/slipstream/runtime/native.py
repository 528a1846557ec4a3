"""The interface to the compiled predictor, `_native`; absent if built without a C compiler."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.column_reader import ColumnReader
from slipstream.runtime.columns import Column
from slipstream.runtime.date_parts import PARTS
from slipstream.runtime.date_text import parse_date
from slipstream.runtime.errors import InputError
from slipstream.runtime.links import Link
from slipstream.runtime.types import Backend
from slipstream.runtime.values import number_keys

__all__ = [
    "backend",
    "check_instruction_set",
    "compile_model",
    "instruction_set",
    "instruction_sets",
]

_problem = ""
if os.environ.get("SLIPSTREAM_ISA") == "":  # treat it as unset, in C too
    del os.environ["SLIPSTREAM_ISA"]
try:
    from slipstream.runtime import _native
except ImportError:  # it was not built, or not for this Python
    _native = None  # type: ignore[assignment]
except ValueError as error:  # Unsupported SLIPSTREAM_ISA: reported on first use.
    _native, _problem = None, str(error)  # type: ignore[assignment]

# The default backend, and the instruction set it runs on.
backend: Backend = "compiled" if _native or _problem else "numpy"
instruction_set: str | None = None if _native is None else _native.instruction_set
instruction_sets: tuple[str, ...] = () if _native is None else _native.instruction_sets


def check_instruction_set() -> None:
    """Check that this machine has the instruction set that `SLIPSTREAM_ISA` names, if it is set.

    Raises:
        InputError: it does not; the message lists those it has.
    """
    if _problem:
        raise InputError(_problem)


def compile_model(
    bundle: Bundle, link: Link, encode: Callable[[Any], list[float]]
) -> "_native.Model":
    """Build the compiled form of a bundle.

    Args:
        bundle: a verified bundle.
        link: what turns logits into answers.
        encode: turns a row that is not plain (see `binding/rows.c`) into k numbers, or raises.

    Raises:
        InputError: as for `check_instruction_set`.
    """
    check_instruction_set()
    columns = tuple(_column(each, bundle.missing_markers) for each in bundle.columns)
    layers = tuple(
        (np.ascontiguousarray(layer.weight), layer.bias, layer.multiplier)
        for layer in bundle.layers
    )
    return _native.Model(columns, layers, link, encode)


def _column(column: Column, markers: Sequence[str]) -> tuple[Any, ...]:
    """One column as `binding/construction.c` reads it."""
    codes = ColumnReader(column, markers).codes if column.edges is None else None
    keys: dict[str | float, int] | None = None
    if codes is not None:
        keys = dict[str | float, int](codes) | number_keys(codes)
    missing, form = column.allows_missing, None
    if column.dates is not None:
        dates = column.dates
        form = (
            "" if dates.order in (None, "ymd") else dates.order,
            "" if dates.digits or dates.epoch is None else dates.epoch,
            all(parse_date(each, dates.order) is None for each in (*markers, *column.missing)),
            tuple((PARTS.index(part.name), part.edges) for part in column.parts),
        )
    return column.name, missing, column.edges, keys, column.rows, form
