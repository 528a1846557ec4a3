"""The comparison of both variants, as a person reads it."""

from collections.abc import Mapping
from typing import NamedTuple

from slipstream.evaluation.judging import SAME
from slipstream.evaluation.results import Benchmark, ScoreName, VariantMetrics
from slipstream.measurement.units import difference, microseconds, rate, share, size

__all__ = ["SCORE_LABELS", "FigureRow", "about_test_rows", "figure_rows", "leading_score"]

# With a smaller share of positives, ROC's AUC and accuracy look good whatever a model does.
RARE = 0.1

SCORE_LABELS: Mapping[ScoreName, str] = {
    "test_accuracy": "accuracy",
    "test_auc": "AUC",
    "test_pr_auc": "PR-AUC",
    "test_log_loss": "log-loss",
    "test_recall_at_1pct_fpr": "recall at 1 % false positives",
    "test_precision_at_top_1pct": "precision in the top 1 %",
}
SCORES: tuple[ScoreName, ...] = ("test_accuracy", "test_auc", "test_pr_auc", "test_log_loss")
SCORES_OF_RARE: tuple[ScoreName, ...] = (
    "test_pr_auc",
    "test_recall_at_1pct_fpr",
    "test_precision_at_top_1pct",
    "test_auc",
    "test_log_loss",
    "test_accuracy",
)


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
    scores = SCORES_OF_RARE if _has_rare_positives(benchmark) else SCORES
    return [
        *_size_rows(float32, int8),
        *(_score_row(each, float32, int8) for each in scores),
        *_latency_rows(float32, int8),
    ]


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
    return FigureRow(label, f"{before:.4f}", f"{after:.4f}", difference(after - before))


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
    """The metric that says most for these classes."""
    return "test_pr_auc" if _has_rare_positives(benchmark) else "test_auc"


def _has_rare_positives(benchmark: Benchmark) -> bool:
    return benchmark.positive_rows < RARE * benchmark.test_rows


def about_test_rows(benchmark: Benchmark) -> str:
    """What the test rows are, and what always giving one answer would score."""
    count, positive = benchmark.test_rows, benchmark.positive_rows
    seen = (
        f"{count:,} test rows, {positive:,} of them positive ({share(positive / count)}); "
        f"{benchmark.changed_answers:,} answered differently by int8"
    )
    majority = max(positive, count - positive) / count
    best = max(each.scores["test_accuracy"] for each in benchmark.metrics.values())
    if best - majority >= SAME:
        return seen
    return (
        f"{seen}. Accuracy says nothing here: always answering the more frequent label has "
        f"{majority:.4f}"
    )
