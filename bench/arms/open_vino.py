"""OpenVINO: one request on one thread."""

from functools import partial
from typing import Any

from bench.arms.contender import Contender, Setting
from bench.arms.onnx_runtime import graph_path
from bench.models import KEPT
from slipstream.measurement.harness import Arm

__all__ = ["open_vino"]

SETTINGS = {
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_NUM_THREADS": 1,
    "NUM_STREAMS": 1,
    "INFERENCE_PRECISION_HINT": "f32",
}


def open_vino(setting: Setting) -> list[Contender]:
    """One row (1, k); inputs and outputs are shared, not copied."""
    import openvino

    from bench.arms.onnx_graphs import write_float32

    path = graph_path(setting, "openvino")
    write_float32(setting.model.plain, path)
    graph = openvino.Core().read_model(path)
    graph.reshape([1, len(KEPT)])
    request = openvino.compile_model(graph, "CPU", SETTINGS).create_infer_request()
    call = partial(request.infer, share_inputs=True, share_outputs=True)

    def first(answer: Any) -> float:
        return float(answer[0][0, 0])

    rows = setting.data.scaled[:, None]  # (N, 1, k)
    return [
        Contender(
            name="OpenVINO float32",
            arm=Arm(call, lambda index: [rows[index].copy()], rows=len(rows)),
            probability=first,
            reference=setting.reference,
        )
    ]
