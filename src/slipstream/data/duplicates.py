"""Rows that repeat others: counted, because they make a table look larger than it is."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.data.target import Target

__all__ = ["count_duplicates"]


def count_duplicates(hashes: NDArray[np.uint64], target: Target) -> tuple[str, ...]:
    """Notes on rows (N,) that are alike: with the same label, and with different ones.

    `hashes` (N,) are of the cells, but for identifiers and the target.
    """
    rows = pd.DataFrame({"cells": hashes, "label": target.numbers})
    repeated = int(rows.duplicated().sum())
    notes = (
        f"{repeated:,} of {len(rows):,} rows repeat an earlier one, the target included; they "
        "are kept, on the same side of the split",
    ) * bool(repeated)
    if not target.classes:  # numbers hardly ever agree
        return notes
    differing = rows.drop_duplicates()["cells"]
    ambiguous = int(rows["cells"].isin(differing[differing.duplicated()]).sum())
    return notes + (
        f"{ambiguous:,} of {len(rows):,} rows are alike in all columns but the target, which "
        "differs: no model can answer them all",
    ) * bool(ambiguous)
