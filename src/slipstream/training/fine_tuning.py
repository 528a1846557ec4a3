"""Fine-tuning: an int8 network learns to answer as its float32 variant does.

Quantisation-aware training: forward with rounded numbers, backward as if rounding were not there
(the straight-through estimator; Jacob et al. 2018, "Quantization and Training of Neural Networks
for Efficient Integer-Arithmetic-Only Inference"). What is learned are the integers themselves; the
scales stay. Its lessons are float32's outputs, so it is the same for each kind of target.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from slipstream.runtime.bundle import Bundle
from slipstream.runtime.kernels import Layer
from slipstream.runtime.limits import LARGEST_ACTIVATION, LARGEST_WEIGHT, MAX_BIAS, POSITION_ONE
from slipstream.runtime.numpy_model import NumpyModel
from slipstream.runtime.rows import RowReader
from slipstream.training.optimisation import deterministic

__all__ = ["fine_tuned"]

STEPS = 500
BATCH_ROWS = 512
PEAK_RATE = 0.05  # in steps of an integer weight


def fine_tuned(int8: Bundle, float32: Bundle, rows: Any) -> Bundle:
    """Tune an int8 bundle on raw rows to the outputs of the float32 one, before the link."""
    numbers = RowReader(float32).encode(rows)
    model = NumpyModel(float32)
    low, high, t = model.positions(numbers)
    inputs = torch.from_numpy(np.concatenate([low, high], axis=1))
    shares = torch.from_numpy(np.concatenate([1 - t, t], axis=1)).float()
    outputs = torch.from_numpy(model.logits(numbers))
    with deterministic(seed=0):
        network = _Integers(int8.layers)
        optimizer = torch.optim.Adam(network.parameters(), PEAK_RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        for chosen in itertools.islice(_batches(len(outputs)), STEPS):
            optimizer.zero_grad()
            answers = network(inputs[chosen], shares[chosen])
            _error(answers, outputs[chosen], outputs).backward()
            optimizer.step()
            schedule.step()
    return replace(int8, layers=network.layers())


def _batches(rows: int) -> Iterator[Tensor]:
    while True:
        yield from torch.randperm(rows).split(BATCH_ROWS)


def _error(answers: Tensor, wanted: Tensor, every: Tensor) -> Tensor:
    """The squared error of outputs, in variances of all wanted ones."""
    return functional.mse_loss(answers, wanted) / every.var(correction=0).clamp(min=1e-12)


class _Integers(nn.Module):
    """An int8 network whose integers are parameters, and rounded where they are used.

    A bias counts in the weights' unit, so that one learning rate suits both.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.made = layers
        self.units = [float(POSITION_ONE), *[float(LARGEST_ACTIVATION)] * (len(layers) - 1)]
        self.weights = nn.ParameterList(
            nn.Parameter(torch.from_numpy(each.weight.astype(np.float32))) for each in layers
        )
        self.biases = nn.ParameterList(
            nn.Parameter(torch.from_numpy((each.bias / unit).astype(np.float32)))
            for each, unit in zip(layers, self.units, strict=True)
        )
        # From a sum in the weights' unit to the next layer's steps, or to a logit.
        self.factors = [
            torch.from_numpy(each.multiplier * np.float32(unit))
            for each, unit in zip(layers, self.units, strict=True)
            if each.multiplier is not None
        ]

    def forward(self, rows: Tensor, shares: Tensor) -> Tensor:
        """Outputs (N, O) of table rows (N, 2L) and their shares (N, 2L)."""
        table, *later = (_rounded(each, LARGEST_WEIGHT) for each in self.weights)
        sums = functional.embedding_bag(rows, table, per_sample_weights=shares, mode="sum")
        sums = sums + self.biases[0]  # (N, H)
        for index, weight in enumerate(later, start=1):
            steps = torch.relu(sums * self.factors[index - 1]).clamp(max=LARGEST_ACTIVATION)
            inputs = steps + (steps.round() - steps).detach()
            sums = inputs @ weight.T / self.units[index] + self.biases[index]
        return sums * self.factors[-1]

    @torch.no_grad()
    def layers(self) -> tuple[Layer, ...]:
        """The integers, as a bundle has them."""
        return tuple(
            replace(
                layer,
                weight=_rounded(weight, LARGEST_WEIGHT).numpy().astype(np.int8),
                bias=_whole(bias.numpy().astype(np.float64) * unit),
            )
            for layer, weight, bias, unit in zip(
                self.made, self.weights, self.biases, self.units, strict=True
            )
        )


def _rounded(weight: Tensor, largest: int) -> Tensor:
    """Whole numbers forward; backward as if they were not rounded."""
    within = weight.clamp(-largest, largest)
    return within + (within.round() - within).detach()


def _whole(bias: Any) -> Any:
    return np.rint(bias).clip(-MAX_BIAS, MAX_BIAS).astype(np.int32)
