"""The bundle: one variant of a model as one safetensors file, verified before it is used.

Layout: the tensors `edges` (all numeric columns' edges, concatenated) and
`layers.{i}.weight|bias[|multiplier]`, and one metadata entry, `slipstream`, with JSON: what a user
wants to know about the model, and the SHA-256 of everything else.
"""

import errno
import hashlib
import json
import stat
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from slipstream.runtime.columns import Column
from slipstream.runtime.errors import BundleError
from slipstream.runtime.kernels import Layer
from slipstream.runtime.limits import MAX_BIAS, MAX_FEATURES, MAX_WIDTH
from slipstream.runtime.links import outputs
from slipstream.runtime.text import listing, quote, shorten
from slipstream.runtime.types import Precision, Task

__all__ = ["Bundle", "dump", "parse", "read"]

FORMAT_VERSION = 1
_FOREIGN = ("it must be a safetensors file written by slipstream", "it is not, or was cut short")
_DTYPES: Mapping[str, tuple[str, str]] = {"float32": ("f4", "f4"), "int8": ("i1", "i4")}


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A model in one precision: everything between a raw row and its prediction.

    `missing_markers` are the texts that stand for a missing value, in every column.
    `activation_scales` gives the size of one u8 step of each hidden layer's activation (int8 only).
    `details` is what the model's maker recorded: metrics, the training data's digest, versions.
    """

    precision: Precision
    columns: tuple[Column, ...]
    layers: tuple[Layer, ...]
    classes: tuple[str, ...]
    task: Task = "binary"
    missing_markers: tuple[str, ...] = ()
    activation_scales: tuple[float, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def weights_bytes(self) -> int:
        """Size of the weight matrices: the first layer's table and the later layers' weights."""
        return sum(layer.weight.nbytes for layer in self.layers)

    @property
    def tensors_bytes(self) -> int:
        """Size of every tensor in the file: weights, biases, multipliers and edges."""
        return sum(tensor.nbytes for tensor in _tensors(self).values())


def dump(bundle: Bundle) -> bytes:
    """Write a bundle as the bytes of its file.

    Raises:
        BundleError: the bundle breaks a rule that `parse` checks.
    """
    tensors = _tensors(bundle)
    header: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "precision": bundle.precision,
        "task": bundle.task,
        "classes": list(bundle.classes),
        "missing_markers": list(bundle.missing_markers),
        "columns": [_column_header(column) for column in bundle.columns],
        "activation_scales": list(bundle.activation_scales),
        "details": dict(bundle.details),
    }
    header["sha256"] = _digest(header, tensors)
    data = save_tensors(tensors, metadata={"slipstream": json.dumps(header)})
    parse(data)
    return data


def read(path: str | Path) -> Bundle:
    """Read and verify a bundle file.

    Raises:
        BundleError: the file cannot be read, is damaged, or is not a bundle.
    """
    try:
        return parse(_content(Path(path)))
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from None
    except (OSError, TypeError, ValueError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or "it does not fit into memory"
        raise BundleError(
            f"a bundle must be a readable file, however: {path}: {reason}; check the path (it is "
            f"relative to {Path.cwd()})"
        ) from None


def _content(path: Path) -> bytes:
    """Read the file, rejecting non-bundles before reading them whole."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, _inside(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file")  # a pipe would block
    try:
        with safe_open(path, "numpy"):  # maps it, and checks its size against its header
            return path.read_bytes()
    except SafetensorError:
        _fail(*_FOREIGN)


def _inside(folder: Path) -> str:
    """Describe a folder that was given where a bundle is expected."""
    found = sorted(each.name for each in folder.glob("*.safetensors"))
    return f"it is a folder{f' that has {listing(found)}: name one' if found else ''}"


def parse(data: bytes) -> Bundle:
    """Read and verify a bundle from the bytes of its file; nothing in it is executed.

    Raises:
        BundleError: the bytes are damaged, or are not a bundle.
    """
    header, tensors = _split(data)
    if header.get("format_version") != FORMAT_VERSION:
        _fail(f"its format version must be {FORMAT_VERSION}", header.get("format_version"))
    digest = header.pop("sha256", None)
    if digest != _digest(header, tensors):
        _fail("its content must match its SHA-256", "it was altered or cut short")
    try:
        return _build(header, tensors)
    except BundleError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        _fail("its metadata must be complete", f"{type(error).__name__}: {error}")


def _split(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    try:
        tensors = load_tensors(data)
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["slipstream"])
    except (SafetensorError, struct.error, KeyError, TypeError, ValueError, RecursionError):
        _fail(*_FOREIGN)
    if not isinstance(header, dict):
        _fail("its metadata must be an object", type(header).__name__)
    return header, tensors


def _build(header: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Bundle:
    precision = _one_of("precision", header["precision"], ("float32", "int8"))
    task = _one_of("task", header["task"], ("binary", "multiclass", "regression"))
    classes = tuple(_strings("classes", header["classes"]))
    _check_classes(task, classes)
    markers = tuple(_strings("missing markers", header["missing_markers"]))
    columns = _columns(header["columns"], tensors.pop("edges"))
    depth = sum(name.endswith(".weight") for name in tensors)
    layers = tuple(_layer(tensors, index, precision) for index in range(depth))
    if tensors:
        _fail("every tensor must be known", sorted(tensors))
    _check_widths(layers, columns, outputs=outputs(task, classes))
    _check_range(layers, len(columns))
    scales = tuple(header["activation_scales"])
    wanted = depth - 1 if precision == "int8" else 0
    if len(scales) != wanted or not all(
        type(each) is float and 0 < each < np.inf for each in scales
    ):
        _fail("each hidden int8 layer must have a positive activation scale", scales)
    details = header["details"]
    if not isinstance(details, dict):
        _fail("details must be an object", type(details).__name__)
    return Bundle(
        precision=precision,
        task=task,
        classes=classes,
        columns=columns,
        missing_markers=markers,
        layers=layers,
        activation_scales=scales,
        details=details,
    )


def _columns(entries: Any, edges: NDArray[Any]) -> tuple[Column, ...]:
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_FEATURES:
        _fail(f"a model must have 1 to {MAX_FEATURES:,} columns", type(entries).__name__)
    if edges.dtype != np.float64 or edges.ndim != 1 or not np.isfinite(edges).all():
        _fail("edges must be finite float64 in one dimension", f"{edges.dtype} {edges.shape}")
    columns, taken = [], 0
    for entry in entries:
        own = edges[taken : taken + entry["edges"]]
        columns.append(_column(entry, own))
        taken += entry["edges"]
    if taken != len(edges):
        _fail("every edge must belong to a column", f"{len(edges)} edges, {taken} used")
    if len({column.name for column in columns}) != len(columns):
        _fail("column names must differ", [column.name for column in columns])
    return tuple(columns)


def _column(entry: dict[str, Any], edges: NDArray[Any]) -> Column:
    kind = _one_of("a column's kind", entry["kind"], ("numeric", "boolean", "categorical"))
    (name,) = _strings("a column's name", [entry["name"]])
    categories = _strings(f"the categories of {quote(name)}", entry["categories"])
    if type(entry["edges"]) is not int or len(edges) != entry["edges"]:
        _fail(f"column {quote(name)} must have all its edges", entry["edges"])
    if kind == "categorical":
        if len(edges) or len(set(categories)) != len(categories):
            _fail(
                f"categorical column {quote(name)} must have distinct categories and no edges", name
            )
    else:
        with np.errstate(over="ignore"):
            steps = np.diff(edges)
        if len(edges) < 2 or categories or not (np.isfinite(steps).all() and (steps > 0).all()):
            _fail(f"the edges of column {quote(name)} must increase by finite steps", "they do not")
    if not isinstance(entry["allows_missing"], bool):
        _fail(
            f"allows_missing of column {quote(name)} must be true or false", entry["allows_missing"]
        )
    return Column(
        name=name,
        kind=kind,
        allows_missing=entry["allows_missing"],
        edges=None if kind == "categorical" else edges,
        categories=tuple(categories),
    )


def _layer(tensors: dict[str, NDArray[Any]], index: int, precision: Precision) -> Layer:
    weight, bias = tensors.pop(f"layers.{index}.weight"), tensors.pop(f"layers.{index}.bias")
    multiplier = tensors.pop(f"layers.{index}.multiplier") if precision == "int8" else None
    weight_type, bias_type = _DTYPES[precision]
    if weight.dtype != np.dtype(weight_type) or bias.dtype != np.dtype(bias_type):
        _fail(f"layer {index} must hold {precision} tensors", f"{weight.dtype}, {bias.dtype}")
    if weight.ndim != 2 or 0 in weight.shape or bias.ndim != 1 or len(bias) > MAX_WIDTH:
        _fail(f"layer {index} must have a weight matrix and a bias", f"{weight.shape}")
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        _fail(f"layer {index} must hold finite numbers", "NaN or infinity")
    if multiplier is not None:
        if (weight == -128).any() or (np.abs(bias.astype(np.int64)) > MAX_BIAS).any():
            _fail(
                f"layer {index} must keep its integer sums below 2^31", "weights or biases exceed"
            )
        if multiplier.dtype != np.float32 or multiplier.shape != bias.shape:
            _fail(f"layer {index} must have a float32 multiplier per channel", multiplier.shape)
        if not (np.isfinite(multiplier).all() and (multiplier > 0).all()):
            _fail(f"the multipliers of layer {index} must be positive and finite", "they are not")
    return Layer(weight=weight, bias=bias, multiplier=multiplier)


def _check_classes(task: Task, classes: Sequence[str]) -> None:
    if len(set(classes)) != len(classes):
        _fail("classes must differ", classes)
    if task == "binary" and len(classes) != 2:
        _fail("a binary model must have two classes", classes)
    if task == "multiclass" and len(classes) < 2:
        _fail("a multiclass model must have two classes or more", classes)
    if task == "regression" and classes:
        _fail("a regression must have no classes", classes)


def _check_widths(layers: Sequence[Layer], columns: Sequence[Column], outputs: int) -> None:
    rows = sum(column.rows for column in columns)
    if len(layers) < 2 or layers[0].weight.shape != (rows, len(layers[0].bias)):
        _fail(f"the first layer must be a table of {rows} rows", f"{len(layers)} layers")
    width = len(layers[0].bias)
    for index, layer in enumerate(layers[1:], start=1):
        if layer.weight.shape != (len(layer.bias), width):
            _fail(f"layer {index} must read {width} inputs", layer.weight.shape)
        width = len(layer.bias)
    if width != outputs:
        _fail(f"a model of this task and these classes must have {outputs} outputs", width)


def _check_range(layers: Sequence[Layer], features: int) -> None:
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
        _fail("float32 sums must stay finite for every row", "the weights are too large")


def _tensors(bundle: Bundle) -> dict[str, NDArray[Any]]:
    edges = [column.edges for column in bundle.columns if column.edges is not None]
    tensors: dict[str, NDArray[Any]] = {
        "edges": np.concatenate(edges) if edges else np.zeros(0, np.float64)
    }
    for index, layer in enumerate(bundle.layers):
        tensors[f"layers.{index}.weight"] = np.ascontiguousarray(layer.weight)
        tensors[f"layers.{index}.bias"] = layer.bias
        if layer.multiplier is not None:
            tensors[f"layers.{index}.multiplier"] = layer.multiplier
    return tensors


def _column_header(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.kind,
        "allows_missing": column.allows_missing,
        "edges": 0 if column.edges is None else len(column.edges),
        "categories": list(column.categories),
    }


def _digest(header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()


def _one_of(what: str, value: Any, choices: tuple[Any, ...]) -> Any:
    if value not in choices:
        _fail(f"{what} must be one of {', '.join(choices)}", value)
    return value


def _strings(what: str, values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        _fail(f"{what} must be text", type(values).__name__)
    return values


def _fail(rule: str, fact: Any) -> NoReturn:
    raise BundleError(
        f"not a usable bundle: {rule}, however: {shorten(fact)}; ask for the file again"
    )
