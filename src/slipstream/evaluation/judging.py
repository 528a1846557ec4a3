"""What counts as a difference, in latency and in score: one rule for the verdict and the waterfall.

A difference must be beyond chance, that is, its 95 % interval must not contain zero, and it must be
large enough to matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from slipstream.evaluation.results import ScoreName
from slipstream.measurement.intervals import Interval
from slipstream.measurement.units import join_with_and, microseconds

__all__ = [
    "ENOUGH_ROWS",
    "LOWER_IS_BETTER",
    "NAMES",
    "SAME",
    "SLOWER",
    "Judged",
    "Rules",
    "is_same",
    "judge_score",
    "judge_speed",
    "loss",
]

# A smaller change of AUC, accuracy, log-loss (nats), relative RMSE or pinball loss is no change.
SAME = 0.001
# A step counts as slower where even the low end of its p50 ratio lies above this.
SLOWER = 1.05
# Fewer test rows cannot show a drop of accuracy: one row in a thousand is what `SAME` asks for.
ENOUGH_ROWS = 1000

NAMES: Mapping[ScoreName, str] = {
    "test_auc": "AUC",
    "test_log_loss": "log-loss",
    "test_accuracy": "accuracy",
    "test_relative_rmse": "relative RMSE",
    "test_relative_pinball": "relative pinball loss",
}
LOWER_IS_BETTER: Sequence[ScoreName] = (
    "test_log_loss",
    "test_relative_rmse",
    "test_relative_pinball",
)

Kind = Literal[
    "faster",
    "as fast",
    "allowed",
    "slower",
    "gained",
    "same",
    "not shown",
    "within",
    "lost",
    "perhaps too much",
    "too much",
]


@dataclass(frozen=True)
class Rules:
    """What a difference is compared with.

    For latency: the p50 ratio of an arm to itself, and the timer's own cost. For score: how much
    int8 may lose.
    """

    noise_ratio: Interval
    timer_us: float
    max_score_loss: float


@dataclass(frozen=True)
class Judged:
    """A difference: what kind it is, and what was seen, in words."""

    kind: Kind
    words: str


def judge_speed(ratio: Interval, difference_us: float, rules: Rules) -> Judged:
    """Judge one p50 over another; up to 5 % more are allowed, so slower means more than that.

    Args:
        ratio: of the two p50s.
        difference_us: of the two p50s.
        rules: what a difference must exceed.
    """
    seen = f"p50 x {ratio:.2f}"
    if abs(difference_us) < rules.timer_us:
        below = f"{microseconds(abs(difference_us))}, is below the timer's own "
        timer = f"{below}{microseconds(rules.timer_us)}"
        return Judged("as fast", f"as fast: the difference, {timer} ({seen})")
    if ratio.low > SLOWER:
        return Judged("slower", f"{_times(ratio.estimate)} slower ({seen})")
    margin = max(1 - rules.noise_ratio.low, rules.noise_ratio.high - 1)
    if ratio.high < 1 - margin:
        return Judged("faster", f"{_times(1 / ratio.estimate)} faster ({seen})")
    if ratio.low <= 1 + margin:
        noise = f"[{rules.noise_ratio.low:.2f}, {rules.noise_ratio.high:.2f}]"
        return Judged("as fast", f"as fast within the noise ({seen}; int8 against itself {noise})")
    percent = f"{SLOWER - 1:.0%}".replace("%", " %")
    if ratio.estimate <= SLOWER:
        return Judged("allowed", f"at most {percent} slower, which is allowed ({seen})")
    doubt = f"possibly more than {percent} slower, but not beyond doubt, which is allowed"
    return Judged("allowed", f"{doubt} ({seen})")


def judge_score(changes: Mapping[ScoreName, Interval], allowed: float | None = None) -> Judged:
    """Judge how scores changed, all of them: one that was lost is not made up for by another.

    Args:
        changes: by metric, paired by test row.
        allowed: how much of each may be lost; None: nothing that can be seen.
    """
    losses = [loss(metric, change) for metric, change in changes.items()]
    if all(is_same(each) for each in losses) and (allowed is None or _within(losses, allowed)):
        names = join_with_and([NAMES[metric] for metric in changes])
        differ = "differ" if len(changes) > 1 else "differs"
        return Judged("same", f"{names} {differ} by less than {SAME:g}")
    seen = ", ".join(f"{NAMES[metric]} {change:+.4f}" for metric, change in changes.items())
    if allowed is not None and not _within(losses, allowed):
        beyond = any(each.low > allowed for each in losses)
        return Judged("too much" if beyond else "perhaps too much", seen)
    if any(_is_lost(each) for each in losses):
        return Judged("lost" if allowed is None else "within", seen)
    gained = any(_is_lost(-each) for each in losses)
    return Judged("gained" if gained else "not shown", seen)


def loss(metric: ScoreName, change: Interval) -> Interval:
    """A change of a metric, turned so that worse is above zero."""
    return change if metric in LOWER_IS_BETTER else -change


def is_same(change: Interval) -> bool:
    """Whether a change is too small to matter: surely, or the one that is seen beyond chance."""
    surely = change.low > -SAME and change.high < SAME
    beyond_chance = change.low > 0 or change.high < 0
    return surely or (beyond_chance and abs(change.estimate) < SAME)


def _is_lost(loss: Interval) -> bool:
    return loss.low > 0 and not is_same(loss)


def _within(losses: Sequence[Interval], allowed: float) -> bool:
    return all(each.high <= allowed for each in losses)


def _times(factor: float) -> str:
    return f"{factor:.3g} x"
