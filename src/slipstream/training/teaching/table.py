"""The normalised table as a teacher reads it: one matrix, the target, and which rows are whose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.references import PARTS, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.data.snapshot import PART, TARGET, weights_of
from slipstream.features.preprocessing import load_columns
from slipstream.runtime.columns import Column, lookup_names, lookups
from slipstream.runtime.types import Task
from slipstream.training.batches import Standard
from slipstream.training.losses import objective_of

__all__ = ["Folded", "Table", "read_table"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Rows of the normalised table.

    `cells` (N, L) has each column, then the parts of dates; `categorical` are the places of those
    that hold codes. `target` (N,) is what training sees of it, by `standard`.
    `weights` (N,) are None where all rows count alike. `owners` (L,) says which column each
    look-up belongs to.
    """

    names: tuple[str, ...]
    owners: tuple[int, ...]
    cells: NDArray[np.float32]
    categorical: tuple[int, ...]
    target: Floats
    weights: Floats | None
    task: Task
    outputs: int
    quantiles: tuple[float, ...]
    standard: Standard

    @property
    def has_labels(self) -> bool:
        """Whether the target is a label, not a number."""
        return not objective_of(self.task, self.quantiles).is_standardised

    def frame(self, cells: NDArray[np.float32]) -> pd.DataFrame:
        """Cells (N, L) as a normalised table has them, codes as whole numbers."""
        return pd.DataFrame(
            {
                name: values.astype(np.int32) if place in self.categorical else values
                for place, (name, values) in enumerate(zip(self.names, cells.T, strict=True))
            }
        )

    def at(self, places: NDArray[np.bool_] | NDArray[np.int64]) -> "Table":
        """Some of the rows."""
        weights = None if self.weights is None else self.weights[places]
        return replace(self, cells=self.cells[places], target=self.target[places], weights=weights)


@dataclass(frozen=True)
class Folded:
    """What the models of a teacher are fitted to.

    Attributes:
        columns: the fitted columns of the normalised table.
        rows: its training part (N,), with the target and the weights.
        table: the same rows as a matrix.
        folds: (N,) each row's fold.
        seed: of the models.
    """

    columns: Sequence[Column]
    rows: pd.DataFrame
    table: Table
    folds: NDArray[np.int64]
    seed: int


def read_table(prepared: PreparedRef, frame: pd.DataFrame, store: Store) -> Table:
    """Read the rows of a frame of the prepared table; its training part sets the standard."""
    columns = load_columns(prepared, store)
    names = tuple(lookup_names(columns))
    train = frame[PART].to_numpy() == PARTS.index("train")
    standard = Standard.of(frame[train], objective_of(prepared.task, prepared.quantiles))
    return Table(
        names=names,
        owners=(
            *range(len(columns)),
            *(place for place, column in enumerate(columns) for _ in column.parts),
        ),
        cells=frame[list(names)].to_numpy(np.float32),
        categorical=tuple(
            place for place, column in enumerate(lookups(columns)) if column.edges is None
        ),
        target=standard.apply(frame[TARGET].to_numpy()),
        weights=weights_of(frame),
        task=prepared.task,
        outputs=prepared.outputs,
        quantiles=prepared.quantiles,
        standard=standard,
    )
