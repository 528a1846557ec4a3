"""The comparison of both variants, as a person reads it."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from slipstream.evaluation.judging import SAME
from slipstream.evaluation.results import Benchmark, ScoreName, VariantMetrics
from slipstream.measurement.units import difference, microseconds, quantity, rate, share, size
from slipstream.runtime.quantiles import listed
from slipstream.runtime.types import Task

__all__ = [
    "SCORE_LABELS",
    "FigureRow",
    "about_test_rows",
    "figure_rows",
    "leading_score",
    "shown_scores",
    "write_change",
    "write_score",
]

# With a smaller share of positives, ROC's AUC and accuracy look good whatever a model does.
RARE = 0.1

SCORE_LABELS: Mapping[ScoreName, str] = {
    "test_accuracy": "accuracy",
    "test_auc": "AUC",
    "test_pr_auc": "PR-AUC",
    "test_log_loss": "log-loss",
    "test_recall_at_1pct_fpr": "recall at 1 % false positives",
    "test_precision_at_top_1pct": "precision in the top 1 %",
    "test_macro_f1": "macro-F1",
    "test_top_3_accuracy": "top-3 accuracy",
    "test_top_5_accuracy": "top-5 accuracy",
    "test_ece": "calibration error",
    "test_rmse": "RMSE",
    "test_mae": "MAE",
    "test_r2": "R²",
    "test_relative_rmse": "relative RMSE",
    "test_pinball": "pinball loss",
    "test_d2_pinball": "D²",
    "test_relative_pinball": "relative pinball loss",
    "test_coverage_gap": "coverage gap",
}
IN_OWN_UNIT: Sequence[ScoreName] = ("test_rmse", "test_mae", "test_pinball")
SCORES: tuple[ScoreName, ...] = ("test_accuracy", "test_auc", "test_pr_auc", "test_log_loss")
SCORES_OF_RARE: tuple[ScoreName, ...] = (
    "test_pr_auc",
    "test_recall_at_1pct_fpr",
    "test_precision_at_top_1pct",
    "test_auc",
    "test_log_loss",
    "test_accuracy",
)
SCORES_OF_LABELS: tuple[ScoreName, ...] = (
    "test_accuracy",
    "test_top_3_accuracy",
    "test_top_5_accuracy",
    "test_macro_f1",
    "test_auc",
    "test_log_loss",
)
SCORES_OF_NUMBERS: tuple[ScoreName, ...] = (
    "test_rmse",
    "test_mae",
    "test_r2",
    "test_relative_rmse",
)
SCORES_OF_QUANTILES: tuple[ScoreName, ...] = (
    "test_pinball",
    "test_d2_pinball",
    "test_relative_pinball",
    "test_coverage_gap",
)
MOST_COVERAGES = 9  # more are in the figure, and in MLflow's metrics


class FigureRow(NamedTuple):
    """One figure of both variants, and its change from float32 to int8."""

    figure: str
    float32: str
    int8: str
    change: str


def figure_rows(benchmark: Benchmark) -> list[FigureRow]:
    """Sizes, scores and latencies, one a row.

    Sizes and latencies change by a factor, which is the quotient of the two that are shown; scores
    by a difference.
    """
    float32, int8 = benchmark.metrics["float32"], benchmark.metrics["int8"]
    return [
        *_size_rows(float32, int8),
        *(
            _score_row(each, float32, int8)
            for each in shown_scores(benchmark)
            if each in float32.scores
        ),
        *_coverage_rows(float32, int8),
        *_latency_rows(float32, int8),
    ]


def shown_scores(benchmark: Benchmark) -> tuple[ScoreName, ...]:
    """The scores that a person is shown for this target, what says most first."""
    if benchmark.task == "multiclass":
        return SCORES_OF_LABELS
    if benchmark.task == "regression":
        return SCORES_OF_NUMBERS
    if benchmark.task == "quantiles":
        return SCORES_OF_QUANTILES
    return SCORES_OF_RARE if _has_rare_positives(benchmark) else SCORES


def write_score(score: ScoreName, value: float) -> str:
    """A score: four decimals, or five digits where it has the target's unit."""
    return quantity(value) if score in IN_OWN_UNIT else f"{value:.4f}"


def write_change(score: ScoreName, change: float) -> str:
    """A change of a score, with its sign; 0 without one."""
    if score not in IN_OWN_UNIT:
        return difference(change)
    return f"{'+' if change > 0 else ''}{quantity(change, digits=3)}"


def _size_rows(float32: VariantMetrics, int8: VariantMetrics) -> list[FigureRow]:
    before, after = float32.size, int8.size
    figures = (
        ("weights", before.weights_bytes, after.weights_bytes),
        ("all tensors", before.tensors_bytes, after.tensors_bytes),
        ("file", before.bundle_bytes, after.bundle_bytes),
    )
    return [FigureRow(name, size(one), size(two), _factor(one, two)) for name, one, two in figures]


def _score_row(score: ScoreName, float32: VariantMetrics, int8: VariantMetrics) -> FigureRow:
    before, after = float32.scores[score], int8.scores[score]
    label = f"test {SCORE_LABELS[score]}"
    change = write_change(score, after - before)
    return FigureRow(label, write_score(score, before), write_score(score, after), change)


def _coverage_rows(float32: VariantMetrics, int8: VariantMetrics) -> list[FigureRow]:
    """The share of test rows at or below each quantile, unless there are too many to read."""
    if len(float32.coverage) > MOST_COVERAGES:
        return []
    return [
        FigureRow(
            f"test rows at or below {name}",
            share(before),
            share(int8.coverage[name]),
            difference(int8.coverage[name] - before),
        )
        for name, before in float32.coverage.items()
    ]


def _latency_rows(float32: VariantMetrics, int8: VariantMetrics) -> list[FigureRow]:
    before, after = float32.latency, int8.latency
    figures = (
        ("latency p50, hot", microseconds, before.p50_us, after.p50_us),
        ("latency p99, hot", microseconds, before.p99_us, after.p99_us),
        ("latency p50, cold", microseconds, before.cold_p50_us, after.cold_p50_us),
        ("throughput", rate, before.throughput_rows_per_s, after.throughput_rows_per_s),
    )
    return [
        FigureRow(name, write(one), write(two), _factor(one, two))
        for name, write, one, two in figures
    ]


def _factor(before: float, after: float) -> str:
    return f"x {after / before:.3f}" if before else ""


def leading_score(benchmark: Benchmark) -> ScoreName:
    """The metric that says most for this target."""
    if benchmark.task == "regression":
        return "test_r2"
    if benchmark.task == "quantiles":
        return "test_d2_pinball"
    return "test_pr_auc" if _has_rare_positives(benchmark) else "test_auc"


def _has_rare_positives(benchmark: Benchmark) -> bool:
    return benchmark.task == "binary" and benchmark.positive_rows < RARE * benchmark.test_rows


def about_test_rows(benchmark: Benchmark) -> str:
    """What the test rows are, and what always giving one answer would score."""
    return _ABOUT[benchmark.task](benchmark)


def _about_positives(benchmark: Benchmark) -> str:
    count, positive = benchmark.test_rows, benchmark.positive_rows
    seen = (
        f"{count:,} test rows, {positive:,} of them positive ({share(positive / count)}); "
        f"{benchmark.changed_answers:,} answered differently by int8"
    )
    return seen + _about_accuracy(benchmark, max(positive, count - positive) / count)


def _about_labels(benchmark: Benchmark) -> str:
    count, rows = benchmark.test_rows, benchmark.class_rows
    seen = (
        f"{count:,} test rows of {sum(map(bool, rows)):,} labels, {max(rows):,} of the most "
        f"frequent ({share(max(rows) / count)}) and {min(filter(None, rows)):,} of the rarest; "
        f"{benchmark.changed_answers:,} answered differently by int8; AUC is the mean of each "
        "label against the rest"
    )
    return seen + _about_accuracy(benchmark, max(rows) / count)


def _about_accuracy(benchmark: Benchmark, majority: float) -> str:
    """A sentence where accuracy is not above that of the most frequent label."""
    best = max(each.scores["test_accuracy"] for each in benchmark.metrics.values())
    if best - majority >= SAME:
        return ""
    frequent = "more" if benchmark.task == "binary" else "most"
    return (
        f". Accuracy says nothing here: always answering the {frequent} frequent label has "
        f"{majority:.4f}"
    )


def _about_numbers(benchmark: Benchmark) -> str:
    scores = benchmark.metrics["float32"].scores
    guess = scores["test_rmse"] / scores["test_relative_rmse"] if scores["test_rmse"] else 0.0
    return (
        f"{benchmark.test_rows:,} test rows; RMSE and MAE are in the target's unit, and relative "
        f"RMSE is over that of always answering the mean, {quantity(guess)}; "
        f"{benchmark.changed_answers:,} answered differently by int8, by more than 1 % of the "
        "target's standard deviation"
    )


def _about_quantiles(benchmark: Benchmark) -> str:
    scores = benchmark.metrics["float32"].scores
    pinball, relative = scores["test_pinball"], scores["test_relative_pinball"]
    guess = pinball / relative if relative else 0.0
    return (
        f"{benchmark.test_rows:,} test rows; the pinball loss is in the target's unit, a mean over "
        f"{listed(benchmark.quantiles)}, and the relative one is over that of always answering the "
        f"quantiles of the test rows, {quantity(guess)}; D² is 1 less the relative one; the "
        "coverage gap is how far the share of rows at or below an answer is from its level, as a "
        "mean; "
        f"{benchmark.changed_answers:,} answered differently by int8, by more than 1 % of the "
        "target's standard deviation"
    )


_ABOUT: Mapping[Task, Callable[[Benchmark], str]] = {
    "binary": _about_positives,
    "multiclass": _about_labels,
    "regression": _about_numbers,
    "quantiles": _about_quantiles,
}
