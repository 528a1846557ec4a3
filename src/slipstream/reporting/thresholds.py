"""Which of two labels a row gets: precision and recall at 0.5, and at the threshold chosen."""

from slipstream.config.evaluation import EvaluationConfig
from slipstream.evaluation.results import Benchmark
from slipstream.runtime.links import HALF

__all__ = ["LABEL_TITLES", "about_threshold", "threshold_rows"]

LABEL_TITLES = (
    *("positive from", "float32 precision", "float32 recall"),
    *("int8 precision", "int8 recall"),
)


def threshold_rows(benchmark: Benchmark) -> list[tuple[str, ...]]:
    """A row under `LABEL_TITLES` for each threshold; none unless there are two labels."""
    if "test_precision" not in benchmark.metrics["float32"].scores:
        return []
    row = (f"{benchmark.threshold:.4g}", *_scores(benchmark, ""))
    if benchmark.threshold == HALF:
        return [row]
    return [(f"{HALF}", *_scores(benchmark, "_at_half")), row]


def _scores(benchmark: Benchmark, suffix: str) -> list[str]:
    return [
        f"{benchmark.metrics[precision].scores[f'test_{name}{suffix}']:.4f}"  # type: ignore[index]
        for precision in ("float32", "int8")
        for name in ("precision", "recall")
    ]


def about_threshold(benchmark: Benchmark, evaluation: EvaluationConfig) -> str:
    """By what the threshold was chosen."""
    if evaluation.threshold == "half":
        return "Labels are given by 0.5, the default; evaluation.threshold chooses another"
    chosen = f"Labels are given by {benchmark.threshold:.4g}"
    if evaluation.threshold == "f1":
        return f"{chosen}, which has the best F1 on the validation rows"
    return (
        f"{chosen}, which has the lowest cost on the validation rows, where a missed positive "
        f"costs {evaluation.cost:g} times as much as a false alarm"
    )
