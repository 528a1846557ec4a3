"""Promote: a challenger takes the champion's place, or does not."""

import logging

from prefect import task
from prefect.artifacts import create_markdown_artifact

from slipstream import retraining
from slipstream.results import Decision, RunRecord, TrackedRun
from slipstream.store import open_store
from tasks.stage import IO_SECONDS, measured

logger = logging.getLogger("slipstream")


@task(**measured("promote"), timeout_seconds=IO_SECONDS)
def promote(record: RunRecord, tracked: TrackedRun, made_by: str) -> Decision:
    """Register the winner, hold it against the champion, and publish the decision."""
    decision = retraining.promote(record, tracked, made_by, open_store())
    logger.info("%s: %s", decision.shape, decision.reason)
    create_markdown_artifact(
        f"# {decision.shape.capitalize()}\n\n{decision.reason}.", key="decision"
    )
    return decision
