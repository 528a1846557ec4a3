"""Budgets: what a model must fit into, how it breaks them, and which ones no model can meet."""

from slipstream.config.budget import BudgetConfig
from slipstream.evaluation.judging import loss
from slipstream.evaluation.results import Floor, VariantMetrics
from slipstream.measurement.intervals import Interval
from slipstream.measurement.units import microseconds

__all__ = ["breaks_score", "over_budget", "unreachable", "use_of_budget"]


def over_budget(
    p99_us: float, bundle_bytes: int, budget: BudgetConfig, auc_change: Interval | None = None
) -> str:
    """How a model breaks the budget, or nothing.

    Args:
        p99_us: its hot latency.
        bundle_bytes: the size of its file.
        budget: the limits; 0 means no limit.
        auc_change: its AUC less the baseline's; None: it was not trained.
    """
    faults = []
    if budget.p99_us and p99_us > budget.p99_us:
        faults.append(f"hot p99 {p99_us:.4g} µs > {budget.p99_us:g} µs")
    if budget.size_bytes and bundle_bytes > budget.size_bytes:
        faults.append(f"file {bundle_bytes:,} bytes > {budget.size_bytes:,} bytes")
    if auc_change and breaks_score(auc_change, budget):
        lost = loss("test_auc", auc_change)
        faults.append(f"AUC lost against the baseline {lost:.4f} > {budget.max_score_loss:g}")
    return " and ".join(faults)


def breaks_score(auc_change: Interval, budget: BudgetConfig) -> bool:
    """Whether a model loses more AUC to the baseline than the budget allows; 0 means no limit."""
    return bool(budget.max_score_loss) and -auc_change.estimate > budget.max_score_loss


def use_of_budget(metrics: VariantMetrics, budget: BudgetConfig, auc_change: Interval) -> str:
    """How much of the budget a model that fits uses, or nothing where there is no budget."""
    used = []
    if budget.p99_us:
        used.append(f"hot p99 {microseconds(metrics.latency.p99_us)} of {budget.p99_us:g} µs")
    if budget.size_bytes:
        used.append(f"file {metrics.size.bundle_bytes:,} of {budget.size_bytes:,} bytes")
    if budget.max_score_loss:
        lost = max(0.0, -auc_change.estimate)
        used.append(f"AUC lost {lost:.4f} of {budget.max_score_loss:g}")
    return " and ".join(used)


def unreachable(floor: Floor, budget: BudgetConfig) -> list[str]:
    """Which limits no model can meet, a sentence each with the floor that was measured."""
    faults = []
    if 0 < budget.p99_us < floor.empty_p99_us.low:
        faults.append(
            f"budget.p99_us = {budget.p99_us:g} is unreachable: a call that does nothing has a p99 "
            f"of {floor.empty_p99_us:.3f} µs on this machine"
        )
    if 0 < budget.size_bytes < floor.bundle_bytes:
        faults.append(
            f"budget.size_bytes = {budget.size_bytes:,} is unreachable: a model of one column and "
            f"one unit has a file of {floor.bundle_bytes:,} bytes"
        )
    return faults
