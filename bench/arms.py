"""The arms: how each library answers one row, by the fastest call that it offers.

A row is made just before its block, as in a request, in the form that the library reads; the
library's answer is left as it is (an array, a tensor). Both are in the peers' favour: ours takes
raw values and gives a float.
"""

import ctypes
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.feature_selection import SelectKBest
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler

from bench.models import KEPT, MIXED, Data, Model, mixed_rows
from bench.protocol import CHECKED_ROWS, Arm, Indices
from slipstream.runtime import Predictor, load_file
from slipstream.runtime.types import Precision

__all__ = [
    "AGAIN",
    "EMPTY",
    "PEERS",
    "SAME_NETWORK",
    "Setting",
    "empty_call",
    "is_installed",
    "mixed",
    "ours",
]

# int8 rounds: a probability may move this far, of either library's int8.
INT8_TOLERANCE = 0.08
EMPTY = "an empty C call"
AGAIN = "Slipstream int8, again (A/A)"
# Of ours from numpy's, after the link: int8's logits are the same to the bit.
NUMPY_TOLERANCE: dict[Precision, float] = {"int8": 1e-12, "float32": 1e-6}
TREES, LEAVES = 100, 31


@dataclass(frozen=True)
class Setting:
    """What an arm is built from: the table, a model trained on it, and a folder for files."""

    data: Data
    model: Model
    folder: Path

    @cached_property
    def reference(self) -> NDArray[np.float64]:
        """The probability of every row that is checked, computed independently."""
        return self.model.reference(self.data.scaled[:CHECKED_ROWS])


def is_installed(*modules: str) -> bool:
    """Whether all modules can be imported."""
    return all(find_spec(module) is not None for module in modules)


def empty_call() -> Arm:
    """What calling any C function costs, timer included."""
    return Arm(name=EMPTY, inputs=_made(lambda _: np.zeros(5)), call=id)


def ours(setting: Setting, *, every_input: bool) -> list[Arm]:
    """The compiled predictor, int8 first, and an A/A arm; then other inputs and numpy.

    The A/A arm is the same file loaded again, so that it lies elsewhere in memory.
    """
    kept = setting.data.kept
    _check_against_numpy(setting.model, kept[:CHECKED_ROWS])

    def row(index: int) -> NDArray[np.float64]:
        return kept[index].copy()

    made = [
        _ours(setting, f"Slipstream {precision}", row, precision)
        for precision in ("int8", "float32")
    ]
    again = load_file(setting.model.path("int8"))
    made.append(_ours(setting, AGAIN, row, "int8", again.predict_one))
    if every_input:
        names = setting.model.predictors["int8"].features

        def mapping(index: int) -> dict[str, float]:
            return dict(zip(names, kept[index].tolist(), strict=True))

        made.append(
            _ours(setting, "Slipstream int8, list", lambda index: kept[index].tolist(), "int8")
        )
        for precision in ("int8", "float32"):
            name = f"Slipstream {precision}"
            made.append(_ours(setting, f"{name}, dict", mapping, precision))
            by_numpy = Predictor(setting.model.bundles[precision], backend="numpy").predict_one
            for form, make in (("", row), (", dict", mapping)):
                made.append(
                    _ours(setting, f"{name}, numpy backend{form}", make, precision, by_numpy)
                )
    return made


def _check_against_numpy(model: Model, rows: NDArray[np.float64]) -> None:
    """Hold the compiled predictor's answers against numpy's."""
    for precision, predictor in model.predictors.items():
        by_numpy = Predictor(model.bundles[precision], backend="numpy").predict(rows)
        difference = float(np.abs(predictor.predict(rows) - by_numpy).max())
        if not difference <= NUMPY_TOLERANCE[precision]:
            raise RuntimeError(
                f"{model.name}, {precision}, must agree with numpy's predictor within "
                f"{NUMPY_TOLERANCE[precision]}, however: it differs by {difference}"
            )


def mixed(model: Model, data: Data) -> list[Arm]:
    """Rows with strings: as lists, as dicts made in Python, and as dicts parsed from JSON."""
    rows = mixed_rows(data)
    texts = [json.dumps(row) for row in rows]
    call = model.predictors["int8"].predict_one
    reference = np.array([call(list(row.values())) for row in rows])
    forms: dict[str, Callable[[int], Any]] = {
        "list": lambda index: list(rows[index].values()),
        "dict": lambda index: dict(rows[index]),
        "dict from JSON": lambda index: json.loads(texts[index]),
    }
    return [
        Arm(
            name=f"Slipstream int8, {MIXED}, {form}",
            inputs=_made(make),
            call=call,
            reference=reference,
            tolerance=0.0,
            ours=True,
        )
        for form, make in forms.items()
    ]


def onnx_runtime(setting: Setting) -> list[Arm]:
    """float32 and the faster of two int8 forms, each by `run` and by IOBinding."""
    from bench import onnx_graphs

    name = setting.model.name
    paths = {form: setting.folder / f"{name}.{form}.onnx" for form in ("float32", "dynamic", "QDQ")}
    onnx_graphs.write_float32(setting.model.plain, paths["float32"])
    onnx_graphs.write_int8(
        paths["float32"], paths["dynamic"], paths["QDQ"], setting.data.scaled[:2048]
    )
    float32 = _onnx_arms(setting, "ONNX Runtime float32", onnx_session(paths["float32"]), 1e-4)
    int8 = [
        _onnx_arms(
            setting, f"ONNX Runtime int8 ({form})", onnx_session(paths[form]), INT8_TOLERANCE
        )
        for form in ("dynamic", "QDQ")
    ]
    return [*float32, *min(int8, key=lambda arms: min(_trial(arm) for arm in arms))]


def onnx_session(path: Path) -> Any:
    """A session on one thread that does not spin."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def torch_eager(setting: Setting) -> list[Arm]:
    """The module itself, in inference mode (`bench.measuring`)."""
    steps: list[torch.nn.Module] = []
    for weight, bias in setting.model.plain:
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        linear.weight.data, linear.bias.data = torch.from_numpy(weight), torch.from_numpy(bias)
        steps += [linear, torch.nn.ReLU()]
    module = torch.nn.Sequential(*steps[:-1], torch.nn.Sigmoid()).eval()
    rows = torch.from_numpy(setting.data.scaled[:, None])  # (N, 1, k)
    return [_arm(setting, "torch eager", lambda index: rows[index].clone(), module)]


def scikit_learn(setting: Setting) -> list[Arm]:
    """Scale, select, MLP over the ten raw columns: one row as an array, and as a frame."""
    names = [f"feature_{index + 1:02d}" for index in range(setting.data.table.shape[1])]
    frame = pd.DataFrame(setting.data.table, columns=names)
    rows = setting.data.table[:, None]  # (N, 1, 10)

    def second(answer: NDArray[np.float64]) -> float:
        return float(answer[0, 1])

    forms: dict[str, tuple[Any, Callable[[int], Any]]] = {
        "array": (setting.data.table, lambda index: rows[index].copy()),
        "frame": (frame, lambda index: frame.iloc[index : index + 1].copy()),
    }
    return [
        _arm(
            setting,
            f"scikit-learn pipeline, {form}",
            make,
            _sklearn_pipeline(setting, table).predict_proba,
            second,
        )
        for form, (table, make) in forms.items()
    ]


def _sklearn_pipeline(setting: Setting, table: Any) -> Pipeline:
    """A pipeline fitted on the table that computes the model's function, with its weights."""
    data, plain = setting.data, setting.model.plain
    hidden = [len(bias) for _, bias in plain[:-1]]
    scaler, selector = MinMaxScaler(), SelectKBest(k=len(KEPT))
    selector.fit(scaler.fit_transform(table), data.target)
    if not np.array_equal(selector.get_support(indices=True), KEPT):
        raise RuntimeError("SelectKBest must choose the columns that the network reads")
    classifier = MLPClassifier(hidden)
    classifier.partial_fit(data.scaled[:2].astype(np.float64), [0, 1], classes=[0, 1])
    classifier.coefs_ = [np.ascontiguousarray(weight.T, np.float64) for weight, _ in plain]
    classifier.intercepts_ = [bias.astype(np.float64) for _, bias in plain]
    return make_pipeline(scaler, selector, classifier)


def lightgbm(setting: Setting) -> list[Arm]:
    """A booster of 100 trees with 31 leaves: another model, of the same table."""
    import lightgbm as library

    parameters = {
        "objective": "binary",
        "num_leaves": LEAVES,
        "num_threads": 1,
        "verbosity": -1,
        "seed": 0,
        "deterministic": True,
    }
    kept = setting.data.kept
    table = library.Dataset(kept, setting.data.target)
    booster = library.train(parameters, table, num_boost_round=TREES)
    reference = booster.predict(kept, num_threads=1)
    predict = partial(booster.predict, num_threads=1)
    rows = kept[:, None]  # (N, 1, k)
    return [
        Arm(
            name="LightGBM Booster.predict",
            inputs=_made(lambda index: rows[index].copy()),
            call=predict,
            probability=_only,
            reference=reference,
        ),
        _lightgbm_fast(booster, kept, reference),
    ]


def _lightgbm_fast(booster: Any, kept: NDArray[np.float64], reference: Any) -> Arm:
    """`LGBM_BoosterPredictForMatSingleRowFast` through ctypes, the rows' addresses at hand."""
    from lightgbm.basic import _LIB

    normal, float64 = 0, 1  # C_API_PREDICT_NORMAL, C_API_DTYPE_FLOAT64
    config = ctypes.c_void_p()
    failed = _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
        booster._handle, normal, 0, -1, float64, kept.shape[1], b"num_threads=1",
        ctypes.byref(config),
    )  # fmt: skip
    if failed:
        raise RuntimeError("LightGBM must prepare its single-row call, however: it refused")
    length, answer = ctypes.c_int64(), ctypes.c_double()
    function, length_at, answer_at = (
        _LIB.LGBM_BoosterPredictForMatSingleRowFast,
        ctypes.byref(length),
        ctypes.byref(answer),
    )
    start, step = kept.ctypes.data, kept.strides[0]

    # The default holds what must live as long as the arm: the booster and the rows.
    def call(address: ctypes.c_void_p, _: Any = (booster, kept)) -> float:
        function(config, address, length_at, answer_at)
        return answer.value

    return Arm(
        name="LightGBM C single-row-fast (ctypes)",
        inputs=_made(lambda index: ctypes.c_void_p(start + index * step)),
        call=call,
        reference=reference,
        tolerance=1e-12,
    )


def openvino(setting: Setting) -> list[Arm]:
    """One request on one thread, inputs and outputs shared, not copied."""
    import openvino as library

    from bench import onnx_graphs

    path = setting.folder / f"{setting.model.name}.openvino.onnx"
    onnx_graphs.write_float32(setting.model.plain, path)
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    graph = library.Core().read_model(path)
    graph.reshape([1, len(KEPT)])
    request = library.compile_model(graph, "CPU", settings).create_infer_request()
    call = partial(request.infer, share_inputs=True, share_outputs=True)

    def first(answer: Any) -> float:
        return float(answer[0][0, 0])

    rows = setting.data.scaled[:, None]  # (N, 1, k)
    return [_arm(setting, "OpenVINO float32", lambda index: [rows[index].copy()], call, first)]


def mlflow_pyfunc(setting: Setting) -> list[Arm]:
    """Our int8 bundle as MLflow serves it: a frame of one row through `pyfunc`."""
    import mlflow.pyfunc

    bundle = setting.model.path("int8")
    place = setting.folder / f"{setting.model.name}.mlflow"
    mlflow.pyfunc.save_model(
        place, loader_module="slipstream.pyfunc", data_path=bundle, pip_requirements=[]
    )
    loaded = mlflow.pyfunc.load_model(str(place))
    features = setting.model.predictors["int8"].features
    frame = pd.DataFrame(setting.data.kept, columns=features)

    return [
        Arm(
            name="MLflow pyfunc of Slipstream int8",
            inputs=_made(lambda index: frame.iloc[index : index + 1].copy()),
            call=loaded.predict,
            probability=_only,
            reference=setting.reference,
            tolerance=INT8_TOLERANCE,
        )
    ]


# Each peer: what must be installed, and what makes its arms.
PEERS: dict[str, tuple[tuple[str, ...], Callable[[Setting], list[Arm]]]] = {
    "ONNX Runtime": (("onnx", "onnxruntime"), onnx_runtime),
    "torch": (("torch",), torch_eager),
    "scikit-learn": (("sklearn",), scikit_learn),
    "LightGBM": (("lightgbm",), lightgbm),
    "OpenVINO": (("onnx", "onnxruntime", "openvino"), openvino),
    "MLflow": (("mlflow",), mlflow_pyfunc),
}
# Those whose time depends on the network's size: they are measured at every size.
SAME_NETWORK = ("ONNX Runtime", "torch", "scikit-learn", "OpenVINO")


def _ours(
    setting: Setting,
    name: str,
    make: Callable[[int], Any],
    precision: Precision,
    call: Callable[[Any], Any] | None = None,
) -> Arm:
    tolerance = INT8_TOLERANCE if precision == "int8" else 1e-4
    call = call or setting.model.predictors[precision].predict_one
    made = _arm(setting, name, make, call, float, tolerance)
    return replace(made, ours=True)


def _onnx_arms(setting: Setting, name: str, session: Any, tolerance: float) -> list[Arm]:
    from bench.onnx_graphs import INPUT, OUTPUT

    scaled = setting.data.scaled[:, None]  # (N, 1, k)
    binding, row, answer = session.io_binding(), np.zeros_like(scaled[0]), np.zeros((1, 1), "f4")
    for bind, label, array in (
        (binding.bind_input, INPUT, row),
        (binding.bind_output, OUTPUT, answer),
    ):
        bind(label, "cpu", 0, np.float32, array.shape, array.ctypes.data)
    run = session.run_with_iobinding

    def make(index: int) -> NDArray[np.float32]:
        return scaled[index].copy()

    def feed(index: int) -> dict[str, NDArray[np.float32]]:
        return {INPUT: scaled[index].copy()}

    def call_bound(values: NDArray[np.float32]) -> NDArray[np.float32]:
        row[:] = values
        run(binding)
        return answer

    def first(answers: Sequence[NDArray[np.float32]]) -> float:
        return float(answers[0][0, 0])

    return [
        _arm(setting, name, feed, partial(session.run, None), first, tolerance),
        _arm(setting, f"{name}, IOBinding", make, call_bound, _only, tolerance),
    ]


def _arm(  # noqa: PLR0913, PLR0917 -- what an arm is
    setting: Setting,
    name: str,
    make: Callable[[int], Any],
    call: Callable[[Any], Any],
    probability: Callable[[Any], float] | None = None,
    tolerance: float = 1e-4,
) -> Arm:
    return Arm(
        name=name,
        inputs=_made(make),
        call=call,
        probability=probability or float,
        reference=setting.reference,
        tolerance=tolerance,
    )


def _made(make: Callable[[int], Any]) -> Callable[[Indices], list[Any]]:
    """Inputs that are made anew, one by one, each from the index of its row."""
    return lambda chosen: [make(index) for index in chosen.tolist()]


def _only(answer: Any) -> float:
    return float(np.asarray(answer).item())


def _trial(arm: Arm) -> float:
    """A short look at an arm's time, to choose which form of a peer is measured."""
    inputs, times = arm.inputs(np.arange(500)), []
    for _ in range(5):
        start = time.perf_counter()
        for each in inputs:
            arm.call(each)
        times.append(time.perf_counter() - start)
    return min(times)
