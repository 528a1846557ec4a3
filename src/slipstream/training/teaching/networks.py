"""Wide folded networks: on small and smooth tables they answer better than trees."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from slipstream.config.training import TrainingConfig
from slipstream.runtime.columns import Column
from slipstream.runtime.links import apply, link_of
from slipstream.training.batches import TrainingData
from slipstream.training.candidates import outputs_of
from slipstream.training.network import Network
from slipstream.training.optimisation import Lesson, fit
from slipstream.training.teaching.table import Folded, Table
from slipstream.training.teaching.trees import shapes_to_try

__all__ = ["NETWORK", "WideNetwork", "fit_networks", "is_affordable"]

NETWORK = "networks of 96 x 96"
HIDDEN = (96, 96)
SETTINGS = TrainingConfig(epochs=24, batch_size=256, learning_rate=0.006, patience=4)
MOST_CELLS = 200_000  # of the training part: beyond, trees answer as well or better, in less time
MOST_ANSWERS = 100_000_000  # numbers that a network of many outputs answers in training
LEAST_EPOCHS = 3


class WideNetwork:
    """A folded network, which answers rows of a normalised table."""

    def __init__(self, network: Network, columns: Sequence[Column], table: Table) -> None:
        self._network, self._columns, self._table = network, columns, table
        self._link = link_of(table.task, "identity")

    def predict(self, cells: NDArray[np.float32]) -> NDArray[np.float64]:
        """The answers (N, O), numbers standardised; the same bits on any number of cores."""
        logits = outputs_of(self._network, self._columns, self._table.frame(cells))
        return self._table.standard.apply(apply(self._link, logits))


def is_affordable(table: Table) -> bool:
    """Whether networks are fitted: where the table is small, or no trees are."""
    return table.cells.size <= MOST_CELLS or not shapes_to_try(table)


def fit_networks(folded: Folded) -> list[WideNetwork]:
    """Fit one network for each fold on all rows but the fold's, by which it stops."""
    table, rows, folds = folded.table, folded.rows, folded.folds
    affordable = MOST_ANSWERS // (len(rows) * table.outputs)
    epochs = int(np.clip(affordable, LEAST_EPOCHS, SETTINGS.epochs))
    settings = SETTINGS.model_copy(update={"seed": folded.seed, "epochs": epochs})
    lesson = Lesson((*HIDDEN, table.outputs), table.task, table.quantiles, settings)
    fitted = []
    for fold in range(int(folds.max()) + 1):
        data = TrainingData(folded.columns, rows[folds != fold], rows[folds == fold])
        network, _ = fit(data, lesson, on_epoch=lambda _: None)
        fitted.append(WideNetwork(network, folded.columns, table))
    return fitted
