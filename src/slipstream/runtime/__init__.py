"""The predictor: numpy, safetensors and a compiled part; importable alone, in milliseconds.

`backend` says what runs: `compiled`, on `instruction_set`, or `numpy` if there was no C compiler
at install time.
"""

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.checking import CheckReport
from slipstream.runtime.errors import (
    AbsentColumnWarning,
    BundleError,
    InputError,
    SlipstreamError,
)
from slipstream.runtime.native import backend, instruction_set
from slipstream.runtime.predictor import Predictor, load_file

__all__ = [
    "AbsentColumnWarning",
    "Bundle",
    "BundleError",
    "CheckReport",
    "InputError",
    "Predictor",
    "SlipstreamError",
    "backend",
    "instruction_set",
    "load_file",
]
