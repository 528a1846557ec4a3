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

__all__ = [
    "GROUP",
    "KEY",
    "PART",
    "TARGET",
    "TIME",
    "WEIGHT",
    "Instants",
    "Snapshot",
    "as_numbers",
    "to_parquet",
    "weights_of",
]

# When each row happened, for a split by time: an instant, or a number such as a year.
Instants = NDArray[np.datetime64] | NDArray[np.int64] | NDArray[np.float64]

# No column of a source has these names: they end in a space, and sources trim names.
TARGET = "target "
PART = "part "
WEIGHT = "weight "  # where rows do not count alike
TIME = "time "  # where rows are split by it
GROUP = "group "  # where rows are split by it: a number for each group
KEY = "key "  # where a column identifies each row: as text
# What rows come without, unless it is asked for by name.
ON_REQUEST = (PART, TIME, GROUP, KEY)


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
            columns: which columns, also those that are no features; None: all but
                `ON_REQUEST`.
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

    def weights(self, part: Part | None = None) -> NDArray[np.float64] | None:
        """The weights (N,) of one part's rows, or of all; None where all rows count alike."""
        if WEIGHT not in self._file.schema.names:
            return None
        return weights_of(self.frame(part, [WEIGHT]))

    def times(self, part: Part | None = None) -> Instants | None:
        """When the rows (N,) of one part, or of all, happened; None unless they are split by it."""
        if TIME not in self._file.schema.names:
            return None
        return self.frame(part, [TIME])[TIME].to_numpy()

    def groups(self, part: Part | None = None) -> NDArray[np.int64] | None:
        """The rows' groups (N,), as numbers; None unless they are split by them."""
        if GROUP not in self._file.schema.names:
            return None
        return self.frame(part, [GROUP])[GROUP].to_numpy()

    def keys(self) -> pd.Series | None:
        """What identifies each row (N,), as text; None unless a column does."""
        return self.frame(columns=[KEY])[KEY] if KEY in self._file.schema.names else None

    @property
    def apart(self) -> list[str]:
        """The columns that are no features."""
        return [name for name in self._file.schema.names if name in (TARGET, WEIGHT, *ON_REQUEST)]

    @property
    def _features(self) -> list[str]:
        return [name for name in self._file.schema.names if name not in self.apart]

    def _scan(self, part: Part | None, columns: Sequence[str] | None) -> Scanner:
        chosen = columns
        if chosen is None:
            chosen = [*self._features, *(name for name in self.apart if name not in ON_REQUEST)]
        return self._file.scanner(
            columns=list(chosen),
            filter=None if part is None else field(PART) == PARTS.index(part),
        )


def as_numbers(values: pd.Series) -> NDArray[np.float64]:
    """A column of numbers or dates (N,) as the predictor counts them: NaN for missing."""
    if values.dtype.kind == "M":
        return as_seconds(microseconds(values.to_numpy()))
    return values.to_numpy(np.float64)


def weights_of(rows: pd.DataFrame) -> NDArray[np.float64] | None:
    """The weights (N,) of rows, whose mean is 1; None where all rows count alike."""
    if WEIGHT not in rows:
        return None
    weights = rows[WEIGHT].to_numpy(np.float64)
    return weights / weights.mean()


def to_parquet(frame: pd.DataFrame) -> bytes:
    """A frame as the bytes of a Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
    return sink.getvalue()
