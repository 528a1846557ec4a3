"""Baseline: a wide float32 network, which the run's own model is held against.

It is trained twice, on all columns and on the kept ones, so that each step of the waterfall changes
one thing only. Rows and epochs are bounded to keep it a matter of seconds: on a large table, its
score is what a wide network reaches with that many rows.
"""

from collections.abc import Sequence

from slipstream.artifacts.references import (
    Baseline,
    BundleRef,
    DatasetRef,
    FeatureMask,
    PreparedRef,
)
from slipstream.artifacts.store import Store
from slipstream.config.training import TrainingConfig
from slipstream.data.sampling import spread
from slipstream.data.snapshot import Snapshot
from slipstream.features.preprocessing import load_columns
from slipstream.features.selection import within_limit
from slipstream.quantization.folding import fold
from slipstream.quantization.variants import float32_bundle, keep_bundle
from slipstream.runtime.columns import Column, lookups
from slipstream.runtime.types import TargetScale
from slipstream.training.batches import TrainingData
from slipstream.training.candidates import fit_on
from slipstream.training.fitting import tensors_of
from slipstream.training.optimisation import Lesson, best_epoch

__all__ = ["train_baseline"]

HIDDEN = (256, 256)
TRAINING = TrainingConfig(epochs=60, batch_size=256, learning_rate=0.002, patience=3)
# Training time is proportional to the cells read: how many in an epoch, how many in all epochs.
EPOCH_CELLS = 1 << 18
ALL_CELLS = 1 << 21
LEAST_ROWS = 1024
LEAST_EPOCHS = 8


def train_baseline(
    dataset: DatasetRef,
    prepared: PreparedRef,
    mask: FeatureMask,
    target_scale: TargetScale,
    store: Store,
) -> Baseline:
    """Train the wide network on all columns, then on the mask's, on the same rows; fold both.

    It learns the target on the scale of the run's own network.
    """
    # More columns than a bundle can hold: the best of them.
    every = load_columns(prepared, store)
    best = sorted(range(len(every)), key=lambda index: -mask.scores[index].score)
    usable = set(within_limit(best, [len(lookups([column])) for column in every]))
    columns = [column for index, column in enumerate(every) if index in usable]
    kept = [each for each in columns if each.name in set(mask.features)]
    snapshot = Snapshot(prepared, store)
    most = max(LEAST_ROWS, EPOCH_CELLS // len(columns))
    rows = spread(snapshot.frame("train"), most)
    validation = spread(snapshot.frame("validation"), most)
    widths = (*HIDDEN, prepared.outputs)
    settings = _settings(len(rows) * len(columns))
    lesson = Lesson(widths, prepared.task, prepared.quantiles, settings)

    def train(columns: Sequence[Column]) -> BundleRef:
        data = TrainingData(columns, rows, validation)
        network, history = fit_on(target_scale, data, lesson, on_epoch=lambda _: None)
        layers, best = fold(tensors_of(network)), best_epoch(history)
        return keep_bundle(float32_bundle(dataset, columns, layers, best, target_scale), store)

    all_columns = train(columns)
    return Baseline(
        widths=(len(columns), *widths),
        all_columns=all_columns,
        kept_columns=train(kept) if len(kept) < len(columns) else all_columns,
    )


def _settings(cells: int) -> TrainingConfig:
    """As many epochs as are affordable where each reads so many cells."""
    epochs = min(TRAINING.epochs, max(LEAST_EPOCHS, ALL_CELLS // cells))
    return TRAINING.model_copy(update={"epochs": epochs})
