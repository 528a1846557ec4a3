"""What larger models reach on the same test rows, as a person reads it."""

from collections.abc import Mapping

from slipstream.artifacts.references import TeacherRef
from slipstream.evaluation.results import Benchmark, LargerName, ScoreName
from slipstream.measurement.units import microseconds
from slipstream.reporting.comparison import SCORE_LABELS, shown_scores, write_score

__all__ = ["LARGER_TITLE", "about_larger", "larger_rows", "larger_titles"]

LARGER_TITLE = "What larger models reach, on all columns"
NAMES: Mapping[LargerName, str] = {"teacher": "teacher", "lightgbm": "LightGBM, its defaults"}
MOST_SCORES = 3


def larger_titles(benchmark: Benchmark) -> list[str]:
    """What the columns of `larger_rows` are."""
    return ["", *(SCORE_LABELS[each] for each in _scores(benchmark)), "p50"]


def larger_rows(benchmark: Benchmark) -> list[tuple[str, ...]]:
    """One row a model, int8 last; none where no larger model was fitted."""
    if not benchmark.larger:
        return []
    shown = _scores(benchmark)
    int8 = benchmark.metrics["int8"]
    models = [
        (NAMES[name], each.scores, each.latency_p50_us) for name, each in benchmark.larger.items()
    ]
    return [
        (
            name,
            *(write_score(score, scores[score]) for score in shown),
            microseconds(latency) if latency else "not measured",
        )
        for name, scores, latency in [*models, ("int8", int8.scores, int8.latency.p50_us)]
    ]


def about_larger(teacher: TeacherRef) -> str:
    """What the teacher is."""
    if teacher.source != "trained":
        return f"The teacher's answers are those of {teacher.source}"
    used = ", ".join(f"{share:.0%} {name}" for name, share in teacher.blend.items() if share)
    return (
        f"The teacher is a blend of models of five folds ({used}); its out-of-fold loss is "
        f"{teacher.loss:.4f} {teacher.loss_unit}. p50 is that of trees, one row by LightGBM's "
        "fastest call, on normalised values"
    )


def _scores(benchmark: Benchmark) -> list[ScoreName]:
    there = benchmark.metrics["int8"].scores
    return [each for each in shown_scores(benchmark) if each in there][:MOST_SCORES]
