"""Stage 4, train: a small network learns from the selected columns."""

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import Epoch, FeatureMask, NetworkRef, PreparedRef, TeacherRef
from slipstream.config.training import TrainingConfig
from slipstream.reporting.terminal.progress import epoch_progress
from tasks.support.progress import progress_artifact
from tasks.support.stage import cached


@task(**cached("train"))
def train(
    prepared: PreparedRef,
    teacher: TeacherRef | None,
    mask: FeatureMask,
    hidden: list[int],
    settings: TrainingConfig,
) -> NetworkRef:
    """Train on the training part, and keep what does best on the validation part."""
    # PyTorch takes a second to import, which a cached run should not pay.
    from slipstream.training import fitting

    with epoch_progress(settings.epochs) as show, progress_artifact(settings.epochs) as publish:

        def on_epoch(epoch: Epoch) -> None:
            show(epoch)
            publish(epoch)

        return fitting.train(prepared, teacher, mask, hidden, settings, open_store(), on_epoch)
