"""The other libraries: what each needs to be installed, and what makes its arms."""

from collections.abc import Callable
from importlib.util import find_spec

from bench.arms.contender import Contender, Setting
from bench.arms.light_gbm import light_gbm
from bench.arms.mlflow_pyfunc import mlflow_pyfunc
from bench.arms.onnx_runtime import onnx_runtime
from bench.arms.open_vino import open_vino
from bench.arms.scikit_learn import scikit_learn
from bench.arms.torch_eager import torch_eager

__all__ = ["PEERS", "SAME_NETWORK", "is_installed"]

PEERS: dict[str, tuple[tuple[str, ...], Callable[[Setting], list[Contender]]]] = {
    "ONNX Runtime": (("onnx", "onnxruntime"), onnx_runtime),
    "torch": (("torch",), torch_eager),
    "scikit-learn": (("sklearn",), scikit_learn),
    "LightGBM": (("lightgbm",), light_gbm),
    "OpenVINO": (("onnx", "onnxruntime", "openvino"), open_vino),
    "MLflow": (("mlflow",), mlflow_pyfunc),
}
# Those whose time depends on the network's size: they are measured at every size.
SAME_NETWORK = ("ONNX Runtime", "torch", "scikit-learn", "OpenVINO")


def is_installed(peer: str) -> bool:
    """Whether everything that a peer needs can be imported."""
    needed, _ = PEERS[peer]
    return all(find_spec(module) is not None for module in needed)
