"""Which part a row belongs to: decided by a seeded hash of its own feature values.

So the split does not depend on the order of rows, does not change when rows are added, and never
puts exact duplicates on two sides.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.config import DataConfig
from slipstream.references import PARTS
from slipstream.runtime.errors import InputError

__all__ = ["check_parts", "split"]


def split(features: pd.DataFrame, data: DataConfig) -> NDArray[np.int8]:
    """Assign each row a part, as an index into `PARTS`, (N,)."""
    ordered = features[sorted(features.columns)]
    hashes = pd.util.hash_pandas_object(ordered, index=False).to_numpy()
    seeded = pd.util.hash_array(hashes ^ np.uint64(data.seed))
    share = seeded / 2.0**64
    held_out = data.test_fraction + data.validation_fraction
    in_part = {"train": share >= held_out, "test": share < data.test_fraction}
    return np.select(
        [in_part["train"], in_part["test"]],
        [PARTS.index("train"), PARTS.index("test")],
        PARTS.index("validation"),
    ).astype(np.int8)


def check_parts(
    parts: NDArray[np.int8], target: NDArray[np.int8], classes: tuple[str, str]
) -> None:
    """Check that every part has rows of both classes.

    Raises:
        InputError: one has not.
    """
    for index, part in enumerate(PARTS):
        inside = target[parts == index]
        for label, name in enumerate(classes):
            if not (inside == label).any():
                raise InputError(
                    f"every part of the split must have rows of both classes, however: the {part} "
                    f"part ({len(inside)} rows) has none of {name!r}; add rows, or change "
                    "data.test_fraction, data.validation_fraction or data.seed"
                )
