"""Compare: a pure function from measurements to a verdict."""

from collections.abc import Mapping

from slipstream.config import BudgetConfig, QuantizationConfig
from slipstream.results import Benchmark, Comparison, Interval, Verdict
from slipstream.runtime.types import Precision
from slipstream.units import microseconds

__all__ = ["compare", "over_budget", "table"]

# int8 counts as slower where even the low end of its p50 ratio lies above this.
SLOWER = 1.05
# Fewer test rows than this cannot resolve a drop in accuracy: log-loss judges instead.
LEAST_TEST_ROWS = 1000


def compare(
    benchmark: Benchmark, quantization: QuantizationConfig, budget: BudgetConfig
) -> Comparison:
    """Choose the winner: the smaller variant, unless it is worse or slower or over budget."""
    excess = {
        precision: over_budget(metrics, budget) for precision, metrics in benchmark.metrics.items()
    }
    verdict = _verdict(benchmark, quantization, excess)
    if verdict.winner:
        reason = verdict.reason + _met(benchmark.metrics[verdict.winner], budget)
        verdict = verdict.model_copy(update={"reason": reason})
    return Comparison(metrics=benchmark.metrics, verdict=verdict)


def table(comparison: Comparison) -> list[dict[str, float | str]]:
    """The comparison as rows of a table: metric, float32, int8, ratio."""
    float32, int8 = comparison.metrics["float32"], comparison.metrics["int8"]
    return [
        {
            "metric": metric,
            "float32": round(value, 4),
            "int8": round(int8[metric], 4),
            "int8 / float32": round(int8[metric] / value, 4) if value else "",
        }
        for metric, value in float32.items()
    ]


def over_budget(metrics: Mapping[str, float], budget: BudgetConfig) -> str:
    """How a variant breaks the budget, or nothing."""
    faults = []
    if budget.p99_us and metrics["latency_p99_us"] > budget.p99_us:
        faults.append(f"hot p99 {microseconds(metrics['latency_p99_us'])} > {budget.p99_us:g} µs")
    if budget.size_bytes and metrics["bundle_bytes"] > budget.size_bytes:
        faults.append(f"file {metrics['bundle_bytes']:,.0f} bytes > {budget.size_bytes:,} bytes")
    return " and ".join(faults)


def _met(metrics: Mapping[str, float], budget: BudgetConfig) -> str:
    """How much of the budget the winner uses, or nothing where there is none."""
    used = []
    if budget.p99_us:
        used.append(f"hot p99 {microseconds(metrics['latency_p99_us'])} of {budget.p99_us:g} µs")
    if budget.size_bytes:
        used.append(f"file {metrics['bundle_bytes']:,.0f} of {budget.size_bytes:,} bytes")
    return f"; within the budget: {' and '.join(used)}" if used else ""


def _verdict(
    benchmark: Benchmark, quantization: QuantizationConfig, excess: Mapping[Precision, str]
) -> Verdict:
    worse, drop = _is_worse(benchmark, quantization.max_accuracy_drop)
    slower, speed = _is_slower(benchmark)
    if excess["float32"] and (excess["int8"] or worse):
        int8_fault = excess["int8"] or drop
        reason = (
            f"nothing fits: float32 breaks the budget ({excess['float32']}), int8: {int8_fault}"
        )
        return Verdict(winner=None, reason=reason)
    if excess["float32"]:
        reason = f"int8 fits the budget and float32 does not ({excess['float32']}); {drop}"
        return Verdict(winner="int8", reason=reason)
    if excess["int8"]:
        return Verdict(winner="float32", reason=f"int8 breaks the budget ({excess['int8']})")
    if worse:
        return Verdict(winner="float32", reason=drop)
    if slower:
        return Verdict(winner="float32", reason=f"{speed}, though {drop}")
    smaller = (
        benchmark.metrics["float32"]["weights_bytes"] / benchmark.metrics["int8"]["weights_bytes"]
    )
    reason = f"int8's weights are {smaller:g} x smaller, {drop}, and {speed}"
    return Verdict(winner="int8", reason=reason)


def _is_worse(benchmark: Benchmark, tolerance: float) -> tuple[bool, str]:
    """Whether int8 may have lost more than the tolerance, and what was seen."""
    if benchmark.test_rows >= LEAST_TEST_ROWS:
        what, change = "accuracy drop", benchmark.accuracy_drop
    else:  # too few rows to see such a drop in accuracy
        what, change = "log-loss increase", benchmark.log_loss_increase
    worse = change.high > tolerance
    sign = "above" if worse else "within"
    return worse, f"int8's {what} is {_show(change, '.4f')}, {sign} the {tolerance:g} allowed"


def _is_slower(benchmark: Benchmark) -> tuple[bool, str]:
    """Whether int8 is slower beyond doubt, and what was seen."""
    p50 = {precision: each["latency_p50_us"] for precision, each in benchmark.metrics.items()}
    difference_us, timer_us = p50["int8"] - p50["float32"], benchmark.machine.timer_us
    seen = f"{benchmark.machine.runs} predictor, p50 ratio {_show(benchmark.p50_ratio, '.2f')}"
    if benchmark.p50_ratio.low > SLOWER and difference_us < timer_us:
        below = f"{microseconds(difference_us)}, is below the timer's own {microseconds(timer_us)}"
        return False, f"int8 is as fast as float32 here: the difference, {below} ({seen})"
    slower = benchmark.p50_ratio.low > SLOWER
    return slower, f"int8 is {'slower' if slower else 'not slower'} than float32 here ({seen})"


def _show(interval: Interval, form: str) -> str:
    return f"{interval.estimate:{form}} [{interval.low:{form}}, {interval.high:{form}}]"
