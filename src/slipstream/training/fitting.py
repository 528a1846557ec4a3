"""Train: fit the network on the selected columns; report each epoch through a hook."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor
from torch.nn import functional

from slipstream.artifacts.references import Epoch, FeatureMask, NetworkRef, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import TARGET, Snapshot
from slipstream.features.preprocessing import selected_columns
from slipstream.runtime.columns import Column
from slipstream.runtime.errors import InputError
from slipstream.training.encoding import frequencies, positions, states
from slipstream.training.network import Network

__all__ = ["EpochHook", "best_epoch", "fit", "tensors_of", "train"]

EpochHook = Callable[[Epoch], None]
EVALUATION_ROWS = 65_536  # rows a forward pass without gradients

# One part's rows as tensors: table rows (N, 2k), their shares (N, 2k), target (N,).
Batch = tuple[Tensor, Tensor, Tensor]


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
    network, history = fit(columns, train, validation, hidden, training, on_epoch)
    return NetworkRef(
        weights=store.put(save(tensors_of(network)), ".safetensors"),
        widths=(len(columns), *hidden, 1),
        history=tuple(history),
        best_epoch=best_epoch(history).epoch,
    )


def tensors_of(network: Network) -> dict[str, NDArray[np.float32]]:
    """A network's weights, and the table, so that nobody has to make the encoding again."""
    tensors = {name: each.detach().numpy() for name, each in network.state_dict().items()}
    return {**tensors, "table": network.table().detach().numpy()}


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch whose weights are kept: the first of the lowest validation loss."""
    return min(history, key=lambda epoch: epoch.val_loss)


def fit(
    columns: Sequence[Column],
    train_rows: pd.DataFrame,
    validation_rows: pd.DataFrame,
    hidden: Sequence[int],
    training: TrainingConfig,
    on_epoch: EpochHook,
) -> tuple[Network, list[Epoch]]:
    """Fit a network with AdamW (Loshchilov and Hutter 2019) under a cosine learning rate.

    The same arguments give the same weights.

    Raises:
        InputError: the loss is no longer a number.
    """
    with _deterministic(training.seed):
        shares = frequencies(columns, positions(columns, train_rows))
        network = Network(states(columns, shares), hidden)
        train_batch, validation_batch = (
            _tensors(columns, rows) for rows in (train_rows, validation_rows)
        )
        history = _run_epochs(network, train_batch, validation_batch, training, on_epoch)
    return network, history


def _run_epochs(
    network: Network, train: Batch, validation: Batch, training: TrainingConfig, on_epoch: EpochHook
) -> list[Epoch]:
    optimizer = torch.optim.AdamW(network.parameters(), training.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, training.epochs)
    history: list[Epoch] = []
    best_loss, waited = math.inf, 0
    best_weights: dict[str, Tensor] = {}
    for number in range(1, training.epochs + 1):
        _run_epoch(network, train, training.batch_size, optimizer)
        schedule.step()
        epoch = _evaluate_epoch(network, train, validation, number)
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


def _run_epoch(
    network: Network, train: Batch, batch_size: int, optimizer: torch.optim.Optimizer
) -> None:
    order = torch.randperm(len(train[0]))
    for chosen in order.split(batch_size):
        rows, weights, target = (each[chosen] for each in train)
        optimizer.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(network(rows, weights), target)
        loss.backward()
        optimizer.step()


@torch.no_grad()
def _evaluate(network: Network, batch: Batch) -> tuple[float, float]:
    rows, weights, target = batch
    logits = torch.cat(
        [
            network(*pair)
            for pair in zip(
                rows.split(EVALUATION_ROWS), weights.split(EVALUATION_ROWS), strict=True
            )
        ]
    )
    loss = functional.binary_cross_entropy_with_logits(logits, target)
    accuracy = ((logits >= 0) == (target > 0.5)).float().mean()
    return float(loss), float(accuracy)


def _evaluate_epoch(network: Network, train: Batch, validation: Batch, number: int) -> Epoch:
    (train_loss, train_accuracy), (val_loss, val_accuracy) = (
        _evaluate(network, batch) for batch in (train, validation)
    )
    if not (math.isfinite(train_loss) and math.isfinite(val_loss)):
        raise InputError(
            f"the loss must stay a number, however: it is {train_loss} after epoch {number}; "
            "lower training.learning_rate"
        )
    return Epoch(
        epoch=number,
        train_loss=train_loss,
        train_accuracy=train_accuracy,
        val_loss=val_loss,
        val_accuracy=val_accuracy,
    )


def _tensors(columns: Sequence[Column], rows: pd.DataFrame) -> Batch:
    low, high, t = positions(columns, rows)
    return (
        torch.from_numpy(np.concatenate([low, high], axis=1)),
        torch.from_numpy(np.concatenate([1 - t, t], axis=1)).float(),
        torch.from_numpy(rows[TARGET].to_numpy(np.float32)),
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
