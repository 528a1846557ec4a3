"""Retraining: the pipeline on today's data, and a champion that only a better model replaces."""

from prefect import State, flow
from prefect.runtime import flow_run

from flows.optimize import DEFAULTS, STAGES, optimize
from slipstream.config import OptimizeConfig
from slipstream.fingerprint import code_digest
from slipstream.report import Retraining
from slipstream.retraining import identity, inherit, is_settled, unchanged
from slipstream.run_names import choose
from tasks.champion import champion
from tasks.check import check
from tasks.drift import drift
from tasks.endings import conclude_retraining, report_of
from tasks.ingest import ingest
from tasks.logs import prepare_logs
from tasks.promote import promote
from tasks.trace import StageTrace


def _title() -> str:
    title = OptimizeConfig.model_validate(flow_run.parameters["config"]).title
    return choose(flow_run.name, f"{title} · retrain")


@flow(name="retrain", flow_run_name=_title)
def retrain(config: OptimizeConfig = DEFAULTS) -> Retraining | State[Retraining]:
    """Keep the champion where nothing changed; else train a challenger and let them compete."""
    prepare_logs()
    stage = StageTrace(config)

    reigning = stage(champion, config)
    config = inherit(config, reigning)
    dataset = stage(ingest, config.data)
    moved = None
    if reigning is not None:
        stage(check, reigning, dataset)
        moved = stage(drift, reigning, dataset, config)

    made_by = identity(dataset, config, {module: code_digest(module) for module in STAGES})
    if is_settled(config, made_by):
        report, decision = None, unchanged(reigning)
    else:
        report = report_of(optimize(config, return_state=True))
        decision = stage(promote, report.record, report.tracked, made_by)
    return conclude_retraining(config, decision, dataset, moved, report, stage.warnings)
