"""A table's rows as other libraries read them: the same rows, in the same parts, as ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from slipstream.artifacts.references import DatasetRef
from slipstream.artifacts.store import Store
from slipstream.data.snapshot import TARGET, Snapshot, as_numbers

__all__ = ["PeerRows", "peer_rows"]


@dataclass(frozen=True)
class PeerRows:
    """Rows to fit on (training and validation) and test rows, with their targets.

    Numbers and dates are float64, NaN for missing; all else is categorical, with the labels of the
    rows to fit on: any other label of a test row is missing. `held_out` (N,) says which of the rows
    to fit on are of the validation part.
    """

    task: str
    fitted: pd.DataFrame
    target: NDArray[Any]
    held_out: NDArray[np.bool_]
    test: pd.DataFrame
    test_target: NDArray[Any]

    @property
    def numbers(self) -> list[str]:
        """The columns that are float64."""
        return [str(name) for name, kind in self.fitted.dtypes.items() if kind == np.float64]

    @property
    def labels(self) -> list[str]:
        """The columns that are categorical."""
        return [str(name) for name, kind in self.fitted.dtypes.items() if kind != np.float64]


def peer_rows(dataset: DatasetRef, columns: Sequence[str], store: Store) -> PeerRows:
    """Read some columns of a snapshot."""
    snapshot = Snapshot(dataset, store)
    train, validation, test = (snapshot.frame(part) for part in ("train", "validation", "test"))
    seen = pd.concat([train, validation], ignore_index=True)
    pairs = {name: _column(seen[name], test[name]) for name in columns}
    return PeerRows(
        task=dataset.task,
        fitted=pd.DataFrame({name: seen for name, (seen, _) in pairs.items()}),
        target=seen[TARGET].to_numpy(),
        held_out=np.arange(len(seen)) >= len(train),
        test=pd.DataFrame({name: test for name, (_, test) in pairs.items()}),
        test_target=test[TARGET].to_numpy(),
    )


def _column(seen: pd.Series, test: pd.Series) -> tuple[Any, Any]:
    if seen.dtype.kind == "M" or pd.api.types.is_numeric_dtype(seen):
        return as_numbers(seen), as_numbers(test)
    known = pd.CategoricalDtype(sorted(seen.dropna().unique()))
    return seen.astype(known), test.where(test.isin(known.categories)).astype(known)
