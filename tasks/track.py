"""Track: the run is recorded in MLflow."""

from typing import Any

from prefect import State, task
from prefect.artifacts import create_link_artifact
from prefect.runtime import flow_run
from prefect.utilities.urls import url_for

from slipstream.artifacts.opening import open_store
from slipstream.operations.servers import mlflow_address
from slipstream.reporting.record import RunRecord, TrackedRun
from slipstream.runtime import SlipstreamError
from slipstream.tracking import runs
from tasks.support.stage import IO_SECONDS, measured


def _may_pass(task: Any, run: Any, state: State[Any]) -> bool:
    """Retry a store that does not answer, not a mistake of the user's."""
    return not isinstance(state.result(raise_on_failure=False), SlipstreamError)


@task(
    **measured("track"),
    timeout_seconds=IO_SECONDS,
    retries=2,
    retry_delay_seconds=2,
    retry_condition_fn=_may_pass,
)
def track(record: RunRecord) -> TrackedRun:
    """Record the run in MLflow, and link to it from Prefect."""
    recorded = runs.FlowRun(
        id=str(flow_run.id or ""),
        url=url_for("flow-run", flow_run.id) or "embedded server: no page",
        name=flow_run.name or "optimize",
    )
    server = mlflow_address(record.config.tracking.uri)
    tracked = runs.track(record, recorded, server, open_store())
    create_link_artifact(link=tracked.link, link_text="MLflow run", key="mlflow-run")
    return tracked
