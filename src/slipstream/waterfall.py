"""The waterfall: what each of the seed's three steps does to latency, size and score.

baseline (all columns, wide network, float32) -> features selected -> smaller network -> int8.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipstream.results import Interval, WaterfallStep

__all__ = ["STEPS", "Noise", "altogether", "judge", "steps", "table", "write_parts"]

# Each step, and the arm of the benchmark that shows it.
STEPS = {
    "baseline": "baseline",
    "features selected": "kept columns",
    "smaller network": "float32",
    "int8": "int8",
}
FIGURES = ("latency_p50_us", "weights_bytes", "test_accuracy", "test_auc", "test_log_loss")


@dataclass(frozen=True)
class Noise:
    """What a difference in latency must exceed: the p50 ratio of an arm to itself, the timer."""

    ratio: Interval
    timer_us: float


def steps(
    metrics: Mapping[str, Mapping[str, float]],
    networks: Mapping[str, str],
    p50_ratios: Mapping[str, Interval],
    log_loss_increases: Mapping[str, Interval],
    noise: Noise,
) -> tuple[WaterfallStep, ...]:
    """Make the steps of the benchmark's figures.

    Args:
        metrics: each arm's figures.
        networks: each arm's shape, such as 10-256-256-1.
        p50_ratios: each arm but the first, over the one before.
        log_loss_increases: each arm but the first, less the one before, by test row.
        noise: what a difference must exceed.
    """
    made: list[WaterfallStep] = []
    for name, arm in STEPS.items():
        step = WaterfallStep(
            name=name,
            network=networks[arm],
            p50_ratio=p50_ratios.get(arm),
            log_loss_increase=log_loss_increases.get(arm),
            **{figure: metrics[arm][figure] for figure in FIGURES},
        )
        made.append(judge(step, made[-1], noise) if made else step)
    return tuple(made)


def judge(step: WaterfallStep, before: WaterfallStep, noise: Noise) -> WaterfallStep:
    """Say whether a step helped: faster, or as fast and smaller, and no score lost."""
    assert step.p50_ratio
    assert step.log_loss_increase
    change, speed = _speed(step.p50_ratio, step.latency_p50_us - before.latency_p50_us, noise)
    lost, score = _score(step.log_loss_increase)
    smaller = step.weights_bytes < before.weights_bytes
    size = _times(step.weights_bytes / before.weights_bytes, "smaller", "larger") or "same size"
    changes = f"{speed}, {size}, {score}"
    gained = change < 0 or (change == 0 and smaller)
    fault = "" if gained and not lost else "cost score: " if gained else "did not help: "
    return step.model_copy(update={"helped": not fault, "remark": fault + changes})


def _speed(ratio: Interval, difference_us: float, noise: Noise) -> tuple[int, str]:
    """-1 faster, 1 slower, 0 neither: beyond what an arm differs from itself, and the timer."""
    if abs(difference_us) < noise.timer_us:
        return 0, f"as fast within the timer's cost (p50 x {ratio.estimate:.2f})"
    margin = max(1 - noise.ratio.low, noise.ratio.high - 1, 0)
    if 1 - margin <= ratio.high and ratio.low <= 1 + margin:
        return 0, f"no faster beyond noise (p50 x {ratio.estimate:.2f})"
    return -1 if ratio.high < 1 else 1, _times(ratio.estimate, "faster", "slower")


def _score(increase: Interval) -> tuple[bool, str]:
    """Whether log-loss rose by an interval that lies above zero, and what was seen."""
    lost, gained = increase.low > 0, increase.high < 0
    # Not "kept" where neither shows: a small test part cannot tell.
    score = "score lost" if lost else "score gained" if gained else "no loss shown"
    seen = f"{increase.estimate:+.4f} [{increase.low:+.4f}, {increase.high:+.4f}]"
    return lost, f"{score} (log-loss {seen})"


def _times(ratio: float, less: str, more: str) -> str:
    """A ratio in words, such as 2.5 x smaller; nothing where it is 1."""
    if ratio == 1:
        return ""
    return f"{1 / ratio:.3g} x {less}" if ratio < 1 else f"{ratio:.3g} x {more}"


def table(steps: Sequence[WaterfallStep]) -> list[dict[str, float | str]]:
    """The steps as rows of a table, with their change against the step before."""
    rows: list[dict[str, float | str]] = []
    for before, step in zip([None, *steps], steps, strict=False):
        ratio, loss = step.p50_ratio, step.log_loss_increase
        rows.append(
            {
                "step": step.name,
                "network": step.network,
                "latency_p50_us": round(step.latency_p50_us, 4),
                "latency change": f"x {ratio.estimate:.2f}" if ratio else "",
                "weights_bytes": step.weights_bytes,
                "size change": (
                    f"x {step.weights_bytes / before.weights_bytes:.2f}" if before else ""
                ),
                "test_auc": round(step.test_auc, 4),
                "AUC change": f"{step.test_auc - before.test_auc:+.4f}" if before else "",
                "test_log_loss": round(step.test_log_loss, 4),
                "log-loss change": f"{loss.estimate:+.4f}" if loss else "",
                "remark": step.remark,
            }
        )
    return rows


def altogether(steps: Sequence[WaterfallStep]) -> str:
    """What the steps come to, from the first to the last."""
    first, last = steps[0], steps[-1]
    changes = (
        _times(last.latency_p50_us / first.latency_p50_us, "faster", "slower"),
        _times(last.weights_bytes / first.weights_bytes, "smaller", "larger"),
        f"AUC {last.test_auc - first.test_auc:+.4f}",
        f"log-loss {last.test_log_loss - first.test_log_loss:+.4f}",
    )
    return ", ".join(change for change in changes if change)


def write_parts(parts_us: Mapping[str, Interval]) -> str:
    """Each part of a prediction in µs; a dash where its interval is not above zero."""
    written = (
        f"{part} {us.estimate:.3f}" if us.low > 0 else f"{part} –" for part, us in parts_us.items()
    )
    return ", ".join(written)
