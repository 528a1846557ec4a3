"""The parts of a bundle, read from its metadata and tensors, each checked before it is used."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, get_args

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime.columns import Column, lookups
from slipstream.runtime.date_parts import PARTS
from slipstream.runtime.date_text import Order
from slipstream.runtime.dates import EPOCHS, DateFormat
from slipstream.runtime.errors import BundleError
from slipstream.runtime.formats import SEPARATORS, NumberFormat
from slipstream.runtime.kernels import Layer
from slipstream.runtime.limits import MAX_BIAS, MAX_FEATURES, MAX_WIDTH
from slipstream.runtime.links import HALF
from slipstream.runtime.quantiles import MOST_LEVELS, fault
from slipstream.runtime.text import quote, shorten
from slipstream.runtime.types import ColumnKind, Precision, TargetScale, Task
from slipstream.runtime.values import MISSING_MARKERS

__all__ = [
    "check_classes",
    "check_range",
    "check_widths",
    "fail",
    "marker_changes",
    "one_of",
    "read_columns",
    "read_layer",
    "read_markers",
    "read_quantiles",
    "read_target_scale",
    "read_threshold",
    "strings",
]

MAX_CURRENCY = 8  # characters
Floats = NDArray[np.float64]
_DTYPES: Mapping[str, tuple[str, str]] = {"float32": ("f4", "f4"), "int8": ("i1", "i4")}


def read_columns(entries: Any, edges: NDArray[Any]) -> tuple[Column, ...]:
    """Read the columns; `edges` holds those of all numeric ones, one after the other."""
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_FEATURES:
        fail(f"a model must have 1 to {MAX_FEATURES:,} columns", type(entries).__name__)
    if edges.dtype != np.float64 or edges.ndim != 1 or not np.isfinite(edges).all():
        fail("edges must be finite float64 in one dimension", f"{edges.dtype} {edges.shape}")
    columns = []
    for entry in entries:
        column, edges = _column(entry, edges)
        columns.append(column)
    if len(edges):
        fail("every edge must belong to a column", f"{len(edges)} edges belong to none")
    if len(lookups(columns)) > MAX_FEATURES:
        fail(
            f"columns and what is derived from dates must be {MAX_FEATURES:,} at most", len(entries)
        )
    if len({column.name for column in columns}) != len(columns):
        fail("column names must differ", [column.name for column in columns])
    return tuple(columns)


def _column(entry: dict[str, Any], edges: Floats) -> tuple[Column, Floats]:
    """Read one column, and what is left of the edges."""
    kind = one_of("a column's kind", entry["kind"], get_args(ColumnKind))
    (name,) = strings("a column's name", [entry["name"]])
    categories = strings(f"the categories of {quote(name)}", entry["categories"])
    own, edges = _take_edges(name, entry["edges"], edges)
    if kind == "categorical":
        if len(own) or len(set(categories)) != len(categories):
            fail(
                f"categorical column {quote(name)} must have distinct categories and no edges", name
            )
    elif not _are_edges(own) or categories:
        fail(f"the edges of column {quote(name)} must increase by finite steps", "they do not")
    if not isinstance(entry["allows_missing"], bool):
        fail(
            f"allows_missing of column {quote(name)} must be true or false", entry["allows_missing"]
        )
    parts, edges = _parts(name, entry, edges)
    column = Column(
        name=name,
        kind=kind,
        allows_missing=entry["allows_missing"],
        edges=None if kind == "categorical" else own,
        categories=tuple(categories),
        dates=_dates(name, kind, entry.get("dates")),
        parts=parts,
        format=_format(name, kind, entry.get("format")),
        missing=tuple(strings(f"what is missing in {quote(name)}", entry.get("missing", []))),
    )
    return column, edges


def _take_edges(name: str, count: Any, edges: Floats) -> tuple[Floats, Floats]:
    """The first edges, which are a column's own, and the others."""
    if type(count) is not int or not 0 <= count <= len(edges):
        fail(f"column {quote(name)} must have all its edges", count)
    return edges[:count], edges[count:]


def _are_edges(edges: Floats) -> bool:
    with np.errstate(over="ignore"):
        steps = np.diff(edges)
    return len(edges) >= 2 and bool((np.isfinite(steps) & (steps > 0)).all())


def _parts(name: str, entry: Mapping[str, Any], edges: Floats) -> tuple[tuple[Column, ...], Floats]:
    """Read what is derived from a date, and what is left of the edges."""
    entries = entry.get("parts", [])
    if not isinstance(entries, list) or (entries and entry["kind"] != "datetime"):
        fail(f"only a date or time must have parts, as a list: column {quote(name)}", entries)
    parts = []
    for each in entries:
        part = one_of(f"a part of {quote(name)}", each["name"], PARTS)
        own, edges = _take_edges(name, each["edges"], edges)
        if not _are_edges(own):
            fail(f"the edges of column {quote(name)} must increase by finite steps", part)
        missing = entry["allows_missing"]
        parts.append(Column(name=part, kind="numeric", allows_missing=missing, edges=own))
    if len({part.name for part in parts}) != len(parts):
        fail(f"the parts of column {quote(name)} must differ", [part.name for part in parts])
    return tuple(parts), edges


def _dates(name: str, kind: ColumnKind, entry: Any) -> DateFormat | None:
    """Read how a date is written; every other column has no such entry."""
    if (entry is None) != (kind != "datetime"):
        fail(f"a date or time, and nothing else, must say how it is written: {quote(name)}", kind)
    if entry is None:
        return None
    if not isinstance(entry, dict) or set(entry) != {"order", "digits", "epoch"}:
        fail(f"column {quote(name)} must say its order, digits and epoch", entry)
    if not isinstance(entry["digits"], bool):
        fail(f"digits of column {quote(name)} must be true or false", entry["digits"])
    return DateFormat(
        order=one_of(f"the order of {quote(name)}", entry["order"], (None, *get_args(Order))),
        digits=entry["digits"],
        epoch=one_of(f"the epoch of {quote(name)}", entry["epoch"], (None, *EPOCHS)),
    )


def _format(name: str, kind: str, entry: Any) -> NumberFormat | None:
    if entry is None:
        return None
    what = f"the number format of column {quote(name)}"
    if kind != "numeric":
        fail(f"{what} must belong to a numeric column", kind)
    plain = NumberFormat().to_json()
    if not isinstance(entry, dict) or sorted({"scaled", *entry}) != sorted({"scaled", *plain}):
        fail(f"{what} must say how numbers are written", entry)
    one_of(f"the decimal sign in {what}", entry["decimal"], (".", ","))
    one_of(f"the separator in {what}", entry["thousands"], tuple(SEPARATORS))
    if entry["decimal"] == entry["thousands"]:
        fail(f"{what} must have two different signs", entry["decimal"])
    (currency,) = strings(f"the currency in {what}", [entry["currency"]])
    if len(currency) > MAX_CURRENCY or re.search(r"[\d\s]", currency):
        fail(f"the currency in {what} must be a short sign or code", currency)
    for mark in ("percent", "scaled"):
        if not isinstance(entry.get(mark, False), bool):
            fail(f"{mark} in {what} must be true or false", entry[mark])
    return NumberFormat(**entry)


def marker_changes(markers: Sequence[str]) -> dict[str, list[str]]:
    """What differs from the standard missing markers; what does not is not in the file."""
    added = [each for each in markers if each not in MISSING_MARKERS]
    removed = [each for each in MISSING_MARKERS if each not in markers]
    changes = {"missing_added": added, "missing_removed": removed}
    return {name: texts for name, texts in changes.items() if texts}


def read_markers(header: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts that mean missing in every column; format version 1 lists them all."""
    if header["format_version"] == 1:
        return tuple(strings("missing markers", header["missing_markers"]))
    added = strings("added missing markers", header.get("missing_added", []))
    removed = strings("removed missing markers", header.get("missing_removed", []))
    if not set(removed) <= set(MISSING_MARKERS):
        fail("removed missing markers must be standard ones", removed)
    return tuple(
        dict.fromkeys((*(each for each in MISSING_MARKERS if each not in removed), *added))
    )


def read_layer(tensors: dict[str, NDArray[Any]], index: int, precision: Precision) -> Layer:
    """Take one layer out of the tensors."""
    weight, bias = tensors.pop(f"layers.{index}.weight"), tensors.pop(f"layers.{index}.bias")
    multiplier = tensors.pop(f"layers.{index}.multiplier") if precision == "int8" else None
    weight_type, bias_type = _DTYPES[precision]
    if weight.dtype != np.dtype(weight_type) or bias.dtype != np.dtype(bias_type):
        fail(f"layer {index} must hold {precision} tensors", f"{weight.dtype}, {bias.dtype}")
    if weight.ndim != 2 or 0 in weight.shape or bias.ndim != 1 or len(bias) > MAX_WIDTH:
        fail(f"layer {index} must have a weight matrix and a bias", f"{weight.shape}")
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        fail(f"layer {index} must hold finite numbers", "NaN or infinity")
    if multiplier is not None:
        if (weight == -128).any() or (np.abs(bias.astype(np.int64)) > MAX_BIAS).any():
            fail(f"layer {index} must keep its integer sums below 2^31", "weights or biases exceed")
        if multiplier.dtype != np.float32 or multiplier.shape != bias.shape:
            fail(f"layer {index} must have a float32 multiplier per channel", multiplier.shape)
        if not (np.isfinite(multiplier).all() and (multiplier > 0).all()):
            fail(f"the multipliers of layer {index} must be positive and finite", "they are not")
    return Layer(weight=weight, bias=bias, multiplier=multiplier)


def check_classes(task: Task, classes: Sequence[str]) -> None:
    """Check that the labels fit the kind of target."""
    if len(set(classes)) != len(classes):
        fail("classes must differ", classes)
    if task == "binary" and len(classes) != 2:
        fail("a binary model must have two classes", classes)
    if task == "multiclass" and len(classes) < 2:
        fail("a multiclass model must have two classes or more", classes)
    if task in ("regression", "quantiles") and classes:
        fail("a regression must have no classes", classes)


def read_threshold(task: Task, header: Mapping[str, Any]) -> float:
    """Read from which probability on a row has the second of two labels."""
    if "threshold" not in header:
        return HALF
    value = header["threshold"]
    if task != "binary" or type(value) is not float or not 0 < value <= 1:
        fail("only a binary model may have a threshold, a number above 0 and up to 1", value)
    return value


def read_quantiles(task: Task, header: Mapping[str, Any]) -> tuple[float, ...]:
    """Read the levels of a regression of quantiles; no other model has any."""
    levels = header.get("quantiles", [])
    if (task == "quantiles") != ("quantiles" in header):
        fail("a regression of quantiles, and no other model, must have levels", levels)
    rule = f"quantiles must be 1 to {MOST_LEVELS} ascending numbers between 0 and 1"
    if task != "quantiles":
        return ()
    if not isinstance(levels, list) or not levels or {*map(type, levels)} != {float}:
        fail(rule, levels)
    if levels != sorted(levels) or fault(levels):
        fail(rule, levels)
    return tuple(levels)


def read_target_scale(task: Task, header: Mapping[str, Any]) -> TargetScale:
    """Read on what scale the target was learned; what is not its own is in the file."""
    scale: TargetScale = "identity"
    if "target_scale" in header:
        scale = one_of("the target's scale", header["target_scale"], ("log1p",))
        if task != "regression":
            fail("only a regression may have a target scale", task)
    return scale


def check_widths(layers: Sequence[Layer], columns: Sequence[Column], outputs: int) -> None:
    """Check that every layer reads what the one before it gives."""
    rows = sum(column.rows for column in lookups(columns))
    if len(layers) < 2 or layers[0].weight.shape != (rows, len(layers[0].bias)):
        fail(f"the first layer must be a table of {rows} rows", f"{len(layers)} layers")
    width = len(layers[0].bias)
    for index, layer in enumerate(layers[1:], start=1):
        if layer.weight.shape != (len(layer.bias), width):
            fail(f"layer {index} must read {width} inputs", layer.weight.shape)
        width = len(layer.bias)
    if width != outputs:
        fail(f"a model of this task and these classes must have {outputs} outputs", width)


def check_range(layers: Sequence[Layer], features: int) -> None:
    """Check that no row can overflow float32: infinities would become NaN."""
    first, *later = layers
    last = later[-1].multiplier
    if last is not None:  # integer sums have their own limits
        largest = np.float64(last.max()) * 2**31
    else:
        sums = features * np.abs(first.weight.astype(np.float64)).max(axis=0) + np.abs(first.bias)
        largest = sums.max()
        for layer in later:
            sums = np.abs(layer.weight.astype(np.float64)) @ sums + np.abs(layer.bias)
            largest = max(largest, sums.max())
    if not largest < np.finfo(np.float32).max:
        fail("float32 sums must stay finite for every row", "the weights are too large")


def one_of(what: str, value: Any, choices: tuple[Any, ...]) -> Any:
    """The value, if it is one of the choices."""
    if value not in choices:
        fail(f"{what} must be one of {', '.join(map(str, choices))}", value)
    return value


def strings(what: str, values: Any) -> list[str]:
    """The values, if they are a list of text."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        fail(f"{what} must be text", type(values).__name__)
    return values


def fail(rule: str, fact: Any) -> NoReturn:
    """Refuse the bundle: the rule it breaks, and what was found."""
    raise BundleError(
        f"not a usable bundle: {rule}, however: {shorten(fact)}; ask for the file again"
    )
