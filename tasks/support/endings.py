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
    """End a run of the pipeline: its summary and its final state."""
    sentence = headline(report.record)
    _publish(run_summary(report.record, report.tracked), sentence)
    if report.record.comparison.verdict.winner is None:
        return _budget_not_met(sentence, report)
    return Completed(message=sentence, data=report)


def conclude_retraining(
    config: OptimizeConfig,
    decision: Decision,
    dataset: DatasetRef,
    drift: Drift | None,
    report: Report | None,
    warnings: Sequence[str],
) -> State[Any]:
    """End a retraining; its warnings include those of the pipeline's run."""
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
    sentence = retraining_headline(retraining)
    _publish(retraining_summary(retraining, config), sentence)
    if not retraining.met_budget:
        return _budget_not_met(sentence, retraining)
    return Completed(message=sentence, data=retraining)


def report_of(state: State[Any]) -> Report:
    """The report of a run of the pipeline, even if nothing met the budget.

    Raises:
        Exception: the run failed for another reason.
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


def _publish(summary: str, sentence: str) -> None:
    create_markdown_artifact(summary, key="summary", description=escape(sentence))


def _budget_not_met(sentence: str, outcome: Report | Retraining) -> State[Any]:
    """A failed state, so that automations see it, under a name of its own.

    Its data is an exception, which is raised to the flow's caller, but not in Prefect.
    """
    logger.error(sentence)
    state: State[Any] = Failed(
        name="BudgetNotMet", message=sentence, data=BudgetNotMetError(sentence, outcome)
    )
    state.state_details.retriable = False  # the same table and budget would fail again
    return state
