"""ONNX Runtime: float32 and the faster of two int8 forms, each by `run` and by IOBinding."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.arms.contender import FLOAT32_TOLERANCE, INT8_TOLERANCE, Contender, Setting, only
from slipstream.measurement.harness import Arm, Blocks, time_hot
from slipstream.measurement.timing import time_block

__all__ = ["graph_path", "onnx_runtime", "open_session"]

# A short look at both int8 forms, to choose which one is measured.
TRIAL_ROUNDS = 5
TRIAL = Blocks(calls=500, seconds=0.05)


def onnx_runtime(setting: Setting) -> list[Contender]:
    """Write the graphs, open a session on each, and leave out the slower int8 form."""
    from bench.arms import onnx_graphs

    float32, dynamic, static = (graph_path(setting, form) for form in ("float32", "dynamic", "QDQ"))
    onnx_graphs.write_float32(setting.model.plain, float32)
    onnx_graphs.write_int8(float32, dynamic, static, setting.data.scaled[:2048])
    int8 = [
        _contenders(setting, f"ONNX Runtime int8 ({form})", path, INT8_TOLERANCE)
        for form, path in (("dynamic", dynamic), ("QDQ", static))
    ]
    return [
        *_contenders(setting, "ONNX Runtime float32", float32, FLOAT32_TOLERANCE),
        *_fastest(int8),
    ]


def graph_path(setting: Setting, form: str) -> Path:
    """Where one form of the model's graph is kept."""
    return setting.folder / f"{setting.model.name}.{form}.onnx"


def open_session(path: Path) -> Any:
    """A session on one thread that does not spin."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _contenders(setting: Setting, name: str, path: Path, tolerance: float) -> list[Contender]:
    """`session.run` on a dict, and a run with buffers that were bound once."""
    from bench.arms.onnx_graphs import INPUT

    session, scaled = open_session(path), setting.data.scaled[:, None]  # (N, 1, k)

    def feed(index: int) -> dict[str, NDArray[np.float32]]:
        return {INPUT: scaled[index].copy()}

    def first(answers: Sequence[NDArray[np.float32]]) -> float:
        return float(answers[0][0, 0])

    run = Arm(partial(session.run, None), feed, rows=len(scaled))
    bound = Arm(_bound(session, scaled), lambda index: scaled[index].copy(), rows=len(scaled))
    return [
        Contender(
            name=label,
            arm=arm,
            probability=probability,
            reference=setting.reference,
            tolerance=tolerance,
        )
        for label, arm, probability in ((name, run, first), (f"{name}, IOBinding", bound, only))
    ]


def _bound(session: Any, scaled: NDArray[np.float32]) -> Any:
    """A call that copies a row (1, k) into the bound buffer, runs, and returns the other one."""
    from bench.arms.onnx_graphs import INPUT, OUTPUT

    binding, row, answer = session.io_binding(), np.zeros_like(scaled[0]), np.zeros((1, 1), "f4")
    for bind, label, array in (
        (binding.bind_input, INPUT, row),
        (binding.bind_output, OUTPUT, answer),
    ):
        bind(label, "cpu", 0, np.float32, array.shape, array.ctypes.data)
    run = session.run_with_iobinding

    def call(values: NDArray[np.float32]) -> NDArray[np.float32]:
        row[:] = values
        run(binding)
        return answer

    return call


def _fastest(forms: Sequence[list[Contender]]) -> list[Contender]:
    """The form with the fastest call of all."""
    arms = [each.arm for form in forms for each in form]
    times = iter(time_hot(arms, range(TRIAL_ROUNDS), TRIAL, time_block))
    fastest_us = [min(next(times).min() for _ in form) for form in forms]
    return forms[int(np.argmin(fastest_us))]
