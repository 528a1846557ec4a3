"""Budgets: what a model must fit into, how it breaks them, and which ones no model can meet."""

from slipstream.config.budget import BudgetConfig
from slipstream.evaluation.judging import LOWER_IS_BETTER, NAMES, loss
from slipstream.evaluation.results import Floor, ScoreName, VariantMetrics
from slipstream.measurement.intervals import Interval
from slipstream.measurement.units import microseconds

__all__ = ["breaks_score", "over_budget", "unreachable", "use_of_budget"]


def over_budget(
    p99_us: float,
    bundle_bytes: int,
    budget: BudgetConfig,
    change: Interval | None = None,
    score: ScoreName = "test_auc",
) -> str:
    """How a model breaks the budget, or nothing.

    Args:
        p99_us: its hot latency.
        bundle_bytes: the size of its file.
        budget: the limits; 0 means no limit.
        change: its score less the baseline's; None: it was not trained.
        score: which one.
    """
    faults = []
    if budget.p99_us and p99_us > budget.p99_us:
        faults.append(f"hot p99 {p99_us:.4g} µs > {budget.p99_us:g} µs")
    if budget.size_bytes and bundle_bytes > budget.size_bytes:
        faults.append(f"file {bundle_bytes:,} bytes > {budget.size_bytes:,} bytes")
    if change and breaks_score(change, score, budget):
        seen = f"{_lost(score)} against the baseline {loss(score, change):.4f}"
        faults.append(f"{seen} > {budget.max_score_loss:g}")
    return " and ".join(faults)


def breaks_score(change: Interval, score: ScoreName, budget: BudgetConfig) -> bool:
    """Whether a model loses more score to the baseline than the budget allows; 0 means no limit."""
    limit = budget.max_score_loss
    return bool(limit) and loss(score, change).estimate > limit


def use_of_budget(
    metrics: VariantMetrics, budget: BudgetConfig, change: Interval, score: ScoreName
) -> str:
    """How much of the budget a model that fits uses, or nothing where there is no budget."""
    used = []
    if budget.p99_us:
        used.append(f"hot p99 {microseconds(metrics.latency.p99_us)} of {budget.p99_us:g} µs")
    if budget.size_bytes:
        used.append(f"file {metrics.size.bundle_bytes:,} of {budget.size_bytes:,} bytes")
    if budget.max_score_loss:
        lost = max(0.0, loss(score, change).estimate)
        used.append(f"{_lost(score)} {lost:.4f} of {budget.max_score_loss:g}")
    return " and ".join(used)


def _lost(score: ScoreName) -> str:
    """A loss of a score in words; an error is gained."""
    return f"{NAMES[score]} {'gained' if score in LOWER_IS_BETTER else 'lost'}"


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
