"""Candidates: networks fitted to the training part, and how well each does on validation rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from slipstream.artifacts.references import Epoch
from slipstream.data.snapshot import TARGET, weights_of
from slipstream.runtime.columns import Column
from slipstream.runtime.links import apply, link_of
from slipstream.runtime.types import TargetScale
from slipstream.training import scales
from slipstream.training.batches import TrainingData, inputs_of
from slipstream.training.network import Network
from slipstream.training.optimisation import (
    EVALUATION_ROWS,
    EpochHook,
    Lesson,
    best_epoch,
    deterministic,
    fit,
)

__all__ = ["Candidate", "fit_candidate", "fit_on", "outputs_of"]


@dataclass(frozen=True)
class Candidate:
    """A network that learned from the training part, on a scale of the target.

    `outputs` (V, O) are what it gives for the validation rows, before its link; `error` is its loss
    on them, of a number the RMSE in the target's own unit. `best_epoch` is the number of the epoch
    whose weights it has.
    """

    scale: TargetScale
    network: Network
    history: tuple[Epoch, ...]
    best_epoch: int
    outputs: NDArray[np.float32]
    error: float


def fit_candidate(
    scale: TargetScale, data: TrainingData, lesson: Lesson, on_epoch: EpochHook
) -> Candidate:
    """Fit a network to the training part, and measure it on the validation part.

    Raises:
        InputError: the loss is no longer a number.
    """
    network, history = fit_on(scale, data, lesson, on_epoch)
    assert data.validation is not None, "a candidate is measured"
    kept = best_epoch(history) if data.soft is None else history[-1]
    outputs = outputs_of(network, data.columns, data.validation)
    error = kept.val_loss
    if lesson.objective.is_mean:
        answers = apply(link_of(lesson.task, scale), outputs)[:, 0]
        target = data.validation[TARGET].to_numpy(np.float64)
        error = scales.root_mean_square(answers - target, weights_of(data.validation))
    return Candidate(scale, network, tuple(history), kept.epoch, outputs, error)


def fit_on(
    scale: TargetScale, data: TrainingData, lesson: Lesson, on_epoch: EpochHook
) -> tuple[Network, list[Epoch]]:
    """Fit a network to the target on a scale; the link of `link_of` turns it back.

    What is raised is that of `fit`. The history is on the scale.
    """
    if scale == "identity":
        return fit(data, lesson, on_epoch)
    logarithms = _as_logarithms(data)
    network, history = fit(logarithms, lesson, on_epoch)
    rows = logarithms.train
    answers = outputs_of(network, data.columns, rows)[:, 0].astype(np.float64)
    residuals = rows[TARGET].to_numpy(np.float64) - answers
    network.rescale(mean=scales.smearing(residuals, weights_of(rows)))
    return network, history


def _as_logarithms(data: TrainingData) -> TrainingData:
    """The same rows with log(1 + target), also of the teacher's answers.

    A teacher may answer below the least target, even where there is no logarithm.
    """
    least = float(data.train[TARGET].min())

    def logarithms(answers: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        return None if answers is None else np.log1p(np.maximum(answers, least))

    return replace(
        data,
        train=scales.as_logarithms(data.train),
        validation=None if data.validation is None else scales.as_logarithms(data.validation),
        soft=logarithms(data.soft),
        synthetic_soft=logarithms(data.synthetic_soft),
    )


@torch.no_grad()
def outputs_of(
    network: Network, columns: Sequence[Column], rows: pd.DataFrame
) -> NDArray[np.float32]:
    """What a network gives for rows, before its link: (N, O), the same on any number of cores."""
    tensors = inputs_of(columns, rows)
    parts = zip(*(each.split(EVALUATION_ROWS) for each in tensors), strict=True)
    with deterministic(seed=0):
        return np.concatenate([network(*part).numpy() for part in parts])
