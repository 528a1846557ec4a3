"""The waterfall: what each of three steps does to latency, size and score.

baseline (all columns, wide network, float32) -> features selected -> smaller network -> int8.
"""

from collections.abc import Mapping

from slipstream.evaluation.judging import Judged, Rules, judge_score, judge_speed
from slipstream.evaluation.results import ScoreName, StepName, VariantMetrics, WaterfallStep
from slipstream.measurement.intervals import Interval
from slipstream.measurement.units import change_factor

__all__ = ["STEPS", "judge", "steps"]

# Each step, and the arm of the benchmark that shows it.
STEPS: Mapping[StepName, str] = {
    "baseline": "baseline",
    "features selected": "kept columns",
    "smaller network": "float32",
    "int8": "int8",
}
LOSING = ("lost", "too much", "perhaps too much")


def steps(
    metrics: Mapping[str, VariantMetrics],
    networks: Mapping[str, str],
    p50_ratios: Mapping[str, Interval],
    score_changes: Mapping[str, Mapping[ScoreName, Interval]],
    rules: Rules,
) -> tuple[WaterfallStep, ...]:
    """Make the steps from the benchmark's figures.

    Args:
        metrics: each arm's figures.
        networks: each arm's widths, such as 10-256-256-1.
        p50_ratios: each arm but the first, over the one before.
        score_changes: each arm but the first, less the one before, by metric and test row.
        rules: what counts as a difference.
    """
    made: list[WaterfallStep] = []
    for name, arm in STEPS.items():
        figures = metrics[arm]
        step = WaterfallStep(
            name=name,
            network=networks[arm],
            latency_p50_us=figures.latency.p50_us,
            weights_bytes=figures.size.weights_bytes,
            scores=figures.scores,
            p50_ratio=p50_ratios.get(arm),
            score_changes=score_changes.get(arm, {}),
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
    change = change_factor(step.weights_bytes / before.weights_bytes, "smaller", "larger")
    remark = f"{fault}{change or 'same size'}; {speed.words}; {_in_words(score, allowed)}"
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
