"""Train: fit the network on the selected columns; report each epoch through a hook."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor

from slipstream.artifacts.references import Epoch, FeatureMask, NetworkRef, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import TARGET, Snapshot, weights_of
from slipstream.features.preprocessing import selected_columns
from slipstream.runtime.columns import Column
from slipstream.runtime.errors import InputError
from slipstream.runtime.types import Task
from slipstream.training.encoding import frequencies, positions, states
from slipstream.training.losses import Objective, objective_of
from slipstream.training.network import Network

__all__ = ["EpochHook", "best_epoch", "fit", "tensors_of", "train"]

EpochHook = Callable[[Epoch], None]
EVALUATION_ROWS = 65_536  # rows a forward pass without gradients
LEAST_STEPS = 4  # an epoch of a small table
EVALUATION_NUMBERS = 1 << 23  # outputs of one

# One part's rows as tensors: table rows (N, 2k), their shares (N, 2k), target (N,), and the rows'
# weights (N,) if they differ, whose mean is 1.
Batch = tuple[Tensor, ...]


def train(
    prepared: PreparedRef,
    mask: FeatureMask,
    hidden: Sequence[int],
    training: TrainingConfig,
    store: Store,
    on_epoch: EpochHook,
) -> NetworkRef:
    """Train on the training part, stop by the validation part, and keep the best epoch's weights.

    Raises:
        InputError: the loss is no longer a number.
    """
    snapshot = Snapshot(prepared, store)
    train, validation = snapshot.frame("train"), snapshot.frame("validation")
    columns = selected_columns(prepared, mask, store)
    widths = (*hidden, prepared.outputs)
    network, history = fit(
        *(columns, train, validation, widths, prepared.task, training, on_epoch),
        quantiles=prepared.quantiles,
    )
    return NetworkRef(
        weights=store.put(save(tensors_of(network)), ".safetensors"),
        widths=(len(columns), *widths),
        history=tuple(history),
        best_epoch=best_epoch(history).epoch,
    )


def tensors_of(network: Network) -> dict[str, NDArray[np.float32]]:
    """A network's weights, and the table, so that no reader has to repeat the encoding."""
    tensors = {name: each.detach().numpy() for name, each in network.state_dict().items()}
    return {**tensors, "table": network.table().detach().numpy()}


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch whose weights are kept: the first of the lowest validation loss."""
    return min(history, key=lambda epoch: epoch.val_loss)


def fit(
    columns: Sequence[Column],
    train_rows: pd.DataFrame,
    validation_rows: pd.DataFrame,
    widths: Sequence[int],
    task: Task,
    training: TrainingConfig,
    on_epoch: EpochHook,
    quantiles: Sequence[float] = (),
) -> tuple[Network, list[Epoch]]:
    """Fit a network with AdamW (Loshchilov and Hutter 2019) under a cosine learning rate.

    The same arguments give the same weights. A target that is trained standardised is predicted in
    its own unit: the last layer's weights carry it.

    Args:
        columns: the fitted columns that the network reads.
        train_rows: normalised rows with their target.
        validation_rows: the same, to stop by.
        widths: of each hidden layer, then the number of outputs.
        task: the kind of target.
        training: how long, how fast, and by which seed.
        on_epoch: called with each epoch.
        quantiles: the levels, where the kind of target is quantiles.

    Raises:
        InputError: the loss is no longer a number.
    """
    objective = objective_of(task, quantiles)
    with _deterministic(training.seed):
        shares = frequencies(columns, positions(columns, train_rows))
        network = Network(states(columns, shares), widths)
        scale = _scale(train_rows, objective)
        train_batch, validation_batch = (
            _tensors(columns, rows, scale, objective) for rows in (train_rows, validation_rows)
        )
        if objective.start:
            network.begin_at(objective.start(*train_batch[2:]))
        history = _run_epochs(network, train_batch, validation_batch, objective, training, on_epoch)
        if objective.is_standardised:
            network.rescale(*scale)
    return network, history


def _scale(rows: pd.DataFrame, objective: Objective) -> tuple[float, float]:
    """The mean and standard deviation that training takes out of the target, if it does."""
    if not objective.is_standardised:
        return 0.0, 1.0
    target, weights = rows[TARGET].to_numpy(np.float64), weights_of(rows)
    mean = float(np.average(target, weights=weights))
    deviation = math.sqrt(float(np.average(np.square(target - mean), weights=weights)))
    return mean, deviation or 1.0


def _run_epochs(
    network: Network,
    train: Batch,
    validation: Batch,
    objective: Objective,
    training: TrainingConfig,
    on_epoch: EpochHook,
) -> list[Epoch]:
    optimizer = torch.optim.AdamW(network.parameters(), training.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, training.epochs)
    batch_size = _batch_size(len(train[0]), training.batch_size)
    history: list[Epoch] = []
    best_loss, waited = math.inf, 0
    best_weights: dict[str, Tensor] = {}
    for number in range(1, training.epochs + 1):
        _run_epoch(network, train, objective, batch_size, optimizer)
        schedule.step()
        epoch = Epoch(
            epoch=number,
            train=_evaluate(network, train, objective),
            validation=_evaluate(network, validation, objective),
        )
        _check_losses(epoch)
        history.append(epoch)
        on_epoch(epoch)
        waited += 1
        if epoch.val_loss < best_loss:
            best_loss, waited = epoch.val_loss, 0
            best_weights = {name: each.clone() for name, each in network.state_dict().items()}
        if waited >= training.patience:
            break
    network.load_state_dict(best_weights)
    return history


def _batch_size(rows: int, most: int) -> int:
    """A table smaller than one batch is read in a few steps: one an epoch learns too slowly."""
    return most if rows >= most else -(-rows // LEAST_STEPS)


def _run_epoch(
    network: Network,
    train: Batch,
    objective: Objective,
    batch_size: int,
    optimizer: torch.optim.Optimizer,
) -> None:
    order = torch.randperm(len(train[0]))
    for chosen in order.split(batch_size):
        rows, shares, target, *weight = (each[chosen] for each in train)
        optimizer.zero_grad()
        objective.loss(network(rows, shares), target, *weight).backward()
        optimizer.step()


@torch.no_grad()
def _evaluate(network: Network, batch: Batch, objective: Objective) -> dict[str, float]:
    outputs = len(next(reversed(list(network.parameters()))))  # the last bias (O,)
    most = max(1, min(EVALUATION_ROWS, EVALUATION_NUMBERS // outputs))
    sums: dict[str, float] = defaultdict(float)
    for rows, shares, target, *weight in zip(*(each.split(most) for each in batch), strict=True):
        for name, figure in objective.figures(network(rows, shares), target, *weight).items():
            sums[name] += figure * len(rows)
    return {name: total / len(batch[0]) for name, total in sums.items()}


def _check_losses(epoch: Epoch) -> None:
    if not (math.isfinite(epoch.train_loss) and math.isfinite(epoch.val_loss)):
        raise InputError(
            f"the loss must stay a number, however: it is {epoch.train_loss} after epoch "
            f"{epoch.epoch}; lower training.learning_rate"
        )


def _tensors(
    columns: Sequence[Column],
    rows: pd.DataFrame,
    scale: tuple[float, float],
    objective: Objective,
) -> Batch:
    mean, deviation = scale
    target = (rows[TARGET].to_numpy(np.float64) - mean) / deviation
    low, high, t = positions(columns, rows)
    weights = weights_of(rows)
    return (
        torch.from_numpy(np.concatenate([low, high], axis=1)),
        torch.from_numpy(np.concatenate([1 - t, t], axis=1)).float(),
        torch.from_numpy(target).to(objective.dtype),
        *(() if weights is None else (torch.from_numpy(weights).float(),)),
    )


@contextmanager
def _deterministic(seed: int) -> Iterator[None]:
    """One thread (faster than two on networks this small) and one stream of random numbers."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
