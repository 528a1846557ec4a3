"""The waterfall, as a person reads it: a row a step, what it comes to, where the time goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipstream.evaluation.results import ScoreName, WaterfallStep
from slipstream.measurement.breakdown import resolved
from slipstream.measurement.intervals import Interval
from slipstream.measurement.units import (
    change_factor,
    join_with_and,
    microseconds,
    size,
)
from slipstream.reporting.comparison import SCORE_LABELS, write_change, write_score

__all__ = [
    "StepRow",
    "altogether",
    "description",
    "score_titles",
    "shown_scores",
    "step_rows",
    "write_parts",
]


@dataclass(frozen=True)
class StepRow:
    """A step's figures, each with its change from the step before in brackets."""

    step: str
    network: str
    p50: str
    weights: str
    scores: tuple[str, ...]


def step_rows(steps: Sequence[WaterfallStep]) -> list[StepRow]:
    """The steps as rows of text."""
    first, *later = steps
    return [_alone(first), *map(_row, steps, later)]


def _alone(step: WaterfallStep) -> StepRow:
    return StepRow(
        step=step.name,
        network=step.network,
        p50=microseconds(step.latency_p50_us),
        weights=size(step.weights_bytes),
        scores=tuple(write_score(each, step.scores[each]) for each in shown_scores([step])),
    )


def _row(before: WaterfallStep, step: WaterfallStep) -> StepRow:
    row = _alone(step)
    return StepRow(
        step=row.step,
        network=row.network,
        p50=f"{row.p50} (x {step.latency_p50_us / before.latency_p50_us:.2f})",
        weights=f"{row.weights} (x {step.weights_bytes / before.weights_bytes:.2f})",
        scores=tuple(
            f"{written} ({_change(each, before, step)})"
            for each, written in zip(shown_scores([step]), row.scores, strict=True)
        ),
    )


def shown_scores(steps: Sequence[WaterfallStep]) -> tuple[ScoreName, ScoreName]:
    """The two scores that say most of these steps: of labels, or of numbers."""
    if "test_r2" in steps[0].scores:
        return "test_r2", "test_rmse"
    if "test_d2_pinball" in steps[0].scores:
        return "test_d2_pinball", "test_pinball"
    return "test_auc", "test_log_loss"


def score_titles(steps: Sequence[WaterfallStep]) -> tuple[str, ...]:
    """What they are called."""
    return tuple(SCORE_LABELS[each] for each in shown_scores(steps))


def _change(score: ScoreName, before: WaterfallStep, after: WaterfallStep) -> str:
    return write_change(score, after.scores[score] - before.scores[score])


def description(steps: Sequence[WaterfallStep]) -> str:
    """What the steps come to, and what each did: Markdown."""
    lines = [f"From {steps[0].name} to {steps[-1].name}: {altogether(steps)}.", ""]
    lines += [f"- {step.name}: {step.remark}" for step in steps[1:]]
    return "\n".join(lines)


def altogether(steps: Sequence[WaterfallStep]) -> str:
    """What the steps come to, from the first to the last."""
    first, last = steps[0], steps[-1]
    changes = (
        change_factor(last.latency_p50_us / first.latency_p50_us, "faster", "slower"),
        change_factor(last.weights_bytes / first.weights_bytes, "smaller", "larger"),
        *(f"{SCORE_LABELS[each]} {_change(each, first, last)}" for each in shown_scores(steps)),
    )
    return ", ".join(change for change in changes if change)


def write_parts(parts_us: Mapping[str, Interval]) -> str:
    """The parts of a prediction that were resolved, and their sum: a whole prediction, in µs."""
    written = " + ".join(f"{join_with_and(names)} {us:.3f}" for names, us in resolved(parts_us))
    return f"{written} = {sum(us.estimate for us in parts_us.values()):.3f} µs"
