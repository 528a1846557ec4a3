"""How long a fresh process takes from `import numpy` to its first prediction."""

import statistics
import subprocess
import sys

import numpy as np

from bench.arms.contender import Setting
from bench.arms.onnx_runtime import graph_path
from bench.arms.peers import is_installed
from bench.plan import Plan
from bench.progress import progress
from bench.results import StartFigures

__all__ = ["measure_start"]

PROGRAM = """
import time
import numpy
row = numpy.array({row})
start = time.perf_counter()
{body}
print((time.perf_counter() - start) * 1000)
"""
OURS = """
import slipstream
slipstream.load({file!r}).predict_one(row)
"""
ONNX_RUNTIME = """
import onnxruntime
session = onnxruntime.InferenceSession({file!r}, providers=["CPUExecutionProvider"])
session.run(None, {{"scaled": row[None].astype("float32")}})
"""


def measure_start(setting: Setting, plan: Plan) -> list[StartFigures]:
    """Start processes in turn, ours and ONNX Runtime's."""
    file = setting.model.path("int8")
    bodies = {"Slipstream int8": (OURS.format(file=str(file)), setting.data.kept[0])}
    if is_installed("ONNX Runtime"):
        body = ONNX_RUNTIME.format(file=str(graph_path(setting, "float32")))
        bodies["ONNX Runtime float32"] = (body, setting.data.scaled[0].astype(np.float64))
    times: dict[str, list[float]] = {name: [] for name in bodies}
    for _ in progress(plan.fresh_processes, "fresh processes"):
        for name, (body, row) in bodies.items():
            program = PROGRAM.format(row=row.tolist(), body=body)
            done = subprocess.run(
                [sys.executable, "-c", program], check=True, capture_output=True, text=True
            )
            times[name].append(float(done.stdout))
    return [
        StartFigures(
            arm=name,
            median_ms=statistics.median(each),
            longest_ms=max(each),
            processes=len(each),
        )
        for name, each in times.items()
    ]
