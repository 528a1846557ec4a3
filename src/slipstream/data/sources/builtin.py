"""The demo table, and the sets that scikit-learn ships."""

import numpy as np
import pyarrow as pa
from sklearn import datasets

__all__ = ["has", "read"]

_SHIPPED = ("breast_cancer", "diabetes", "digits", "iris", "wine")
DEMO_ROWS = 1000


def has(name: str) -> bool:
    """Whether a data path names a built-in set."""
    return name == "demo" or name in _SHIPPED


def read(name: str) -> pa.Table:
    """Make or load a built-in set; its target column is `target`."""
    if name == "demo":
        return demo()
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    if "target_names" not in bunch:  # a number, not a label
        return pa.Table.from_pandas(bunch.frame, preserve_index=False)
    labels = np.asarray([str(label) for label in bunch.target_names])[bunch.target.to_numpy()]
    frame = bunch.data.assign(target=labels)
    return pa.Table.from_pandas(frame, preserve_index=False)


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
