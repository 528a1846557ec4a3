"""Train: fit the network on the selected columns; report each epoch through a hook."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor

from slipstream.artifacts.references import (
    Epoch,
    FeatureMask,
    NetworkRef,
    PreparedRef,
    ScaleTrial,
)
from slipstream.artifacts.store import Store
from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import TARGET, Snapshot, weights_of
from slipstream.features.preprocessing import selected_columns
from slipstream.runtime.columns import Column
from slipstream.runtime.errors import InputError
from slipstream.runtime.links import apply, link_of
from slipstream.runtime.types import TargetScale, Task
from slipstream.training import scales
from slipstream.training.encoding import frequencies, positions, states
from slipstream.training.losses import Objective, objective_of
from slipstream.training.network import Network

__all__ = ["EpochHook", "TrainingData", "best_epoch", "fit", "fit_on", "tensors_of", "train"]

EpochHook = Callable[[Epoch], None]
EVALUATION_ROWS = 65_536  # rows a forward pass without gradients
LEAST_STEPS = 4  # an epoch of a small table
EVALUATION_NUMBERS = 1 << 23  # outputs of one

# One part's rows as tensors: table rows (N, 2k), their shares (N, 2k), target (N,), and the rows'
# weights (N,) if they differ, whose mean is 1.
Batch = tuple[Tensor, ...]


@dataclass(frozen=True)
class TrainingData:
    """The fitted columns that a network reads, and normalised rows with their target.

    It learns from those of `train`, and stops by those of `validation`.
    """

    columns: Sequence[Column]
    train: pd.DataFrame
    validation: pd.DataFrame


def train(
    prepared: PreparedRef,
    mask: FeatureMask,
    hidden: Sequence[int],
    training: TrainingConfig,
    store: Store,
    on_epoch: EpochHook,
) -> NetworkRef:
    """Train on the training part, stop by the validation part, and keep the best epoch's weights.

    A skewed number is also learned as its logarithm, and what has the lower RMSE on the validation
    part is kept.

    Raises:
        InputError: the loss is no longer a number, or the target has no logarithms to learn.
    """
    snapshot = Snapshot(prepared, store)
    columns = selected_columns(prepared, mask, store)
    data = TrainingData(columns, snapshot.frame("train"), snapshot.frame("validation"))
    widths = (*hidden, prepared.outputs)
    objective = objective_of(prepared.task, prepared.quantiles)
    tried = scales.scales_to_try(objective, training, data.train, data.validation)
    fits = {scale: fit_on(scale, data, widths, objective, training, on_epoch) for scale in tried}
    kept, trial = tried[0], None
    if len(tried) > 1:
        networks = {scale: network for scale, (network, _) in fits.items()}
        trial = _compare(networks, data, prepared.task)
        kept = min(tried, key=trial.val_rmse.__getitem__)  # the first of equal ones
    network, history = fits[kept]
    return NetworkRef(
        weights=store.put(save(tensors_of(network)), ".safetensors"),
        widths=(len(columns), *widths),
        history=tuple(history),
        best_epoch=best_epoch(history).epoch,
        target_scale=kept,
        trial=trial,
        warnings=(scales.sentence(trial, kept),) if trial else (),
    )


def tensors_of(network: Network) -> dict[str, NDArray[np.float32]]:
    """A network's weights, and the table, so that no reader has to repeat the encoding."""
    tensors = {name: each.detach().numpy() for name, each in network.state_dict().items()}
    return {**tensors, "table": network.table().detach().numpy()}


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch whose weights are kept: the first of the lowest validation loss."""
    return min(history, key=lambda epoch: epoch.val_loss)


def fit_on(
    scale: TargetScale,
    data: TrainingData,
    widths: Sequence[int],
    objective: Objective,
    training: TrainingConfig,
    on_epoch: EpochHook,
) -> tuple[Network, list[Epoch]]:
    """Fit a network to the target on a scale; the link of `link_of` turns it back.

    The other arguments and what is raised are those of `fit`. The history is on the scale.
    """
    if scale == "identity":
        return fit(data, widths, objective, training, on_epoch)
    rows, others = (scales.as_logarithms(each) for each in (data.train, data.validation))
    logarithms = replace(data, train=rows, validation=others)
    network, history = fit(logarithms, widths, objective, training, on_epoch)
    answers = _outputs(network, data.columns, rows)[:, 0].astype(np.float64)
    residuals = rows[TARGET].to_numpy(np.float64) - answers
    network.rescale(mean=scales.smearing(residuals, weights_of(rows)))
    return network, history


def _compare(networks: Mapping[TargetScale, Network], data: TrainingData, task: Task) -> ScaleTrial:
    """How well each scale's network predicts the validation part, in the target's own unit."""
    rows = data.validation
    target, weights = rows[TARGET].to_numpy(np.float64), weights_of(rows)
    answers = {
        scale: apply(link_of(task, scale), _outputs(network, data.columns, rows))[:, 0]
        for scale, network in networks.items()
    }
    return ScaleTrial(
        skewness=scales.skewness(data.train[TARGET].to_numpy(np.float64), weights_of(data.train)),
        val_rmse={
            scale: scales.root_mean_square(each - target, weights)
            for scale, each in answers.items()
        },
    )


@torch.no_grad()
def _outputs(
    network: Network, columns: Sequence[Column], rows: pd.DataFrame
) -> NDArray[np.float32]:
    """What a network gives for rows, before its link: (N, O), the same on any number of cores."""
    tensors = _inputs(columns, rows)
    parts = zip(*(each.split(EVALUATION_ROWS) for each in tensors), strict=True)
    with _deterministic(seed=0):
        return np.concatenate([network(*part).numpy() for part in parts])


def fit(
    data: TrainingData,
    widths: Sequence[int],
    objective: Objective,
    training: TrainingConfig,
    on_epoch: EpochHook,
) -> tuple[Network, list[Epoch]]:
    """Fit a network with AdamW (Loshchilov and Hutter 2019) under a cosine learning rate.

    The same arguments give the same weights. A target that is trained standardised is predicted in
    its own unit: the last layer's weights carry it.

    Args:
        data: what the network reads, learns from, and stops by.
        widths: of each hidden layer, then the number of outputs.
        objective: what is minimised.
        training: how long, how fast, and by which seed.
        on_epoch: called with each epoch.

    Raises:
        InputError: the loss is no longer a number.
    """
    columns = data.columns
    with _deterministic(training.seed):
        shares = frequencies(columns, positions(columns, data.train))
        network = Network(states(columns, shares), widths)
        standard = _mean_and_deviation(data.train, objective)
        train_batch, validation_batch = (
            _tensors(columns, rows, standard, objective) for rows in (data.train, data.validation)
        )
        if objective.start:
            network.begin_at(objective.start(*train_batch[2:]))
        history = _run_epochs(network, train_batch, validation_batch, objective, training, on_epoch)
        if objective.is_standardised:
            network.rescale(*standard)
    return network, history


def _mean_and_deviation(rows: pd.DataFrame, objective: Objective) -> tuple[float, float]:
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
    standard: tuple[float, float],
    objective: Objective,
) -> Batch:
    mean, deviation = standard
    target = (rows[TARGET].to_numpy(np.float64) - mean) / deviation
    weights = weights_of(rows)
    return (
        *_inputs(columns, rows),
        torch.from_numpy(target).to(objective.dtype),
        *(() if weights is None else (torch.from_numpy(weights).float(),)),
    )


def _inputs(columns: Sequence[Column], rows: pd.DataFrame) -> tuple[Tensor, Tensor]:
    """Table rows (N, 2k) and their shares (N, 2k)."""
    low, high, t = positions(columns, rows)
    return (
        torch.from_numpy(np.concatenate([low, high], axis=1)),
        torch.from_numpy(np.concatenate([1 - t, t], axis=1)).float(),
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
