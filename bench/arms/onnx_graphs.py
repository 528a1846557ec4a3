"""The plain network as an ONNX graph, and ONNX Runtime's own two int8 forms of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

__all__ = ["INPUT", "OUTPUT", "write_float32", "write_int8"]

INPUT, OUTPUT = "scaled", "probability"
OPSET, IR_VERSION = 18, 10

Weights = Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]


def write_float32(plain: Weights, path: Path) -> None:
    """Write the network: one Gemm a layer with ReLU between, then the sigmoid."""
    nodes, tensors, value = [], [], INPUT
    for index, (weight, bias) in enumerate(plain):
        tensors.append(numpy_helper.from_array(weight, f"weight_{index}"))
        tensors.append(numpy_helper.from_array(bias, f"bias_{index}"))
        inputs = [value, f"weight_{index}", f"bias_{index}"]
        nodes.append(helper.make_node("Gemm", inputs, [f"sums_{index}"], transB=1))
        last = index == len(plain) - 1
        value = OUTPUT if last else f"activations_{index}"
        nodes.append(helper.make_node("Sigmoid" if last else "Relu", [f"sums_{index}"], [value]))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["rows", plain[0][0].shape[1]])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["rows", 1])],
        tensors,
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def write_int8(float32: Path, dynamic: Path, static: Path, scaled: NDArray[np.float32]) -> None:
    """Write both int8 forms, after the pre-processing that ONNX Runtime advises.

    Args:
        float32: the file of `write_float32`.
        dynamic: gets s8 weights; activations are quantised in every call.
        static: gets s8 weights, one scale a channel, and u8 activations (QDQ).
        scaled: rows (N, k) to calibrate the activations of `static` on.
    """
    prepared = float32.with_suffix(".prepared.onnx")
    quant_pre_process(float32, prepared)
    quantize_dynamic(prepared, dynamic, weight_type=QuantType.QInt8)
    quantize_static(
        prepared,
        static,
        _Rows(scaled),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
    )


class _Rows(CalibrationDataReader):  # type: ignore[misc]
    """Hands the calibration the rows, one batch after another."""

    def __init__(self, scaled: NDArray[np.float32]) -> None:
        self._batches: Iterator[Any] = iter(np.array_split(scaled, 8))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}
