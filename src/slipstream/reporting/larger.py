"""What larger models reach on the same test rows, as a person reads it."""

from collections.abc import Mapping

from slipstream.artifacts.references import TeacherRef
from slipstream.evaluation.results import Benchmark, LargerModel, LargerName, ScoreName
from slipstream.measurement.units import microseconds
from slipstream.reporting.comparison import SCORE_LABELS, shown_scores, write_score

__all__ = [
    "LARGER_NAMES",
    "LARGER_TITLE",
    "about_larger",
    "larger_rows",
    "larger_titles",
    "write_latency",
]

LARGER_TITLE = "What larger models reach, on all columns"
LARGER_NAMES: Mapping[LargerName, str] = {
    "teacher": "teacher",
    "lightgbm": "LightGBM, its defaults",
}
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
        (LARGER_NAMES[name], each.scores, write_latency(each))
        for name, each in benchmark.larger.items()
    ]
    models.append(("int8", int8.scores, microseconds(int8.latency.p50_us)))
    return [
        (
            name,
            *(write_score(score, scores[score]) for score in shown),
            latency,
        )
        for name, scores, latency in models
    ]


def write_latency(model: LargerModel | None) -> str:
    """The time for one row, as far as it was measured."""
    if model is None or not model.latency_p50_us:
        return "not measured"
    figure = microseconds(model.latency_p50_us)
    return figure if model.is_timed_in_full else f"at least {figure}"


def about_larger(teacher: TeacherRef) -> str:
    """What the teacher is."""
    if teacher.source != "trained":
        return f"The teacher's answers are those of {teacher.source}"
    used = ", ".join(f"{share:.0%} {name}" for name, share in teacher.blend.items() if share)
    return (
        f"The teacher is a blend of models of five folds ({used}); its out-of-fold loss is "
        f"{teacher.loss:.4f} {teacher.loss_unit}. p50 is that of trees, one row by LightGBM's "
        "fastest call, on normalised values"
        + ("" if teacher.is_trees else "; networks are not timed")
    )


def _scores(benchmark: Benchmark) -> list[ScoreName]:
    there = benchmark.metrics["int8"].scores
    return [each for each in shown_scores(benchmark) if each in there][:MOST_SCORES]
