"""Promote: a challenger takes the champion's place, or does not."""

from prefect import task

from slipstream.artifacts.opening import open_store
from slipstream.lifecycle import retraining
from slipstream.reporting.record import Decision, RunRecord, TrackedRun
from slipstream.tracking.registry import Registry
from tasks.support.stage import IO_SECONDS, measured


@task(**measured("promote"), timeout_seconds=IO_SECONDS)
def promote(registry: Registry, record: RunRecord, tracked: TrackedRun, made_by: str) -> Decision:
    """Register the winner, compare it with the champion, and carry out the decision."""
    return retraining.promote(registry, record, tracked, made_by, open_store())
