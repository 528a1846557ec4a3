"""Compare: a pure function from measurements to a verdict."""

from collections.abc import Mapping

from slipstream.config.budget import BudgetConfig
from slipstream.config.quantization import QuantizationConfig
from slipstream.evaluation.budget import breaks_score, over_budget, unreachable, use_of_budget
from slipstream.evaluation.evidence import lesson, thin
from slipstream.evaluation.judging import (
    LOWER_IS_BETTER,
    NAMES,
    Judged,
    Rules,
    is_same,
    judge_score,
    judge_speed,
    loss,
)
from slipstream.evaluation.results import Benchmark, Comparison, ScoreName, StepName, Verdict
from slipstream.measurement.intervals import Interval
from slipstream.measurement.units import join_with_and
from slipstream.runtime.types import Precision

__all__ = ["compare"]

# A winner that loses more AUC (or relative RMSE) to the baseline than this comes with a warning.
NOTABLE_LOSS = 0.01
MOST_LEVELS = 5  # named in a warning


def compare(
    benchmark: Benchmark, quantization: QuantizationConfig, budget: BudgetConfig
) -> Comparison:
    """Choose the winner: the smaller variant, unless it is worse or slower or over budget."""
    excess = {
        precision: _excess(precision, benchmark, budget, benchmark.baseline_changes[precision])
        for precision in benchmark.metrics
    }
    winner, reasons = _decide(benchmark, quantization.max_score_loss, excess)
    reasons.append(_against_baseline(winner or "float32", benchmark, budget))
    if not winner:
        return _without_winner(benchmark, budget, reasons)
    change = benchmark.baseline_changes[winner]
    used = use_of_budget(benchmark.metrics[winner], budget, change, benchmark.judged_by)
    reasons += [f"{winner} is within the budget: {used}"] if used else []
    brief, learned_nothing, *thin_evidence = _doubts(winner, benchmark)
    doubts = [each for each in (learned_nothing, *thin_evidence) if each]
    first = [learned_nothing] if learned_nothing else []
    return Comparison(
        verdict=Verdict(
            winner=winner,
            reasons=(*first, *reasons, *(_capital(each, winner) for each in thin_evidence)),
        ),
        doubt=brief,
        warnings=(
            *doubts,
            *_off_level(winner, benchmark),
            *_warnings(winner, benchmark, budget),
        ),
    )


def _capital(sentence: str, winner: Precision) -> str:
    """A sentence with a capital, unless it begins with a variant's name."""
    return sentence if sentence.startswith(winner) else sentence[:1].upper() + sentence[1:]


def _doubts(winner: Precision, benchmark: Benchmark) -> tuple[str, ...]:
    """What the winner is no better than, in brief and in full, then why its score proves little."""
    if benchmark.evidence is None:
        return "", ""
    brief, full = lesson(benchmark.evidence, winner)
    metrics = benchmark.metrics[winner]
    return brief, full, *thin(benchmark.evidence, winner, benchmark.test_rows, metrics)


def _excess(
    precision: Precision, benchmark: Benchmark, budget: BudgetConfig, change: Interval | None = None
) -> str:
    metrics = benchmark.metrics[precision]
    p99_us, bundle_bytes = metrics.latency.p99_us, metrics.size.bundle_bytes
    return over_budget(p99_us, bundle_bytes, budget, change, benchmark.judged_by)


def _without_winner(benchmark: Benchmark, budget: BudgetConfig, reasons: list[str]) -> Comparison:
    """Say which limits no model can meet, and what would help where the score is at fault."""
    impossible = unreachable(benchmark.floor, budget)
    changes = benchmark.baseline_changes.values()
    lost_score = any(breaks_score(each, benchmark.judged_by, budget) for each in changes)
    helps = []
    if lost_score:
        way_out = _way_out(benchmark)
        helps.append(way_out[0].upper() + way_out[1:])
        if any(_excess(each, benchmark, budget) for each in benchmark.metrics):
            helps.append("That makes the model larger and slower, which another limit forbids")
    first, *others = [*impossible, *reasons, *helps]
    return Comparison(
        verdict=Verdict(winner=None, reasons=(f"nothing fits: {first}", *others)),
        smaller_may_fit=not impossible and not lost_score,
    )


def _decide(
    benchmark: Benchmark, allowed: float, excess: Mapping[Precision, str]
) -> tuple[Precision | None, list[str]]:
    """The winner, and why, a sentence each."""
    score = judge_score(benchmark.score_changes, allowed)
    float32, int8 = benchmark.metrics["float32"], benchmark.metrics["int8"]
    speed = judge_speed(
        benchmark.p50_ratio,
        int8.latency.p50_us - float32.latency.p50_us,
        Rules(benchmark.noise_ratio, benchmark.machine.timer_us, allowed),
    )
    worse = score.kind in ("too much", "perhaps too much")
    score_seen = _score_sentence(score, allowed)
    broken = {each: f"{each} breaks the budget: {fault}" for each, fault in excess.items() if fault}
    if "float32" in broken and ("int8" in broken or worse):
        return None, [broken["float32"], broken.get("int8", score_seen)]
    if "float32" in broken:
        return "int8", [broken["float32"], "int8 fits", score_seen]
    if "int8" in broken:
        return "float32", [broken["int8"], "float32 fits"]
    if worse:
        return "float32", [score_seen]
    speed_seen = f"int8 is {speed.words}, on the {benchmark.machine.runs} predictor"
    if speed.kind == "slower":
        return "float32", [score_seen, speed_seen]
    smaller = float32.size.weights_bytes / int8.size.weights_bytes
    weights = f"int8's weights are {smaller:.3g} x smaller than float32's"
    return "int8", [weights, score_seen, speed_seen]


def _score_sentence(score: Judged, allowed: float) -> str:
    """How int8's score compares with float32's."""
    limit = f"the {allowed:g} allowed"
    return {
        "same": f"int8's score is the same ({score.words})",
        "gained": f"int8's score is better ({score.words})",
        "not shown": f"No loss of score shows ({score.words}), and any loss is within {limit}",
        "within": f"int8 loses some score, within {limit} ({score.words})",
        "perhaps too much": f"int8 may lose more score than {limit} ({score.words})",
        "too much": f"int8 loses more score than {limit} ({score.words})",
    }[score.kind]


def _against_baseline(precision: Precision, benchmark: Benchmark, budget: BudgetConfig) -> str:
    """What selecting, shrinking and rounding have cost or gained, in one score."""
    change, score = benchmark.baseline_changes[precision], benchmark.judged_by
    baseline = "the baseline, a wide float32 network on all columns"
    if is_same(change) and not breaks_score(change, score, budget):
        return f"{precision}'s {NAMES[score]} is the same as that of {baseline} ({change:+.4f})"
    if change.low <= 0 <= change.high:
        return (
            f"These test rows cannot tell {precision}'s {NAMES[score]} from that of {baseline}: it "
            f"differs by {change:+.4f}"
        )
    if loss(score, change).estimate < 0:
        return _gains(precision, change, score, baseline)
    return f"{precision} {_loses(loss(score, change), score)} {baseline}"


def _gains(precision: Precision, change: Interval, score: ScoreName, baseline: str) -> str:
    if score in LOWER_IS_BETTER:
        return f"{precision}'s {NAMES[score]} differs by {change:+.4f} from that of {baseline}"
    return f"{precision} gains {change:.4f} of {NAMES[score]} against {baseline}"


def _loses(lost: Interval, score: ScoreName, *, perhaps: bool = False) -> str:
    """That a model is worse by so much, as a verb; what it is worse than follows."""
    if score in LOWER_IS_BETTER:
        return f"{'may have' if perhaps else 'has'} a {NAMES[score]} {lost:.4f} above that of"
    return f"{'may lose' if perhaps else 'loses'} {lost:.4f} of {NAMES[score]} against"


def _off_level(winner: Precision, benchmark: Benchmark) -> tuple[str, ...]:
    """Quantiles that more, or fewer, rows are at or below than their level says."""
    missed = benchmark.off_level.get(winner, ())
    if not missed:
        return ()
    coverage = benchmark.metrics[winner].coverage
    shown = [f"{100 * coverage[each]:.1f} % at or below {each}" for each in missed[:MOST_LEVELS]]
    others = len(missed) - len(shown)
    seen = join_with_and([*shown, f"{others} more"] if others else shown)
    warning = (
        f"of the test rows, {winner} has {seen}, further from the level than chance explains: the "
        "test part may differ from the training part, or a smaller model.hidden may generalise "
        "better"
    )
    return (warning,)


def _warnings(winner: Precision, benchmark: Benchmark, budget: BudgetConfig) -> tuple[str, ...]:
    """A loss that is large and not limited by the budget, also where it may be chance."""
    score = benchmark.judged_by
    lost = loss(score, benchmark.baseline_changes[winner])
    if budget.max_score_loss or lost.estimate <= NOTABLE_LOSS:
        return ()
    baseline = "the baseline, a wide float32 network on all columns"
    if lost.low <= 0:
        seen = f"{winner} {_loses(lost, score, perhaps=True)} {baseline}"
        return (f"{seen}; {_rows_seen(benchmark)}, too few to be sure",)
    seen = f"{winner} {_loses(lost, score)} {baseline}"
    return (f"{seen}: {_way_out(benchmark)}; budget.max_score_loss sets a limit",)


def _rows_seen(benchmark: Benchmark) -> str:
    """How many rows the scores rest on, as a clause."""
    rows = benchmark.test_rows
    if benchmark.task == "binary":
        positive = benchmark.positive_rows
        return f"{positive:,} of {rows:,} test rows {'is' if positive == 1 else 'are'} positive"
    if benchmark.task == "multiclass":
        rarest = min(each for each in benchmark.class_rows if each)
        have = "has" if rarest == 1 else "have"
        return f"of {rows:,} test rows, {rarest:,} {have} the rarest label"
    return f"there are {rows:,} test rows"


def _way_out(benchmark: Benchmark) -> str:
    """What would lose less: it depends on which step lost most."""
    score = benchmark.judged_by
    losses: dict[StepName, float] = {
        step.name: loss(score, step.score_changes[score]).estimate
        for step in benchmark.waterfall.steps
        if step.score_changes
    }
    most = max(losses, key=losses.__getitem__, default=None)
    if most == "features selected":
        return "selecting columns loses most, so a larger features.k helps most, then wider layers"
    if most == "smaller network":
        return (
            "the smaller network loses most, so a wider model.hidden helps most, then more columns"
        )
    return "a larger features.k and a wider model.hidden help"
