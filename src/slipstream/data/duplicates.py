"""Rows that repeat others: counted, because they make a table look larger than it is."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.data.target import Target

__all__ = ["count_duplicates"]


def count_duplicates(
    hashes: NDArray[np.uint64], target: Target, *, together: bool = True
) -> tuple[str, ...]:
    """Notes on rows (N,) that are alike: with the same label, and with different ones.

    `hashes` (N,) are of the cells, but for identifiers and the target; `together` is whether the
    split keeps rows that are alike on one side.
    """
    rows = pd.DataFrame({"cells": hashes, "label": target.numbers})
    repeated = int(rows.duplicated().sum())
    of = f"of {len(rows):,} rows"
    where = ", on the same side of the split" if together else ""
    repeat, kept = ("repeats", "it is") if repeated == 1 else ("repeat", "they are")
    said = f"{repeated:,} {of} {repeat} an earlier one, the target included; {kept} kept{where}"
    notes = [said] * bool(repeated)
    if target.classes:  # numbers hardly ever agree
        different = rows.drop_duplicates()["cells"]
        unsure = int(rows["cells"].isin(different[different.duplicated()]).sum())
        said = f"{unsure:,} {of} are alike in all columns but the target, and cannot all be right"
        notes += [said] * bool(unsure)
    return tuple(notes)
