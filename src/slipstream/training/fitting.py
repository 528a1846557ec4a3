"""Train: fit the network on the selected columns; report each epoch through a hook."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from slipstream.artifacts.references import FeatureMask, NetworkRef, PreparedRef
from slipstream.artifacts.store import Store
from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import Snapshot
from slipstream.features.monotone import unread_notes
from slipstream.features.preprocessing import load_columns, selected_columns
from slipstream.training import scales
from slipstream.training.batches import TrainingData
from slipstream.training.candidates import fit_candidate
from slipstream.training.network import Network
from slipstream.training.optimisation import EpochHook, Lesson

__all__ = ["tensors_of", "train"]


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
    rows, unseen = snapshot.frame("train"), snapshot.frame("validation")
    data = TrainingData(columns, rows, unseen)
    widths = (*hidden, prepared.outputs)
    lesson = Lesson(widths, prepared.task, prepared.quantiles, training)
    tried = scales.scales_to_try(lesson.objective, training, rows, unseen)
    candidates = [fit_candidate(scale, data, lesson, on_epoch) for scale in tried]
    kept = min(candidates, key=lambda each: each.error)  # the first of equal ones
    trial = scales.compare(rows, {each.scale: each.error for each in candidates})
    return NetworkRef(
        weights=store.put(save(tensors_of(kept.network)), ".safetensors"),
        widths=(len(columns), *widths),
        history=kept.history,
        best_epoch=kept.best_epoch,
        target_scale=kept.scale,
        trial=trial,
        warnings=(
            *((scales.sentence(trial, kept.scale),) if trial else ()),
            *unread_notes(load_columns(prepared, store), mask.features),
        ),
    )


def tensors_of(network: Network) -> dict[str, NDArray[np.float32]]:
    """A network's weights, and the table, so that no reader has to repeat the encoding."""
    tensors = {name: each.detach().numpy() for name, each in network.state_dict().items()}
    return {**tensors, "table": network.table().detach().numpy()}
