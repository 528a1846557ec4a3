"""The dataset snapshot's file, and the normalised table's: how rows, target and part lie in it."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from slipstream.artifacts.references import PARTS, DatasetRef, Part
from slipstream.artifacts.store import Store

__all__ = ["PART", "TARGET", "load_part", "load_rows", "to_parquet"]

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


def to_parquet(frame: pd.DataFrame) -> bytes:
    """A frame as the bytes of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
    return sink.getvalue()
