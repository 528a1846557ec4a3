"""What a person sees while a run goes on: its stages, its warnings, how far training is."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from slipstream.artifacts.references import Epoch

__all__ = ["epoch_progress", "show_stages"]

STAGES = "slipstream.stages"  # the logger of the stage trace
TERMINAL = "slipstream's terminal"  # the name of our handler


def show_stages(*, warnings: bool) -> None:
    """Write each stage to a terminal when it is done, and each warning once, if asked to.

    If standard error is not a terminal, only warnings are written.
    """
    shown: set[str] = set()

    def is_shown(record: logging.LogRecord) -> bool:
        if record.levelno == logging.INFO:
            return record.name == STAGES and sys.stderr.isatty()
        if record.levelno != logging.WARNING or not warnings or record.getMessage() in shown:
            return False
        shown.add(record.getMessage())
        return True

    ours = logging.getLogger("slipstream")
    for earlier in [each for each in ours.handlers if each.name == TERMINAL]:
        ours.removeHandler(earlier)  # of a command before this one, in the same process
    handler = logging.StreamHandler()
    handler.name = TERMINAL
    handler.addFilter(is_shown)
    handler.setFormatter(logging.Formatter("slipstream: %(message)s"))
    ours.addHandler(handler)


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
