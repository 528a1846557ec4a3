"""The network: a table look-up as first layer, then hidden layers with ReLU, then the outputs."""

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from slipstream.training.encoding import States
from slipstream.training.monotone import Bounds, bounds_of

__all__ = ["Network"]


class Network(nn.Module):
    """A multilayer perceptron over encoded columns.

    The first layer is linear in the encoding, and the encoding is linear between table rows, so it
    is computed as interpolation in a table (R, H): exactly what the predictor does. Its inputs are
    centred by their mean over the training rows, which makes training converge faster.

    Args:
        states: the input vectors of the table's rows.
        widths: of each hidden layer, then the number of outputs.
    """

    vectors: Tensor
    means: Tensor
    lookup: Tensor

    def __init__(self, states: States, widths: Sequence[int]) -> None:
        super().__init__()
        self._bounds: list[Bounds] = []
        self.read(states)
        self.first = nn.Linear(states.vectors.shape[1], widths[0])
        self.rest = nn.ModuleList(nn.Linear(*pair) for pair in itertools.pairwise(widths))

    def read(self, states: States) -> None:
        """Look rows up in a table with these states from now on; their inputs are the same."""
        for name in ("vectors", "means", "lookup"):
            self.register_buffer(name, getattr(states, name), persistent=False)

    def table(self) -> Tensor:
        """The first layer at every table row, without its bias: (R, H).

        The training rows' mean is 0 in each look-up, so what a column adds is how it differs from
        the average row.
        """
        weight = self.first.weight.T
        table: Tensor = torch.sparse.mm(self.vectors, weight)
        return table - torch.sparse.mm(self.means, weight)[self.lookup]

    @torch.no_grad()
    def bind(self, directions: NDArray[np.int64]) -> None:
        """Keep the outputs monotone in inputs with these directions (D,) from now on."""
        widths = [layer.out_features for layer in self._layers()]
        self._bounds = bounds_of(directions, widths) if directions.any() else []
        self.project()

    @torch.no_grad()
    def project(self) -> None:
        """Move weights to the nearest ones that keep the outputs monotone."""
        for layer, (low, high) in zip(self._layers(), self._bounds, strict=False):
            layer.weight.clamp_(low, high)

    def _layers(self) -> list[nn.Linear]:
        return [each for each in (self.first, *self.rest) if isinstance(each, nn.Linear)]

    @torch.no_grad()
    def begin_at(self, answers: Tensor) -> None:
        """Give the outputs (O,) a bias: an untrained network answers about this for every row."""
        last = self.rest[-1]
        assert isinstance(last, nn.Linear)
        last.bias.copy_(answers)

    @torch.no_grad()
    def rescale(self, mean: float, deviation: float = 1.0) -> None:
        """Change the outputs' unit: what was standardised is in the target's own from then on."""
        last = self.rest[-1]
        assert isinstance(last, nn.Linear)
        last.weight.mul_(deviation)
        last.bias.mul_(deviation).add_(mean)

    def forward(self, rows: Tensor, weights: Tensor) -> Tensor:
        """Compute the outputs, before their link: (N, O).

        Args:
            rows: (N, 2k) table rows, the lower ones then the upper ones.
            weights: (N, 2k) their shares, 1 - t then t.
        """
        sums = functional.embedding_bag(
            rows, self.table(), per_sample_weights=weights, mode="sum"
        )  # (N, H)
        sums = sums + self.first.bias
        for layer in self.rest:
            sums = layer(torch.relu(sums))
        return sums
