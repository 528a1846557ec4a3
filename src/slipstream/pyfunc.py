"""What MLflow loads a bundle with: `mlflow.pyfunc.load_model` calls `_load_pyfunc`."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipstream.runtime import InputError, Predictor, load_file

__all__ = ["BundleModel"]


class BundleModel:
    """A predictor with the signature that MLflow expects."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def predict(self, table: Any, params: dict[str, Any] | None = None) -> NDArray[np.float64]:
        """Answer a frame of raw rows: P(positive), (N,).

        Raises:
            InputError: a value is wrong, or parameters are given.
        """
        if params:
            raise InputError(f"a bundle takes no parameters, however: {sorted(params)}; drop them")
        return self._predictor.predict(table)


def _load_pyfunc(path: str) -> BundleModel:
    place = Path(path)
    (file,) = [place] if place.is_file() else place.glob("*.safetensors")
    return BundleModel(load_file(file))
