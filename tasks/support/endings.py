"""How a run ends: a summary on its page, and a final state that says the outcome in a sentence."""

import logging
from collections.abc import Sequence
from typing import Any

from prefect import State
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, Failed

from slipstream.artifacts.references import DatasetRef
from slipstream.config.optimize import OptimizeConfig
from slipstream.evaluation.drift import Drift
from slipstream.operations.servers import mlflow_address
from slipstream.reporting import pages
from slipstream.reporting.markdown import escape
from slipstream.reporting.record import Decision
from slipstream.reporting.report import BudgetNotMetError, Report, Retraining
from slipstream.reporting.sentences import headline, retraining_headline
from slipstream.reporting.summary import retraining_summary, run_summary

__all__ = ["conclude", "conclude_retraining", "report_of"]

logger = logging.getLogger("slipstream")


def conclude(report: Report) -> State[Any]:
    """The end of a run of the pipeline."""
    told = headline(report.record)
    _publish(run_summary(report.record, report.tracked), told)
    if report.record.comparison.verdict.winner is None:
        return _budget_not_met(told, report)
    return Completed(message=told, data=report)


def conclude_retraining(
    config: OptimizeConfig,
    decision: Decision,
    dataset: DatasetRef,
    drift: Drift | None,
    report: Report | None,
    warnings: Sequence[str],
) -> State[Any]:
    """The end of a retraining; its warnings are those of the run within it too."""
    found = report.record.warnings if report else ()
    retraining = Retraining(
        **dict(decision),
        name=config.name,
        page=_page(config, decision.version),
        dataset=dataset,
        drift=drift,
        report=report,
        warnings=tuple(dict.fromkeys((*warnings, *found))),
    )
    if report is not None and decision.met_budget:
        logger.info("%s: %s", decision.shape, decision.reason)
    told = retraining_headline(retraining)
    _publish(retraining_summary(retraining, config), told)
    if not retraining.met_budget:
        return _budget_not_met(told, retraining)
    return Completed(message=told, data=retraining)


def report_of(state: State[Any]) -> Report:
    """What a run of the pipeline found out, also where nothing met the budget.

    Raises:
        Exception: it failed for another reason, which this is.
    """
    result = state.result(raise_on_failure=False)
    if isinstance(result, BudgetNotMetError):
        assert isinstance(result.outcome, Report)
        return result.outcome
    if isinstance(result, BaseException):
        raise result
    assert isinstance(result, Report)
    return result


def _page(config: OptimizeConfig, version: str) -> str:
    """The page of the version that was decided on, if there is one."""
    if not version:
        return ""
    return pages.version(mlflow_address(config.tracking.uri), config.name, version)


def _publish(summary: str, told: str) -> None:
    create_markdown_artifact(summary, key="summary", description=escape(told))


def _budget_not_met(told: str, outcome: Report | Retraining) -> State[Any]:
    """Failed, so that whoever watches for failures sees it, under a name to tell it by.

    Its data is an exception: who calls the flow, and not Prefect, gets it raised.
    """
    logger.error(told)
    state: State[Any] = Failed(
        name="BudgetNotMet", message=told, data=BudgetNotMetError(told, outcome)
    )
    state.state_details.retriable = False  # the same table and budget would not meet it again
    return state
