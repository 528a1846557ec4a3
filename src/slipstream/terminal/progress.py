"""A progress bar for training, where there is a terminal to show it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from slipstream.references import Epoch

__all__ = ["epoch_progress"]


@contextmanager
def epoch_progress(epochs: int) -> Iterator[Callable[[Epoch], None]]:
    """Show how far training is; the yielded hook takes each epoch's figures."""
    bar = Progress(
        TextColumn("train"),
        BarColumn(),
        TextColumn("epoch {task.completed}/{task.total}{task.fields[losses]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    bar.disable = not bar.console.is_terminal
    with bar:
        line = bar.add_task("train", total=epochs, losses="")

        def on_epoch(epoch: Epoch) -> None:
            losses = f" · loss {epoch.train_loss:.3f} · validation {epoch.val_loss:.3f}"
            bar.update(line, completed=epoch.epoch, losses=losses)

        yield on_epoch
