"""Drift: how far today's data is from what the champion was trained on."""

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.events import emit_event

from slipstream.artifacts.opening import open_store
from slipstream.artifacts.references import DatasetRef
from slipstream.config.drift import DriftConfig
from slipstream.evaluation.drift import Drift
from slipstream.lifecycle import retraining
from slipstream.lifecycle.promotion import Champion
from slipstream.reporting.markdown import escape
from slipstream.reporting.tables import drift_table
from slipstream.tracking.registry import Registry
from tasks.support.stage import IO_SECONDS, measured

EXCEEDED = "slipstream.drift.exceeded"


@task(**measured("drift"), timeout_seconds=IO_SECONDS)
def drift(
    registry: Registry, champion: Champion, dataset: DatasetRef, limits: DriftConfig
) -> Drift | None:
    """Measure it, publish it in the champion's run and in Prefect, and raise an alarm."""
    moved = retraining.measure_drift(registry, champion, dataset, limits, open_store())
    if moved is not None:
        create_table_artifact(
            table=drift_table(moved),
            key="drift",
            description=f"Since the training of version {champion.version}: {escape(moved.shape)}.",
        )
        if moved.warnings:
            _raise_alarm(moved, champion, registry.name)
    return moved


def _raise_alarm(moved: Drift, champion: Champion, model: str) -> None:
    """Emit an event that an automation can act on; Prefect adds the run that it comes from."""
    name, psi = moved.ranked[0]
    emit_event(
        EXCEEDED,
        resource={
            "prefect.resource.id": f"slipstream.model.{model}",
            "prefect.resource.name": model,
        },
        payload={
            "model": model,
            "version": champion.version,
            "message": "; ".join(moved.warnings),
            "feature": name,
            "psi": round(psi, 4),
            "target_psi": round(moved.psi[moved.target], 4) if moved.target else None,
            "outside_share": round(moved.outside_share, 4),
            "outside_share_then": round(moved.outside_share_then, 4),
            "rows": moved.rows,
        },
    )
