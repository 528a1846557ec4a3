"""The predictor: numpy and safetensors only, importable alone, in milliseconds."""

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.errors import BundleError, InputError, SlipstreamError
from slipstream.runtime.predictor import Predictor, load_file

__all__ = [
    "Bundle",
    "BundleError",
    "InputError",
    "Predictor",
    "SlipstreamError",
    "backend",
    "load_file",
]

backend = "numpy"
