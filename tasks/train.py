"""Stage 4, train: a small network learns from the selected columns."""

from prefect import task

from slipstream.config import TrainingConfig
from slipstream.references import Epoch, FeatureMask, NetworkRef, PreparedRef
from slipstream.store import open_store
from slipstream.terminal.progress import epoch_progress
from tasks.progress import progress_artifact
from tasks.stage import cached


@task(**cached("train", __name__))
def train(
    prepared: PreparedRef, mask: FeatureMask, hidden: list[int], settings: TrainingConfig
) -> NetworkRef:
    """Train on the training part, stop by the validation part."""
    # PyTorch takes a second to import, which a cached run should not pay.
    from slipstream import training

    with epoch_progress(settings.epochs) as show, progress_artifact(settings.epochs) as publish:

        def on_epoch(epoch: Epoch) -> None:
            show(epoch)
            publish(epoch)

        return training.train(prepared, mask, hidden, settings, open_store(), on_epoch)
