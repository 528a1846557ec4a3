"""A dataset snapshot's rows, and its normalised table's: the one way to read them.

A snapshot is a Parquet file that holds the columns, the target and each row's part.
"""

import io
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow.dataset import Scanner, dataset, field

from slipstream.artifacts.references import PARTS, DatasetRef, Part, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.runtime.dates import as_seconds
from slipstream.runtime.numpy_time import microseconds

__all__ = ["PART", "TARGET", "Snapshot", "as_numbers", "to_parquet"]

# No column of a source has these names: they end in a space, and sources trim names.
TARGET = "target "
PART = "part "


class Snapshot:
    """The rows of a snapshot, always in the order in which they were ingested.

    Args:
        table: the snapshot, or the normalised table made from it.
        store: where its file is.
    """

    def __init__(self, table: DatasetRef | PreparedRef, store: Store) -> None:
        self._file = dataset(store.path(table.table), format="parquet")

    def batches(
        self, part: Part | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one part, or of all, a bounded number at a time.

        Args:
            part: which rows; None: all.
            columns: which columns, `TARGET` and `PART` included; None: the features and `TARGET`.
        """
        yield from self._scan(part, columns).to_batches()

    def frame(self, part: Part | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """All that `batches` yields as one frame."""
        schema = self._scan(part, columns).projected_schema  # there may be no batch
        return pa.Table.from_batches(self.batches(part, columns), schema).to_pandas()

    def rows(self, part: Part | None = None) -> pd.DataFrame:
        """The features of one part, or of all rows."""
        return self.frame(part, self._features)

    def target(self, part: Part | None = None) -> pd.Series:
        """The target of one part, or of all rows."""
        return self.frame(part, [TARGET])[TARGET]

    @property
    def _features(self) -> list[str]:
        return [name for name in self._file.schema.names if name not in (TARGET, PART)]

    def _scan(self, part: Part | None, columns: Sequence[str] | None) -> Scanner:
        chosen = [*self._features, TARGET] if columns is None else columns
        return self._file.scanner(
            columns=list(chosen),
            filter=None if part is None else field(PART) == PARTS.index(part),
        )


def as_numbers(values: pd.Series) -> NDArray[np.float64]:
    """A column of numbers or dates (N,) as the predictor counts them: NaN for missing."""
    if values.dtype.kind == "M":
        return as_seconds(microseconds(values.to_numpy()))
    return values.to_numpy(np.float64)


def to_parquet(frame: pd.DataFrame) -> bytes:
    """A frame as the bytes of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
    return sink.getvalue()
