"""The demo table, and the sets of scikit-learn."""

from typing import Any

import numpy as np
import pyarrow as pa
from sklearn import datasets

from slipstream.runtime.errors import InputError

__all__ = ["has", "read"]

_CLASSES = ("breast_cancer", "digits", "iris", "wine")
_NUMBERS = ("diabetes", "california_housing")
DEMO_ROWS = 1000


def has(name: str) -> bool:
    """Whether a data path names a built-in set."""
    return name in ("demo", *_CLASSES, *_NUMBERS)


def read(name: str) -> pa.Table:
    """Make or load a built-in set; its target column is `target`: a label, or a number.

    Raises:
        InputError: the set does not come with scikit-learn, and is not on the disk.
    """
    if name == "demo":
        return demo()
    try:
        bunch = _load(name)
    except OSError:
        raise InputError(
            f"the set {name} must be on the disk, because nothing is downloaded in a run, however: "
            f"it is not; run python -c 'from sklearn import datasets; datasets.fetch_{name}()'"
        ) from None
    target = bunch.target.to_numpy()
    if name in _CLASSES:
        target = np.asarray([str(label) for label in bunch.target_names])[target]
    return pa.Table.from_pandas(bunch.data.assign(target=target), preserve_index=False)


def _load(name: str) -> Any:
    """Load a set of scikit-learn; OSError if it is not there."""
    if name == "california_housing":
        return datasets.fetch_california_housing(as_frame=True, download_if_missing=False)
    return getattr(datasets, f"load_{name}")(as_frame=True)


def demo() -> pa.Table:
    """1000 rows, 10 numeric columns of different scales, of which 5 inform the target."""
    random = np.random.default_rng(20)
    signal = random.standard_normal((DEMO_ROWS, 10))
    strength = np.array([1.9, 0.0, -1.6, 1.3, 0.0, -1.1, 0.0, 0.9, 0.0, 0.0])
    score = 3.0 * (signal @ strength) / np.linalg.norm(strength)
    target = random.random(DEMO_ROWS) < 1 / (1 + np.exp(-2 * score))
    centre = np.array([5.1, 3.5, 40.0, 1.4, 250.0, 0.2, 12.0, 700.0, 0.0, 33.0])
    spread = np.array([0.8, 0.4, 11.0, 0.5, 60.0, 0.1, 3.0, 150.0, 1.0, 9.0])
    values = np.round(centre + spread * signal, 3)
    columns = {f"feature_{index + 1:02d}": values[:, index] for index in range(10)}
    return pa.table({**columns, "target": target.astype(np.int64)})
