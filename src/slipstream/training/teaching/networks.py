"""Wide folded networks: on small and smooth tables they answer better than trees."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from slipstream.config.training import TrainingConfig
from slipstream.runtime.columns import Column
from slipstream.runtime.links import apply, link_of
from slipstream.training.encoding import positions
from slipstream.training.fitting import TrainingData, fit
from slipstream.training.losses import objective_of
from slipstream.training.network import Network
from slipstream.training.teaching.table import Lesson, Table

__all__ = ["NETWORK", "WideNetwork", "fit_networks", "is_affordable"]

NETWORK = "networks of 96 x 96"
HIDDEN = (96, 96)
SETTINGS = TrainingConfig(epochs=24, batch_size=256, learning_rate=0.006, patience=4)
MOST_CELLS = 500_000  # of the training part: beyond, they take longer than they are worth
ANSWERED_ROWS = 65_536  # rows a forward pass


class WideNetwork:
    """A folded network, which answers rows of a normalised table."""

    def __init__(self, network: Network, columns: Sequence[Column], table: Table) -> None:
        self._network, self._columns, self._table = network, columns, table
        self._link = link_of(table.task, "identity")

    @torch.no_grad()
    def predict(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        """The answers (N, O), numbers standardised; the same bits on any number of cores."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            starts = range(0, len(cells), ANSWERED_ROWS)
            parts = [self._logits(cells[each : each + ANSWERED_ROWS]) for each in starts]
        finally:
            torch.set_num_threads(threads)
        answers = apply(self._link, np.concatenate(parts))
        return self._table.standardised(answers)

    def _logits(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        low, high, t = positions(self._columns, self._table.frame(cells))
        rows = torch.from_numpy(np.concatenate([low, high], axis=1))
        shares = torch.from_numpy(np.concatenate([1 - t, t], axis=1)).float()
        logits: NDArray[np.float32] = self._network(rows, shares).numpy()
        return logits


def is_affordable(table: Table) -> bool:
    """Whether the training part is so small that networks are fitted too."""
    return table.cells.size <= MOST_CELLS


def fit_networks(lesson: Lesson) -> list[WideNetwork]:
    """Fit one network for each fold on all rows but the fold's, by which it stops."""
    table, rows, folds = lesson.table, lesson.rows, lesson.folds
    objective = objective_of(table.task, table.quantiles)
    settings = SETTINGS.model_copy(update={"seed": lesson.seed})
    fitted = []
    for fold in range(int(folds.max()) + 1):
        data = TrainingData(lesson.columns, rows[folds != fold], rows[folds == fold])
        widths = (*HIDDEN, table.outputs)
        network, _ = fit(data, widths, objective, settings, on_epoch=lambda _: None)
        fitted.append(WideNetwork(network, lesson.columns, table))
    return fitted
