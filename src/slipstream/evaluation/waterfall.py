"""The waterfall: what each of the seed's three steps does to latency, size and score.

baseline (all columns, wide network, float32) -> features selected -> smaller network -> int8.
"""

from collections.abc import Mapping, Sequence

from slipstream.evaluation.judging import Judged, Rules, judge_score, judge_speed
from slipstream.evaluation.results import WaterfallStep
from slipstream.measurement.breakdown import resolved
from slipstream.measurement.intervals import Interval
from slipstream.measurement.units import difference, listing

__all__ = ["STEPS", "altogether", "description", "judge", "steps", "write_parts"]

# Each step, and the arm of the benchmark that shows it.
STEPS = {
    "baseline": "baseline",
    "features selected": "kept columns",
    "smaller network": "float32",
    "int8": "int8",
}
FIGURES = ("latency_p50_us", "weights_bytes", "test_accuracy", "test_auc", "test_log_loss")
LOSING = ("lost", "too much", "perhaps too much")


def steps(
    metrics: Mapping[str, Mapping[str, float]],
    networks: Mapping[str, str],
    p50_ratios: Mapping[str, Interval],
    score_changes: Mapping[str, Mapping[str, Interval]],
    rules: Rules,
) -> tuple[WaterfallStep, ...]:
    """Make the steps of the benchmark's figures.

    Args:
        metrics: each arm's figures.
        networks: each arm's shape, such as 10-256-256-1.
        p50_ratios: each arm but the first, over the one before.
        score_changes: each arm but the first, less the one before, by metric and test row.
        rules: what counts as a difference.
    """
    made: list[WaterfallStep] = []
    for name, arm in STEPS.items():
        step = WaterfallStep(
            name=name,
            network=networks[arm],
            p50_ratio=p50_ratios.get(arm),
            score_changes=score_changes.get(arm, {}),
            **{figure: metrics[arm][figure] for figure in FIGURES},
        )
        allowed = rules.max_score_loss if arm == "int8" else None
        made.append(judge(step, made[-1], rules, allowed) if made else step)
    return tuple(made)


def judge(
    step: WaterfallStep, before: WaterfallStep, rules: Rules, allowed: float | None = None
) -> WaterfallStep:
    """Say whether a step helped: faster, or smaller and not slower, and no score lost."""
    assert step.p50_ratio
    if (step.network, step.weights_bytes) == (before.network, before.weights_bytes):
        remark = "did not help: no column was left out"
        return step.model_copy(update={"helped": False, "remark": remark})
    speed = judge_speed(step.p50_ratio, step.latency_p50_us - before.latency_p50_us, rules)
    score = judge_score(step.score_changes, allowed)
    smaller = step.weights_bytes < before.weights_bytes
    gained = speed.kind == "faster" or (smaller and speed.kind != "slower")
    fault = ""
    if not gained:
        fault = "did not help: "
    elif score.kind in LOSING:
        fault = "cost score: "
    weights = _times(step.weights_bytes / before.weights_bytes, "smaller", "larger") or "same size"
    remark = f"{fault}{weights}; {speed.words}; {_in_words(score, allowed)}"
    return step.model_copy(update={"helped": not fault, "remark": remark})


def _in_words(score: Judged, allowed: float | None) -> str:
    limit = f"the {allowed:g} allowed" if allowed is not None else ""
    return {
        "same": f"same score ({score.words})",
        "gained": f"score gained ({score.words})",
        "not shown": f"no loss of score shown ({score.words})",
        "lost": f"score lost ({score.words})",
        "within": f"score lost within {limit} ({score.words})",
        "perhaps too much": f"more score than {limit} may be lost ({score.words})",
        "too much": f"more score than {limit} is lost ({score.words})",
    }[score.kind]


def _times(ratio: float, less: str, more: str) -> str:
    """A ratio in words, such as 2.5 x smaller; nothing where it is 1."""
    if ratio == 1:
        return ""
    return f"{1 / ratio:.3g} x {less}" if ratio < 1 else f"{ratio:.3g} x {more}"


def description(steps: Sequence[WaterfallStep]) -> str:
    """What the steps come to, and what each did: Markdown."""
    lines = [f"From {steps[0].name} to {steps[-1].name}: {altogether(steps)}.", ""]
    lines += [f"- {step.name}: {step.remark}" for step in steps[1:]]
    return "\n".join(lines)


def altogether(steps: Sequence[WaterfallStep]) -> str:
    """What the steps come to, from the first to the last."""
    first, last = steps[0], steps[-1]
    changes = (
        _times(last.latency_p50_us / first.latency_p50_us, "faster", "slower"),
        _times(last.weights_bytes / first.weights_bytes, "smaller", "larger"),
        f"AUC {difference(last.test_auc - first.test_auc)}",
        f"log-loss {difference(last.test_log_loss - first.test_log_loss)}",
    )
    return ", ".join(change for change in changes if change)


def write_parts(parts_us: Mapping[str, Interval]) -> str:
    """The parts of a prediction that were resolved, and their sum: a whole prediction, in µs."""
    written = " + ".join(f"{listing(names)} {us:.3f}" for names, us in resolved(parts_us))
    return f"{written} = {sum(us.estimate for us in parts_us.values()):.3f} µs"
