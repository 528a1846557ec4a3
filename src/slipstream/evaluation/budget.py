"""Budgets: what a model must fit into, how it breaks them, and which ones no model can meet."""

from collections.abc import Mapping

from slipstream.config.budget import BudgetConfig
from slipstream.evaluation.judging import loss, show
from slipstream.evaluation.results import Floor
from slipstream.measurement.intervals import Interval
from slipstream.measurement.units import microseconds

__all__ = ["breaks_score", "over_budget", "unreachable", "use_of_budget"]


def over_budget(
    metrics: Mapping[str, float], budget: BudgetConfig, auc_change: Interval | None = None
) -> str:
    """How a model breaks the budget, or nothing.

    Args:
        metrics: its latency and its size.
        budget: the limits; 0 is none.
        auc_change: its AUC less the baseline's; None: it was not trained.
    """
    faults = []
    if budget.p99_us and metrics["latency_p99_us"] > budget.p99_us:
        faults.append(f"hot p99 {metrics['latency_p99_us']:.4g} µs > {budget.p99_us:g} µs")
    if budget.size_bytes and metrics["bundle_bytes"] > budget.size_bytes:
        faults.append(f"file {metrics['bundle_bytes']:,.0f} bytes > {budget.size_bytes:,} bytes")
    if auc_change and breaks_score(auc_change, budget):
        lost = show(loss("test_auc", auc_change), ".4f")
        faults.append(f"AUC lost against the baseline {lost} > {budget.max_score_loss:g}")
    return " and ".join(faults)


def breaks_score(auc_change: Interval, budget: BudgetConfig) -> bool:
    """Whether a model loses more AUC to the baseline than the budget allows; 0 is no limit."""
    return bool(budget.max_score_loss) and -auc_change.estimate > budget.max_score_loss


def use_of_budget(metrics: Mapping[str, float], budget: BudgetConfig, auc_change: Interval) -> str:
    """How much of the budget a model that fits uses, or nothing where there is no budget."""
    used = []
    if budget.p99_us:
        used.append(f"hot p99 {microseconds(metrics['latency_p99_us'])} of {budget.p99_us:g} µs")
    if budget.size_bytes:
        used.append(f"file {metrics['bundle_bytes']:,.0f} of {budget.size_bytes:,} bytes")
    if budget.max_score_loss:
        lost = max(0.0, -auc_change.estimate)
        used.append(f"AUC lost {lost:.4f} of {budget.max_score_loss:g}")
    return " and ".join(used)


def unreachable(floor: Floor, budget: BudgetConfig) -> str:
    """Which limits no model can meet, and the floor that was measured; or nothing."""
    faults = []
    if 0 < budget.p99_us < floor.empty_p99_us.low:
        faults.append(
            f"budget.p99_us = {budget.p99_us:g} is unreachable: a call that does nothing has a p99 "
            f"of {show(floor.empty_p99_us, '.3f')} µs on this machine"
        )
    if 0 < budget.size_bytes < floor.bundle_bytes:
        faults.append(
            f"budget.size_bytes = {budget.size_bytes:,} is unreachable: a model of one column and "
            f"one unit has a file of {floor.bundle_bytes:,} bytes"
        )
    return ". ".join(faults)
