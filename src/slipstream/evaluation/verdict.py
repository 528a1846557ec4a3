"""Compare: a pure function from measurements to a verdict."""

from collections.abc import Mapping

from slipstream.config.budget import BudgetConfig
from slipstream.config.quantization import QuantizationConfig
from slipstream.evaluation.budget import breaks_score, over_budget, unreachable, use_of_budget
from slipstream.evaluation.judging import (
    SAME,
    Judged,
    Rules,
    is_same,
    judge_score,
    judge_speed,
    loss,
    show,
)
from slipstream.evaluation.results import Benchmark, Comparison, Verdict
from slipstream.measurement.units import difference, microseconds, rate, share, size
from slipstream.runtime.types import Precision

__all__ = [
    "answers",
    "compare",
    "has_rare_positives",
    "rows",
]

# A winner that loses more AUC to the baseline than this comes with a warning.
NOTABLE_LOSS = 0.01
# With a smaller share of positives, ROC's AUC and accuracy look good whatever a model does.
RARE = 0.1

# Figures in the comparison: metric, what a person calls it, how it is written.
SIZES = (("weights_bytes", "weights"), ("tensors_bytes", "all tensors"), ("bundle_bytes", "file"))
SCORES = {
    "test_accuracy": "accuracy",
    "test_auc": "AUC",
    "test_pr_auc": "PR-AUC",
    "test_log_loss": "log-loss",
}
RARE_SCORES = {
    "test_pr_auc": "PR-AUC",
    "test_recall_at_1pct_fpr": "recall at 1 % false positives",
    "test_precision_at_top_1pct": "precision in the top 1 %",
    "test_auc": "AUC",
    "test_log_loss": "log-loss",
    "test_accuracy": "accuracy",
}
LATENCIES = {
    "latency_p50_us": "p50, hot",
    "latency_p99_us": "p99, hot",
    "latency_cold_p50_us": "p50, cold",
}


def compare(
    benchmark: Benchmark, quantization: QuantizationConfig, budget: BudgetConfig
) -> Comparison:
    """Choose the winner: the smaller variant, unless it is worse or slower or over budget."""
    excess = {
        precision: over_budget(metrics, budget, benchmark.auc_changes[precision])
        for precision, metrics in benchmark.metrics.items()
    }
    winner, reasons = _decide(benchmark, quantization.max_score_loss, excess)
    reasons.append(_against_baseline(winner or "float32", benchmark, budget))
    if not winner:
        return _without_winner(benchmark, budget, reasons)
    used = use_of_budget(benchmark.metrics[winner], budget, benchmark.auc_changes[winner])
    reasons += [f"{winner} is within the budget: {used}"] if used else []
    return Comparison(
        metrics=benchmark.metrics,
        verdict=Verdict(winner=winner, reason=". ".join(reasons)),
        warnings=_warnings(winner, benchmark, budget),
    )


def _without_winner(benchmark: Benchmark, budget: BudgetConfig, reasons: list[str]) -> Comparison:
    """Say which limits no model can meet, and what would help where the score is at fault."""
    impossible = unreachable(benchmark.floor, budget)
    lost_score = any(breaks_score(each, budget) for each in benchmark.auc_changes.values())
    helps = []
    if lost_score:
        way_out = _way_out(benchmark)
        helps.append(way_out[0].upper() + way_out[1:])
        if any(over_budget(metrics, budget) for metrics in benchmark.metrics.values()):
            helps.append("That makes the model larger and slower, which another limit forbids")
    said = [*filter(None, [impossible]), *reasons, *helps]
    return Comparison(
        metrics=benchmark.metrics,
        verdict=Verdict(winner=None, reason=f"nothing fits: {'. '.join(said)}"),
        smaller_may_fit=not impossible and not lost_score,
    )


def _decide(
    benchmark: Benchmark, allowed: float, excess: Mapping[Precision, str]
) -> tuple[Precision | None, list[str]]:
    """The winner, and why, a sentence each."""
    score = judge_score(benchmark.score_changes, allowed)
    float32, int8 = benchmark.metrics["float32"], benchmark.metrics["int8"]
    speed = judge_speed(
        benchmark.p50_ratio,
        int8["latency_p50_us"] - float32["latency_p50_us"],
        Rules(benchmark.noise_ratio, benchmark.machine.timer_us, allowed),
    )
    worse = score.kind in ("too much", "perhaps too much")
    score_seen = _score_sentence(score, allowed)
    broken = {each: f"{each} breaks the budget: {fault}" for each, fault in excess.items() if fault}
    if "float32" in broken and ("int8" in broken or worse):
        return None, [broken["float32"], broken.get("int8", score_seen)]
    if "float32" in broken:
        return "int8", [broken["float32"], "int8 fits", score_seen]
    if "int8" in broken:
        return "float32", [broken["int8"], "float32 fits"]
    if worse:
        return "float32", [score_seen]
    speed_seen = f"int8 is {speed.words}, on the {benchmark.machine.runs} predictor"
    if speed.kind == "slower":
        return "float32", [score_seen, speed_seen]
    smaller = float32["weights_bytes"] / int8["weights_bytes"]
    weights = f"int8's weights are {smaller:.3g} x smaller than float32's"
    return "int8", [weights, score_seen, speed_seen]


def _score_sentence(score: Judged, allowed: float) -> str:
    """How int8's score compares with float32's."""
    limit = f"the {allowed:g} allowed"
    return {
        "same": f"int8's score is the same ({score.words})",
        "gained": f"int8's score is better ({score.words})",
        "not shown": f"No loss of score shows ({score.words}), and any loss is within {limit}",
        "within": f"int8 loses some score, within {limit} ({score.words})",
        "perhaps too much": f"int8 may lose more score than {limit} ({score.words})",
        "too much": f"int8 loses more score than {limit} ({score.words})",
    }[score.kind]


def _against_baseline(precision: Precision, benchmark: Benchmark, budget: BudgetConfig) -> str:
    """What selecting, shrinking and rounding have cost or gained, in AUC."""
    change = benchmark.auc_changes[precision]
    baseline = "the baseline, a wide float32 network on all columns"
    if is_same(change) and not breaks_score(change, budget):
        return f"{precision}'s AUC is the same as that of {baseline} ({show(change, '+.4f')})"
    if change.low <= 0 <= change.high:
        return (
            f"These test rows cannot tell {precision}'s AUC from that of {baseline}: it differs by "
            f"{show(change, '+.4f')}"
        )
    if change.estimate > 0:
        return f"{precision} gains {show(change, '.4f')} of AUC against {baseline}"
    return f"{precision} loses {show(loss('test_auc', change), '.4f')} of AUC against {baseline}"


def _warnings(winner: Precision, benchmark: Benchmark, budget: BudgetConfig) -> tuple[str, ...]:
    """A loss that is large and not limited by the budget, also where it may be chance."""
    lost = loss("test_auc", benchmark.auc_changes[winner])
    if budget.max_score_loss or lost.estimate <= NOTABLE_LOSS:
        return ()
    seen = f"{show(lost, '.4f')} of AUC against the baseline, a wide float32 network on all columns"
    if lost.low <= 0:
        rows_seen = f"{benchmark.positive_rows:,} of {benchmark.test_rows:,} test rows are positive"
        return (f"{winner} may lose {seen}; {rows_seen}, too few to be sure",)
    return (f"{winner} loses {seen}: {_way_out(benchmark)}; budget.max_score_loss sets a limit",)


def _way_out(benchmark: Benchmark) -> str:
    """What would lose less, by which step lost most."""
    changes = {
        step.name: step.score_changes["test_auc"].estimate
        for step in benchmark.waterfall.steps
        if step.score_changes
    }
    most = min(changes, key=changes.__getitem__, default="")
    if most == "features selected":
        return "selecting columns loses most, so a larger features.k helps most, then wider layers"
    if most == "smaller network":
        return (
            "the smaller network loses most, so a wider model.hidden helps most, then more columns"
        )
    return "a larger features.k and a wider model.hidden help"


def has_rare_positives(benchmark: Benchmark) -> bool:
    """Whether scores that look at the positives must come first."""
    return benchmark.positive_rows < RARE * benchmark.test_rows


def rows(benchmark: Benchmark) -> list[tuple[str, str, str, str]]:
    """The comparison as a person reads it: what, float32, int8, the change from one to the other.

    Sizes and latencies change by a factor, which is the quotient of the two that are shown; scores
    by a difference.
    """
    float32, int8 = benchmark.metrics["float32"], benchmark.metrics["int8"]
    scores = RARE_SCORES if has_rare_positives(benchmark) else SCORES
    written = [
        *((metric, label, size) for metric, label in SIZES),
        *((metric, f"test {label}", "{:.4f}".format) for metric, label in scores.items()),
        *((metric, f"latency {label}", microseconds) for metric, label in LATENCIES.items()),
        ("throughput_rows_per_s", "throughput", rate),
    ]
    return [
        (
            label,
            form(float32[metric]),
            form(int8[metric]),
            difference(int8[metric] - float32[metric])
            if metric in scores
            else _factor(int8[metric], float32[metric]),
        )
        for metric, label, form in written
    ]


def answers(benchmark: Benchmark) -> str:
    """What the test rows are, and what always giving one answer would get."""
    count, positive = benchmark.test_rows, benchmark.positive_rows
    seen = (
        f"{count:,} test rows, {positive:,} of them positive ({share(positive / count)}); "
        f"{benchmark.changed_answers:,} answered differently by int8"
    )
    majority = max(positive, count - positive) / count
    best = max(each["test_accuracy"] for each in benchmark.metrics.values())
    if best - majority >= SAME:
        return seen
    return (
        f"{seen}. Accuracy says nothing here: always answering the more frequent label has "
        f"{majority:.4f}"
    )


def _factor(value: float, before: float) -> str:
    return f"x {value / before:.3f}" if before else ""
