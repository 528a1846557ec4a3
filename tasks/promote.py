"""Promote: a challenger takes the champion's place, or does not."""

from prefect import task

from slipstream import retraining
from slipstream.results import Decision, RunRecord, TrackedRun
from slipstream.store import open_store
from tasks.stage import IO_SECONDS, measured


@task(**measured("promote"), timeout_seconds=IO_SECONDS)
def promote(record: RunRecord, tracked: TrackedRun, made_by: str) -> Decision:
    """Register the winner, hold it against the champion, and obey the decision."""
    return retraining.promote(record, tracked, made_by, open_store())
