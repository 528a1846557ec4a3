"""Slipstream: the smallest, fastest model that keeps its accuracy."""

from pathlib import Path

from slipstream.runtime import (
    AbsentColumnWarning,
    BundleError,
    CheckReport,
    InputError,
    Predictor,
    SlipstreamError,
    load_file,
)
from slipstream.runtime.bundle import parse

__all__ = [
    "AbsentColumnWarning",
    "BundleError",
    "CheckReport",
    "InputError",
    "Predictor",
    "SlipstreamError",
    "__version__",
    "load",
]

__version__ = "0.1.0"


def load(source: str | Path) -> Predictor:
    """Load a predictor from a bundle file, or from MLflow's registry (`models:/churn@champion`).

    Raises:
        BundleError: the file cannot be read, is damaged, or is not a bundle.
        InputError: the registry has no such model, or mlflow is not installed.
    """
    if str(source).startswith("models:/"):
        try:
            from slipstream.tracking.download import fetch_bundle
        except ImportError as error:
            raise InputError(
                f"loading from the registry needs MLflow, however: {error}; run pip install mlflow"
            ) from None

        return Predictor(parse(fetch_bundle(str(source))), name=str(source))
    return load_file(source)
