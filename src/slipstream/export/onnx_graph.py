"""A bundle as one ONNX file, for deployment to other runtimes.

The graph reads the raw columns, one input each, and computes what the predictor computes:

- a number's bins in float64, because edges are: the piecewise-linear encoding of each bin, whose
  differences are the shares that the table rows at the value's two edges have in the first layer;
- what the predictor derives from a date, from its seconds since 1970 in UTC;
- a category's table row by a look-up of the text;
- float32: later layers in float32;
- int8: the s8 weights stay s8 in the file. ONNX has integer products, but runtimes differ in how
  exactly they add them up, so integers are held in floating-point numbers wide enough for every
  sum, as the numpy predictor does.

A graph cannot refuse a row: where the predictor refuses a missing value, the answer is NaN.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
import onnx
from numpy.typing import DTypeLike, NDArray
from onnx import TensorProto, helper, numpy_helper

from slipstream.export.onnx_dates import derive
from slipstream.runtime import Bundle, InputError
from slipstream.runtime.column_reader import ColumnReader
from slipstream.runtime.columns import Column, lookups, table_offsets
from slipstream.runtime.kernels import Layer
from slipstream.runtime.limits import LARGEST_ACTIVATION, POSITION_ONE, sum_type
from slipstream.runtime.links import LARGEST_LOGARITHM, Link
from slipstream.runtime.text import quote

__all__ = ["OUTPUT", "to_onnx"]

OUTPUT = "prediction"
LINKS: Mapping[Link, str] = {"sigmoid": "Sigmoid", "softmax": "Softmax", "identity": "Identity"}
OPSETS = {"": 13, "ai.onnx.ml": 2}
IR_VERSION = 7  # what opset 13 came with, so that older runtimes read the file too


@dataclass(frozen=True)
class _Graph:
    """The nodes and constants so far; a tensor is known by its name."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Append a node with one output, and return its name."""
        name = f"/{operator}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operator, inputs, [name], name, domain=domain, **attributes)
        )
        return name

    def hold(self, values: Any, kind: DTypeLike) -> str:
        """Append a constant, and return its name."""
        name = f"/{len(self.constants)}"
        array = np.ascontiguousarray(np.asarray(values, kind)).reshape(np.shape(values))
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def split(self, tensor: str, count: int) -> list[str]:
        """Append a split of (N, count) into its columns."""
        name = f"/Split_{len(self.nodes)}"
        parts = [f"{name}:{index}" for index in range(count)]
        self.nodes.append(helper.make_node("Split", [tensor], parts, name, axis=1))
        return parts

    def cast(self, tensor: str, kind: DTypeLike) -> str:
        """Append a cast."""
        return self.add("Cast", tensor, to=helper.np_dtype_to_tensor_dtype(np.dtype(kind)))


def to_onnx(bundle: Bundle) -> bytes:
    """Turn a bundle into the bytes of an ONNX file.

    Inputs: the bundle's columns by name, (N, 1) each: float64 (NaN: missing) for numbers, booleans,
    durations in seconds and dates in seconds since 1970 in UTC; strings ("" or a missing marker:
    missing) for categories. Output: `prediction`, (N, outputs) float32: what the predictor answers.

    Raises:
        InputError: a column has a name that the graph cannot give to an input.
    """
    _check_text(bundle)
    graph = _Graph()
    sums, refused = _first_layer(graph, bundle)
    for before, layer in zip(bundle.layers, bundle.layers[1:], strict=False):
        inputs = _activate(graph, sums, before)
        sums = _later_layer(graph, inputs, layer)
    logits = _scale(graph, sums, bundle.layers[-1])
    answers = _answer(graph, logits, bundle)
    if refused:
        answers = graph.add("Where", refused, graph.hold(np.nan, np.float32), answers)
    graph.nodes.append(helper.make_node("Identity", [answers], [OUTPUT], OUTPUT))
    _check_names(bundle.columns, graph)
    model = _model(graph, bundle)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _check_text(bundle: Bundle) -> None:
    for column in bundle.columns:
        for text in (column.name, *column.categories, *bundle.missing_markers):
            if any("\ud800" <= letter <= "\udfff" for letter in text):
                raise InputError(
                    f"text in an ONNX file must be valid Unicode, however: {quote(text)} of column "
                    f"{quote(column.name)}; clean the data and train again"
                )


def _check_names(columns: Sequence[Column], graph: _Graph) -> None:
    own = {"", *(each.name for each in graph.constants)}
    own.update(name for node in graph.nodes for name in node.output)
    for column in columns:
        if column.name in own:
            raise InputError(
                "an ONNX input must have a name that nothing else in the file has, however: "
                f"column {quote(column.name)}; rename the column and train again"
            )


def _first_layer(graph: _Graph, bundle: Bundle) -> tuple[str, str | None]:
    """Sum the first layer, (N, H), and mark the rows that the predictor refuses, (N, 1)."""
    table, bias = bundle.layers[0].weight, bundle.layers[0].bias
    found = lookups(bundle.columns)
    spans = [
        (column, table[start : start + column.rows], tensor)
        for column, start, tensor in zip(
            found, table_offsets(found), _tensors(graph, bundle.columns), strict=True
        )
    ]
    numbers = [each for each in spans if each[0].edges is not None]
    texts = [each for each in spans if each[0].edges is None]
    kind = _sum_type(bundle.layers[0], len(spans) * POSITION_ONE)
    sums, refused = graph.hold(bias, kind), []
    if texts:
        codes, absent = _codes(graph, [column for column, *_ in texts], bundle.missing_markers)
        rows = _rows(graph, np.concatenate([part for _, part, _ in texts]), codes, kind)
        sums = graph.add("Add", rows, sums)
        refused += absent
    if numbers:
        integers = bundle.precision == "int8"
        raw = graph.add("Concat", *(tensor for *_, tensor in numbers), axis=1)  # (N, m)
        shares, absent = _shares(graph, raw, [column for column, *_ in numbers], integers)
        weight = _weights(graph, np.concatenate([part for _, part, _ in numbers]), kind)
        sums = graph.add("Gemm", graph.cast(shares, kind), weight, sums)
        refused += absent
    return sums, _any(graph, refused)


def _tensors(graph: _Graph, columns: Sequence[Column]) -> list[str]:
    """What holds each of the `lookups` (N, 1): an input, or what is computed from a date's."""
    own, derived = [], []
    for column in columns:
        if column.dates is None:
            own.append(column.name)
            continue
        seconds, parts = derive(graph, column.name, [part.name for part in column.parts])
        own.append(seconds)
        derived += parts
    return own + derived


def _codes(
    graph: _Graph, columns: Sequence[Column], markers: Sequence[str]
) -> tuple[str, list[str]]:
    """Look up c categorical columns: their table rows (N, c), and which are refused (N, c)."""
    codes, missing = [], []
    for column, start in zip(columns, table_offsets(columns), strict=True):
        known = ColumnReader(column, ("", *markers)).codes
        code = graph.add(
            "LabelEncoder",
            column.name,
            domain="ai.onnx.ml",
            keys_strings=list(known),
            values_int64s=[start + row for row in known.values()],
            default_int64=start + column.unknown_row,
        )
        codes.append(code)
        missing.append(-1 if column.allows_missing else start + column.missing_row)
    joined = graph.add("Concat", *codes, axis=1)
    if all(row < 0 for row in missing):
        return joined, []
    return joined, [graph.add("Equal", joined, graph.hold([missing], np.int64))]


def _rows(graph: _Graph, table: NDArray[Any], codes: str, kind: DTypeLike) -> str:
    """Add up the table rows that c codes name: (N, c) → (N, H)."""
    rows = graph.add("Gather", graph.hold(table, table.dtype), codes)  # (N, c, H)
    if table.dtype == np.int8:  # a whole share is 2^14
        rows = graph.add("DequantizeLinear", rows, graph.hold(POSITION_ONE, np.float32))
    rows = rows if kind == np.float32 else graph.cast(rows, kind)
    return graph.add("ReduceSum", rows, graph.hold([1], np.int64), keepdims=0)


def _shares(
    graph: _Graph, raw: str, columns: Sequence[Column], integers: bool
) -> tuple[str, list[str]]:
    """Locate m columns' numbers (N, m): each table row's share (N, R), and what is refused (N, m).

    A row's share is how much of the step up to it lies below the value, less how much of the next
    step does: 1 - t and t at the edges of the value's bin, 0 elsewhere.
    """
    edges = [np.asarray(column.edges) for column in columns]
    absent = graph.add("IsNaN", raw)
    steps = _encode(graph, _saturate(graph, raw, absent, edges), edges)
    if integers:
        steps = graph.add("Round", graph.add("Mul", steps, graph.hold(POSITION_ONE, np.float64)))
    following = graph.add("Pad", steps, graph.hold([0, -1, 0, 1], np.int64))
    inside = np.concatenate([[*np.ones(len(own)), 0.0] for own in edges])  # of one column
    following = graph.add("Mul", following, graph.hold(inside, np.float64))
    shares = graph.add("Sub", steps, following)
    refuses = [not column.allows_missing for column in columns]
    if not any(refuses):
        return shares, []
    return shares, [graph.add("And", absent, graph.hold([refuses], np.bool_))]


def _saturate(graph: _Graph, raw: str, absent: str, edges: Sequence[NDArray[np.float64]]) -> str:
    """Move values between a column's outermost edges; a missing one becomes infinite: (N, m)."""
    lowest = graph.hold([[own[0] for own in edges]], np.float64)
    highest = graph.hold([[own[-1] for own in edges]], np.float64)
    inside = graph.add("Max", graph.add("Min", raw, highest), lowest)
    return graph.add("Where", absent, graph.hold(np.inf, np.float64), inside)


def _encode(graph: _Graph, values: str, edges: Sequence[NDArray[np.float64]]) -> str:
    """Encode values (N, m) piecewise-linearly: how much of each step lies below them, (N, R).

    Table row r of a column ends step r: the first one, which every value has passed, B bins, and
    one behind the last edge, which only a missing value passes, because it is infinite.
    """
    parts = graph.split(values, len(edges))
    passed = [
        graph.add("Sub", part, graph.hold([-np.inf, *own], np.float64))
        for part, own in zip(parts, edges, strict=True)
    ]
    widths = np.concatenate([[1.0, *np.diff(own), 1.0] for own in edges])
    joined = graph.add("Concat", *passed, axis=1)
    share = graph.add("Div", joined, graph.hold(widths, np.float64))
    return graph.add("Clip", share, graph.hold(0, np.float64), graph.hold(1, np.float64))


def _any(graph: _Graph, refused: Sequence[str]) -> str | None:
    """Which rows have a value that is refused: (N, 1); None where every value is accepted."""
    if not refused:
        return None
    joined = graph.cast(graph.add("Concat", *refused, axis=1), np.float32)
    return graph.cast(graph.add("ReduceMax", joined, axes=[1], keepdims=1), np.bool_)


def _activate(graph: _Graph, sums: str, layer: Layer) -> str:
    """Turn a layer's sums into the next one's input; int8: in u8 steps."""
    steps = graph.add("Relu", _scale(graph, sums, layer))
    if layer.multiplier is None:
        return steps
    return graph.add("Min", graph.add("Round", steps), graph.hold(LARGEST_ACTIVATION, np.float32))


def _scale(graph: _Graph, sums: str, layer: Layer) -> str:
    """Turn integer sums into steps or logits, float32; float32 sums stay."""
    if layer.multiplier is None:
        return sums
    return graph.add("Mul", graph.cast(sums, np.float32), graph.hold(layer.multiplier, np.float32))


def _answer(graph: _Graph, logits: str, bundle: Bundle) -> str:
    """Turn logits into answers, float32; a logarithm in float64, as small numbers need it."""
    if bundle.link == "sorted":
        return _sort(graph, logits, len(bundle.quantiles))
    if bundle.link != "expm1":
        return graph.add(LINKS[bundle.link], logits)
    largest, one = (graph.hold(each, np.float64) for each in (LARGEST_LOGARITHM, 1))
    logarithms = graph.add("Min", graph.cast(logits, np.float64), largest)
    return graph.cast(graph.add("Sub", graph.add("Exp", logarithms), one), np.float32)


def _sort(graph: _Graph, numbers: str, count: int) -> str:
    """Each row of (N, count) in ascending order."""
    name = f"/TopK_{len(graph.nodes)}"
    inputs, outputs = [numbers, graph.hold([count], np.int64)], [name, f"{name}:places"]
    graph.nodes.append(helper.make_node("TopK", inputs, outputs, name, axis=1, largest=0))
    return name


def _later_layer(graph: _Graph, inputs: str, layer: Layer) -> str:
    kind = _sum_type(layer, layer.weight.shape[1] * LARGEST_ACTIVATION)
    weight, bias = _weights(graph, layer.weight, kind), graph.hold(layer.bias, kind)
    inputs = inputs if kind == np.float32 else graph.cast(inputs, kind)
    return graph.add("Gemm", inputs, weight, bias, transB=1)


def _weights(graph: _Graph, weight: NDArray[Any], kind: DTypeLike) -> str:
    """A weight matrix in the type that its layer sums in; s8 weights stay s8 in the file."""
    stored = graph.hold(weight, weight.dtype)
    if weight.dtype != np.int8:
        return stored
    widened = graph.add("DequantizeLinear", stored, graph.hold(1, np.float32))
    return widened if kind == np.float32 else graph.cast(widened, kind)


def _sum_type(layer: Layer, largest_inputs: int) -> DTypeLike:
    """The type that a layer sums in: float32, unless it cannot hold every integer sum exactly."""
    return np.float32 if layer.multiplier is None else sum_type(largest_inputs, layer.bias)


def _model(graph: _Graph, bundle: Bundle) -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info(
            column.name,
            TensorProto.STRING if column.edges is None else TensorProto.DOUBLE,
            ["N", 1],
        )
        for column in bundle.columns
    ]
    outputs = len(bundle.layers[-1].bias)
    answer = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", outputs])
    body = helper.make_graph(graph.nodes, "slipstream", inputs, [answer], graph.constants)
    model = helper.make_model(
        body,
        opset_imports=[helper.make_opsetid(*each) for each in OPSETS.items()],
        ir_version=IR_VERSION,
        producer_name="slipstream",
        producer_version=version("slipstream"),
    )
    facts = {"task": bundle.task, "precision": bundle.precision}
    levels = {"quantiles": json.dumps(bundle.quantiles)} if bundle.quantiles else {}
    helper.set_model_props(model, {**facts, "classes": json.dumps(bundle.classes), **levels})
    return model
