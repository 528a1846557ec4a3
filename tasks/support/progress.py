"""Training's progress as a Prefect artifact, shown on the run's page."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.runtime import flow_run

from slipstream.artifacts.references import Epoch

__all__ = ["progress_artifact"]

LEAST_SECONDS = 1.0  # between updates: each is a request


@contextmanager
def progress_artifact(epochs: int) -> Iterator[Callable[[Epoch], None]]:
    """Keep the artifact up to date with the yielded hook; outside a run, do nothing."""
    if not flow_run.id:
        yield _ignore
        return
    artifact = cast("UUID", create_progress_artifact(0.0, key="training", description="training"))
    updated = time.monotonic()

    def on_epoch(epoch: Epoch) -> None:
        nonlocal updated
        if time.monotonic() - updated >= LEAST_SECONDS:
            updated = time.monotonic()
            losses = f"loss {epoch.train_loss:.4f}, validation {epoch.val_loss:.4f}"
            text = f"epoch {epoch.epoch} of at most {epochs}, {losses}"
            update_progress_artifact(artifact, 100.0 * epoch.epoch / epochs, text)

    yield on_epoch
    update_progress_artifact(artifact, 100.0, "trained")


def _ignore(_: Epoch) -> None:
    pass
