"""The bundle: one variant of a model as one safetensors file, verified before it is used.

Layout: the tensors `edges` (of all numeric columns, and of a date and its parts, one after the
other) and `layers.{i}.weight|bias[|multiplier]`, and one metadata entry, `slipstream`, with JSON:
what a user wants to know about the model, and the SHA-256 of everything else.
"""

import errno
import hashlib
import json
import stat
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from slipstream.runtime.bundle_parts import (
    check_classes,
    check_range,
    check_widths,
    fail,
    marker_changes,
    one_of,
    read_columns,
    read_layer,
    read_markers,
    read_quantiles,
    read_target_scale,
    read_threshold,
    strings,
)
from slipstream.runtime.columns import Column, lookups
from slipstream.runtime.errors import BundleError
from slipstream.runtime.kernels import Layer
from slipstream.runtime.links import HALF, Link, link_of, outputs
from slipstream.runtime.text import listing
from slipstream.runtime.types import Precision, TargetScale, Task

__all__ = ["Bundle", "dump", "parse", "read"]

FORMAT_VERSION = 2
READABLE = (1, 2)  # version 1 had no more than plain numbers, categories and booleans
_FOREIGN = ("it must be a safetensors file written by slipstream", "it is not, or was cut short")


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A model in one precision: everything between a raw row and its prediction.

    `missing_markers` are the texts that stand for a missing value, in every column. Of two
    `classes`, a row gets the second from the probability `threshold` on. A number is learned on its
    `target_scale`, and answered in its own unit; `quantiles` are the levels of a regression of
    several, ascending. `activation_scales` gives the size of one u8 step of each hidden layer's
    activation (int8 only).
    `details` is what the model's maker recorded: metrics, the training data's digest, versions.
    """

    precision: Precision
    columns: tuple[Column, ...]
    layers: tuple[Layer, ...]
    classes: tuple[str, ...]
    task: Task = "binary"
    threshold: float = HALF
    quantiles: tuple[float, ...] = ()
    target_scale: TargetScale = "identity"
    missing_markers: tuple[str, ...] = ()
    activation_scales: tuple[float, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def link(self) -> Link:
        """What turns logits into answers."""
        return link_of(self.task, self.target_scale)

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
        **marker_changes(bundle.missing_markers),
        "columns": [_column_header(column) for column in bundle.columns],
        "activation_scales": list(bundle.activation_scales),
        "details": dict(bundle.details),
    }
    if bundle.threshold != HALF:
        header["threshold"] = bundle.threshold
    if bundle.quantiles:
        header["quantiles"] = list(bundle.quantiles)
    if bundle.target_scale != "identity":
        header["target_scale"] = bundle.target_scale
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
        fail(*_FOREIGN)


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
    if header.get("format_version") not in READABLE:
        fail(
            f"its format version must be {' or '.join(map(str, READABLE))}",
            header.get("format_version"),
        )
    digest = header.pop("sha256", None)
    if digest != _digest(header, tensors):
        fail("its content must match its SHA-256", "it was altered or cut short")
    try:
        return _build(header, tensors)
    except BundleError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        fail("its metadata must be complete", f"{type(error).__name__}: {error}")


def _split(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    try:
        tensors = load_tensors(data)
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["slipstream"])
    except (SafetensorError, struct.error, KeyError, TypeError, ValueError, RecursionError):
        fail(*_FOREIGN)
    if not isinstance(header, dict):
        fail("its metadata must be an object", type(header).__name__)
    return header, tensors


def _build(header: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Bundle:
    precision = one_of("precision", header["precision"], ("float32", "int8"))
    task = one_of("task", header["task"], get_args(Task))
    classes = tuple(strings("classes", header["classes"]))
    check_classes(task, classes)
    threshold = read_threshold(task, header)
    quantiles = read_quantiles(task, header)
    target_scale = read_target_scale(task, header)
    markers = read_markers(header)
    columns = read_columns(header["columns"], tensors.pop("edges"))
    depth = sum(name.endswith(".weight") for name in tensors)
    layers = tuple(read_layer(tensors, index, precision) for index in range(depth))
    if tensors:
        fail("every tensor must be known", sorted(tensors))
    check_widths(layers, columns, outputs=outputs(task, classes, quantiles))
    check_range(layers, len(lookups(columns)))
    scales = tuple(header["activation_scales"])
    wanted = depth - 1 if precision == "int8" else 0
    if len(scales) != wanted or not all(
        type(each) is float and 0 < each < np.inf for each in scales
    ):
        fail("each hidden int8 layer must have a positive activation scale", scales)
    details = header["details"]
    if not isinstance(details, dict):
        fail("details must be an object", type(details).__name__)
    return Bundle(
        precision=precision,
        task=task,
        classes=classes,
        columns=columns,
        threshold=threshold,
        quantiles=quantiles,
        target_scale=target_scale,
        missing_markers=markers,
        layers=layers,
        activation_scales=scales,
        details=details,
    )


def _tensors(bundle: Bundle) -> dict[str, NDArray[Any]]:
    edges = [
        each.edges
        for column in bundle.columns
        for each in (column, *column.parts)
        if each.edges is not None
    ]
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
    header: dict[str, Any] = {
        "name": column.name,
        "kind": column.kind,
        "allows_missing": column.allows_missing,
        "edges": _count(column),
        "categories": list(column.categories),
    }
    if column.format is not None:
        header["format"] = column.format.to_json()
    if column.missing:
        header["missing"] = list(column.missing)
    if column.dates is not None:
        header["dates"] = asdict(column.dates)
        header["parts"] = [{"name": part.name, "edges": _count(part)} for part in column.parts]
    return header


def _count(column: Column) -> int:
    return 0 if column.edges is None else len(column.edges)


def _digest(header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()
