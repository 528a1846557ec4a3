"""Ingest: a source becomes a dataset snapshot."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from slipstream import sources
from slipstream.config import DataConfig
from slipstream.references import PARTS, DatasetRef, Part
from slipstream.runtime.errors import InputError
from slipstream.schema import infer
from slipstream.splitting import check_parts, split
from slipstream.store import Store
from slipstream.target import binary_target, find_target

__all__ = ["ingest", "load_part", "to_parquet"]

# Names no source's column has: they end in a space, and names are trimmed.
TARGET = "target "
PART = "part "


def ingest(data: DataConfig, store: Store) -> DatasetRef:
    """Read the source, type its columns, split its rows, and keep a snapshot.

    Raises:
        InputError: the source or the target breaks a rule.
    """
    raw = sources.read(data)
    find_target(raw.column_names, data.target)
    _check_dropped(raw, data)
    labels, classes = binary_target(
        data.target, raw.column(data.target).combine_chunks(), data.positive
    )
    features, schema, warnings = infer(raw.drop_columns([data.target, *data.drop]))
    parts = split(features, data)
    check_parts(parts, labels, classes)
    snapshot = features.assign(**{TARGET: labels, PART: parts})
    return DatasetRef(
        table=store.put(to_parquet(snapshot), ".parquet"),
        columns=schema,
        raw_columns=raw.num_columns - 1,
        target=data.target,
        classes=classes,
        rows={part: int((parts == index).sum()) for index, part in enumerate(PARTS)},
        warnings=warnings,
    )


def load_part(dataset: DatasetRef, part: Part, store: Store) -> tuple[pd.DataFrame, pd.Series]:
    """Read the raw features and the target of one part of a snapshot."""
    table = pq.read_table(
        store.path(dataset.table), filters=[(PART, "==", PARTS.index(part))]
    ).to_pandas()
    return table.drop(columns=[TARGET, PART]), table[TARGET]


def to_parquet(frame: pd.DataFrame) -> bytes:
    """A frame as the bytes of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
    return sink.getvalue()


def _check_dropped(raw: pa.Table, data: DataConfig) -> None:
    absent = sorted(set(data.drop) - set(raw.column_names))
    if absent:
        raise InputError(
            f"data.drop must name columns, however: there is no {absent[0]!r}; "
            f"the columns are {', '.join(raw.column_names)}"
        )
    if data.target in data.drop:
        raise InputError(
            f"data.drop must leave the target, however: it names {data.target!r}; take it out"
        )
