"""Retraining: the pipeline on today's data, and a champion that only a better model replaces."""

import logging

from prefect import State, flow
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.optimize import DEFAULTS, STAGES, optimize
from slipstream.config import OptimizeConfig
from slipstream.fingerprint import code_digest
from slipstream.results import Decision
from slipstream.retraining import identity, inherit, is_settled
from slipstream.run_names import choose
from tasks.champion import champion
from tasks.check import check
from tasks.drift import drift
from tasks.ingest import ingest
from tasks.mistakes import log_mistakes_briefly
from tasks.promote import promote

UNCHANGED = "unchanged, champion kept"


def _title() -> str:
    title = OptimizeConfig.model_validate(flow_run.parameters["config"]).title
    return choose(flow_run.name, f"{title} · retrain")


@flow(name="retrain", flow_run_name=_title)
def retrain(config: OptimizeConfig = DEFAULTS) -> Decision | State[Decision]:
    """Keep the champion where nothing changed; else train a challenger and let them compete."""
    log_mistakes_briefly()
    reigning = champion(config)
    config = inherit(config, reigning)
    dataset = ingest(config.data)
    if reigning is not None:
        check(reigning, dataset)
        drift(reigning, dataset, config)

    made_by = identity(dataset, config, {module: code_digest(module) for module in STAGES})
    if is_settled(config, made_by):
        logging.getLogger("slipstream").info(UNCHANGED)
        return Completed(message=UNCHANGED, data=Decision(promoted=False, reason=UNCHANGED))

    report = optimize(config)
    return promote(report.record, report.tracked, made_by)
