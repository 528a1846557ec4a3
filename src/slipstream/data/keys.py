"""Keys: what identifies each row, so that another file can say something of it."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.types as pt
from numpy.typing import NDArray

from slipstream.config.data import DataConfig
from slipstream.data.cells import blank_to_null
from slipstream.runtime.errors import InputError
from slipstream.runtime.text import did_you_mean, listing, quote
from slipstream.runtime.values import MISSING_MARKERS

__all__ = ["as_keys", "read_keys"]


def read_keys(
    raw: pa.Table, data: DataConfig, markers: Sequence[str] = MISSING_MARKERS
) -> NDArray[np.object_] | None:
    """The rows' keys (N,) as text; None where no column is named.

    Args:
        raw: the rows.
        data: names the column.
        markers: the texts that mean missing in every column.

    Raises:
        InputError: the column is not there, or does not identify each row.
    """
    name = data.key
    if not name:
        return None
    if name not in raw.column_names:
        raise InputError(
            f"data.key must be a column, however: there is no {quote(name)}; "
            f"{did_you_mean(name, raw.column_names)}the columns are {listing(raw.column_names)}"
        )
    if name in (data.target, data.weight, data.splits_by):
        other = {data.target: "target", data.weight: "weight"}.get(name, "column to split by")
        raise InputError(
            f"data.key must be a column of its own, however: {quote(name)} is the {other}; name "
            "another column"
        )
    keys = as_keys(blank_to_null(raw.column(name).combine_chunks(), markers))
    if keys.null_count:
        raise InputError(
            f"data.key must identify each row, however: {quote(name)} is missing in "
            f"{keys.null_count:,} rows; name another column, or leave it empty"
        )
    distinct = len(keys.unique())
    if distinct < len(keys):
        raise InputError(
            f"data.key must identify each row, however: {quote(name)} has {distinct:,} values in "
            f"{len(keys):,} rows; name another column, or leave it empty"
        )
    return keys.to_numpy(zero_copy_only=False)


def as_keys(cells: pa.Array) -> pa.Array:
    """Cells (N,) as text, in which a whole number is written without a point."""
    kind = cells.type.value_type if pt.is_dictionary(cells.type) else cells.type
    cells = cells.cast(kind)
    if pt.is_floating(kind):
        whole = cells.cast(pa.int64(), safe=False)
        if whole.cast(kind).equals(cells):
            cells = whole
    return cells.cast(pa.string())
