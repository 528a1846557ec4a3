"""Retraining: the pipeline on today's data, and a champion that only a better model replaces."""

from prefect import State, flow
from prefect.runtime import flow_run

from flows.optimize import DEFAULTS, optimize
from slipstream.config.optimize import OptimizeConfig
from slipstream.lifecycle.retraining import (
    identity,
    inherit,
    is_settled,
    naming_the_champion,
    unchanged,
)
from slipstream.reporting.report import Retraining
from slipstream.tracking.registry import Registry
from tasks.champion import champion
from tasks.check import check
from tasks.drift import drift
from tasks.ingest import ingest
from tasks.promote import promote
from tasks.support.endings import conclude_retraining, report_of
from tasks.support.logs import prepare_logs
from tasks.support.run_names import choose
from tasks.support.stage import stage_code
from tasks.support.trace import StageTrace

# The stages whose code makes a model: changed code makes a new challenger.
MAKE_A_MODEL = ("ingest", "preprocess", "teach", "select", "search", "train", "quantize")


def _title() -> str:
    title = OptimizeConfig.model_validate(flow_run.parameters["config"]).title
    return choose(flow_run.name, f"{title} · retrain")


@flow(name="retrain", flow_run_name=_title)
def retrain(config: OptimizeConfig = DEFAULTS) -> Retraining | State[Retraining]:
    """Keep the champion where nothing changed; else train a challenger and let them compete."""
    prepare_logs()
    stage = StageTrace(config)

    registry = Registry(config.name, config.tracking.uri)
    reigning = stage(champion, registry)
    asked, config = config, inherit(config, reigning)
    with naming_the_champion(asked, config, reigning):
        dataset = stage(ingest, config.data)
    moved = None
    if reigning is not None:
        stage(check, reigning, dataset)
        moved = stage(drift, registry, reigning, dataset, config.drift)

    made_by = identity(dataset, config, {stage: stage_code(stage) for stage in MAKE_A_MODEL})
    if is_settled(registry, made_by):
        report, decision = None, unchanged(reigning)
    else:
        report = report_of(optimize(config, return_state=True))
        decision = stage(promote, registry, report.record, report.tracked, made_by)
    return conclude_retraining(config, decision, dataset, moved, report, stage.warnings)
