"""Train: fit the network on the selected columns; report each epoch through a hook."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from slipstream.artifacts.references import (
    FeatureMask,
    NetworkRef,
    PreparedRef,
    TaughtTrial,
    TeacherRef,
)
from slipstream.artifacts.store import Store
from slipstream.artifacts.values import Blob
from slipstream.config.training import TrainingConfig
from slipstream.data.snapshot import Snapshot
from slipstream.features.notes import column_notes
from slipstream.features.preprocessing import load_columns, selected_columns
from slipstream.training import distillation, scales
from slipstream.training.batches import TrainingData
from slipstream.training.candidates import Candidate, fit_candidate, fit_on
from slipstream.training.network import Network
from slipstream.training.optimisation import EpochHook, Lesson

__all__ = ["tensors_of", "train"]


def train(
    prepared: PreparedRef,
    teacher: TeacherRef | None,
    mask: FeatureMask,
    hidden: Sequence[int],
    training: TrainingConfig,
    store: Store,
    on_epoch: EpochHook,
) -> NetworkRef:
    """Train on the training part, and keep what does best on the validation part.

    A skewed number is also learned as its logarithm. Where there is a teacher, another network
    learns its answers; where that one does better, it is trained once more with the validation
    rows among its own, since there is nothing left for them to decide.

    Raises:
        InputError: the loss is no longer a number, or the target has no logarithms to learn.
    """
    snapshot = Snapshot(prepared, store)
    columns = selected_columns(prepared, mask, store)
    rows, unseen = snapshot.frame("train"), snapshot.frame("validation")
    data = TrainingData(columns, rows, unseen)
    lesson = Lesson((*hidden, prepared.outputs), prepared.task, prepared.quantiles, training)
    tried = scales.scales_to_try(lesson.objective, training, rows, unseen)
    candidates = [fit_candidate(scale, data, lesson, on_epoch) for scale in tried]
    kept = min(candidates, key=lambda each: each.error)  # the first of equal ones
    trial = scales.compare(rows, {each.scale: each.error for each in candidates})
    said = [scales.sentence(trial, kept.scale)] if trial else []
    network, taught = kept.network, None
    if teacher is not None:
        lessons = distillation.taught(data, prepared, teacher, store)
        pupil = fit_candidate(kept.scale, lessons, lesson, on_epoch)
        taught = TaughtTrial(labels=kept.error, teacher=pupil.error)
        is_number = lesson.objective.is_mean
        said.append(distillation.sentence(taught, training.distill, is_number=is_number))
        if taught.helps or training.distill == "on":
            kept = pupil
            every = distillation.taught_all(data, prepared, teacher, store)
            network, _ = fit_on(kept.scale, every, lesson, on_epoch)
    is_refitted = network is not kept.network
    return NetworkRef(
        weights=store.put(save(tensors_of(network)), ".safetensors"),
        widths=(len(columns), *lesson.widths),
        history=kept.history,
        best_epoch=kept.best_epoch,
        target_scale=kept.scale,
        trial=trial,
        taught=taught,
        unseen=_keep_outputs(kept, store) if is_refitted else None,
        warnings=(
            *said,
            *column_notes(mask, prepared, load_columns(prepared, store), lesson.widths[0]),
        ),
    )


def _keep_outputs(candidate: Candidate, store: Store) -> Blob:
    return store.put(save({"outputs": candidate.outputs}), ".safetensors")


def tensors_of(network: Network) -> dict[str, NDArray[np.float32]]:
    """A network's weights, and the table, so that no reader has to repeat the encoding."""
    tensors = {name: each.detach().numpy() for name, each in network.state_dict().items()}
    return {**tensors, "table": network.table().detach().numpy()}
