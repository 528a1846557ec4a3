"""The dataset snapshot's file, and the normalised table's: how rows, target and part lie in it."""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from slipstream.references import PARTS, DatasetRef, Part
from slipstream.store import Store

__all__ = ["PART", "TARGET", "load_part", "load_rows", "spread", "to_parquet"]

# Names no source's column has: they end in a space, and sources trim names.
TARGET = "target "
PART = "part "


def load_part(dataset: DatasetRef, part: Part, store: Store) -> tuple[pd.DataFrame, pd.Series]:
    """Read the raw features and the target of one part of a snapshot."""
    table = pq.read_table(
        store.path(dataset.table), filters=[(PART, "==", PARTS.index(part))]
    ).to_pandas()
    return table.drop(columns=[TARGET, PART]), table[TARGET]


def load_rows(dataset: DatasetRef, store: Store) -> pd.DataFrame:
    """Read the raw features of every part of a snapshot."""
    return pq.read_table(store.path(dataset.table)).to_pandas().drop(columns=[TARGET, PART])


def spread(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many rows, from all over the table: its order may mean something."""
    if len(rows) <= most:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, most).astype(int)]


def to_parquet(frame: pd.DataFrame) -> bytes:
    """A frame as the bytes of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
    return sink.getvalue()
