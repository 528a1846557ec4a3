import re

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from slipstream.config.budget import BudgetConfig
from slipstream.config.quantization import QuantizationConfig
from slipstream.evaluation.budget import unreachable
from slipstream.evaluation.metrics import (
    auc_change,
    expected_calibration_error,
    paired_change,
    precision_at_top,
    quality,
    recall_at_false_positives,
)
from slipstream.evaluation.results import (
    Benchmark,
    Floor,
    VariantMetrics,
    Verdict,
    Waterfall,
    WaterfallStep,
)
from slipstream.evaluation.verdict import compare
from slipstream.measurement.figures import LatencyFigures, SizeFigures
from slipstream.measurement.intervals import Interval
from slipstream.measurement.machine import Machine

Three = tuple[float, float, float]
NONE: Three = (0.0, -0.0004, 0.0004)


def interval(values: Three) -> Interval:
    return Interval(estimate=values[0], low=values[1], high=values[2])


def step(name: str, auc: Three) -> WaterfallStep:
    return WaterfallStep(
        name=name,
        network="5-8-1",
        latency_p50_us=1,
        weights_bytes=1,
        scores={"test_accuracy": 0.9, "test_auc": 0.9, "test_log_loss": 0.3},
        score_changes={"test_auc": interval(auc)},
    )


def measured(
    *,
    p50_int8: float = 10.0,
    p50_ratio: Three = (1.0, 0.99, 1.01),
    auc: Three = NONE,
    loss: Three = NONE,
    accuracy: Three | None = None,
    baseline: Three = NONE,
) -> Benchmark:
    """A benchmark in which float32 takes 10 µs and its file 8,000 bytes, int8's 4,000.

    Changes are int8's against float32, and both variants' AUC against the baseline.
    """

    def metrics(p50: float, size: int) -> VariantMetrics:
        return VariantMetrics(
            scores={"test_accuracy": 0.9, "test_auc": 0.9, "test_log_loss": 0.3},
            latency=LatencyFigures(
                p50_us=p50, p99_us=2 * p50, cold_p50_us=5 * p50, throughput_rows_per_s=747_000
            ),
            size=SizeFigures(bundle_bytes=size, weights_bytes=size, tensors_bytes=size),
        )

    changes = {"test_auc": interval(auc), "test_log_loss": interval(loss)}
    if accuracy:
        changes["test_accuracy"] = interval(accuracy)
    return Benchmark(
        metrics={"float32": metrics(10.0, 8000), "int8": metrics(p50_int8, 4000)},
        baseline=metrics(20.0, 16000),
        waterfall=Waterfall(
            steps=(
                step("features selected", (-0.03, -0.04, -0.02)),
                step("smaller network", (-0.01, -0.02, 0.0)),
            ),
            parts_us={},
        ),
        score_changes=changes,
        baseline_changes={"float32": interval(baseline), "int8": interval(baseline)},
        changed_answers=0,
        test_rows=5000,
        positive_rows=2000,
        floor=Floor(empty_p99_us=interval((0.1, 0.09, 0.11)), bundle_bytes=700),
        latency_p50_us={},
        latency_p99_us={},
        p50_ratio=interval(p50_ratio),
        noise_ratio=interval((1.0, 0.99, 1.01)),
        latency_quantiles_us={"float32": (1.0,), "int8": (1.0,)},
        machine=Machine(
            cpu="a CPU",
            instruction_sets=(),
            backend="numpy",
            instruction_set=None,
            threads=1,
            timer_us=0.05,
            warm_up_calls=1,
            calls=1,
            distinct_rows=1000,
            cold_calls=1,
        ),
    )


SLOW = {"p50_int8": 12.0, "p50_ratio": (1.2, 1.19, 1.21)}
WORSE = {"auc": (-0.02, -0.025, -0.015)}


@pytest.mark.parametrize(
    ("seen", "budget", "winner", "reason"),
    [
        ({}, {}, "int8", r"weights are 2 x smaller than float32's\. int8's score is the same"),
        (SLOW, {}, "float32", r"int8 is 1\.2 x slower \(p50 x 1\.20"),
        ({"p50_int8": 10.04, "p50_ratio": (1.1, 1.08, 1.1)}, {}, "int8", "below the timer"),
        (
            {"p50_int8": 10.4, "p50_ratio": (1.04, 1.03, 1.05)},
            {},
            "int8",
            "at most 5 % slower, which is allowed",
        ),
        (
            {"p50_int8": 11.0, "p50_ratio": (1.1, 1.04, 1.2)},
            {},
            "int8",
            "possibly more than 5 % slower, but not beyond doubt, which is allowed",
        ),
        (WORSE, {}, "float32", r"int8 loses more score than the 0\.01 allowed \(AUC -0\.0200"),
        ({"auc": (-0.005, -0.02, 0.01)}, {}, "float32", "int8 may lose more score than"),
        ({"auc": (-0.005, -0.008, -0.002)}, {}, "int8", "loses some score, within the 0.01"),
        ({"loss": (0.02, 0.015, 0.03)}, {}, "float32", r"log-loss \+0\.0200"),
        ({"accuracy": (-0.02, -0.03, -0.011)}, {}, "float32", r"accuracy -0\.0200"),
        ({"auc": (0.004, 0.002, 0.006)}, {}, "int8", "score is better"),
        ({}, {"p99_us": 20}, "int8", r"within the budget: hot p99 20\.0 µs of 20 µs$"),
        ({}, {"p99_us": 19}, None, r"float32 breaks the budget: hot p99 20 µs > 19 µs"),
        ({}, {"size_bytes": 5000}, "int8", r"int8 fits\. .*: file 4,000 of 5,000 bytes$"),
        ({}, {"size_bytes": 3000}, None, "int8 breaks the budget: file 4,000 bytes > 3,000"),
        (SLOW, {"p99_us": 21}, "float32", "int8 breaks the budget.*float32 fits"),
        (SLOW, {"size_bytes": 5000}, "int8", "float32 breaks the budget"),
        (WORSE, {"size_bytes": 5000}, None, "int8 loses more score"),
    ],
)
def test_the_verdict(seen: dict, budget: dict, winner: str | None, reason: str) -> None:
    """A tie goes to int8; it loses when worse, slower or over budget; nothing may fit."""
    verdict = compare(measured(**seen), QuantizationConfig(), BudgetConfig(**budget)).verdict
    assert verdict.winner == winner
    assert re.search(reason, verdict.reason)


@pytest.mark.parametrize(
    ("change", "words", "warned"),
    [
        ((-0.029, -0.035, -0.023), r"int8 loses 0\.0290 \[0\.0230, 0\.0350\] of AUC against", True),
        ((-0.004, -0.006, -0.002), r"int8 loses 0\.0040 \[0\.0020, 0\.0060\] of AUC", False),
        ((-0.02, -0.05, 0.01), r"cannot tell .*by -0\.0200 \[-0\.0500, \+0\.0100\]", True),
        ((-0.008, -0.02, 0.01), r"cannot tell .*by -0\.0080 \[-0\.0200, \+0\.0100\]", False),
        ((0.014, 0.003, 0.025), r"int8 gains 0\.0140 \[0\.0030, 0\.0250\] of AUC", False),
        (
            (-0.0002, -0.0005, 0.0001),
            r"AUC is the same .*\(-0\.0002 \[-0\.0005, \+0\.0001\]",
            False,
        ),
    ],
)
def test_the_verdict_names_what_was_lost_to_the_baseline(
    change: Three, words: str, warned: bool
) -> None:
    """The sentence has the interval, whatever came out; a large loss warns, chance or not."""
    found = compare(measured(baseline=change), QuantizationConfig(), BudgetConfig())
    assert re.search(words, found.verdict.reason)
    assert bool(found.warnings) is warned
    if warned and change[2] > 0:
        assert found.warnings[0].startswith("int8 may lose 0.0200 [-0.0100, 0.0500] of AUC")
        assert found.warnings[0].endswith("too few to be sure")
    elif warned:
        assert "0.0290 [0.0230, 0.0350] of AUC" in found.warnings[0]
        assert "a larger features.k helps most" in found.warnings[0]


def test_a_score_budget_is_a_limit_like_the_others() -> None:
    """Judged by the estimate: who breaks it cannot win, and a smaller model would not help."""
    lossy = measured(baseline=(-0.029, -0.035, -0.015))
    broken = compare(lossy, QuantizationConfig(), BudgetConfig(max_score_loss=0.02))
    assert broken.verdict.winner is None
    assert "AUC lost against the baseline 0.0290 [0.0150, 0.0350] > 0.02" in broken.verdict.reason
    assert "a larger features.k helps most" in broken.verdict.reason
    assert not broken.smaller_may_fit
    both = compare(lossy, QuantizationConfig(), BudgetConfig(max_score_loss=0.02, p99_us=19))
    assert both.verdict.reason.endswith("larger and slower, which another limit forbids")
    kept = compare(lossy, QuantizationConfig(), BudgetConfig(max_score_loss=0.03))
    assert kept.verdict.winner == "int8"
    assert kept.verdict.reason.endswith("AUC lost 0.0290 of 0.03")
    assert kept.warnings == ()


def test_an_impossible_budget_is_called_unreachable_with_its_floor() -> None:
    """Below a call that does nothing, or the smallest file, no smaller model helps."""
    found = compare(measured(), QuantizationConfig(), BudgetConfig(p99_us=0.05, size_bytes=600))
    assert found.verdict.winner is None
    assert "budget.p99_us = 0.05 is unreachable" in found.verdict.reason
    assert "a p99 of 0.100 [0.090, 0.110] µs" in found.verdict.reason
    assert "a file of 700 bytes" in found.verdict.reason
    assert not found.smaller_may_fit
    assert unreachable(measured().floor, BudgetConfig(p99_us=0.095, size_bytes=700)) == []
    assert compare(measured(), QuantizationConfig(), BudgetConfig(p99_us=19)).smaller_may_fit


def test_the_first_reason_stands_for_all_in_lists() -> None:
    """Reasons are a sentence each; the verdict without a winner says so in the first of them."""
    found = compare(measured(), QuantizationConfig(), BudgetConfig(p99_us=0.05)).verdict
    assert found.reasons[0].startswith("nothing fits: budget.p99_us = 0.05 is unreachable: ")
    assert found.reasons[1].startswith("float32 breaks the budget: ")
    assert found.reason.startswith(f"{found.reasons[0]}. {found.reasons[1]}. ")
    assert Verdict(winner="int8", reasons=("a", "b")).to_json() == {
        "winner": "int8",
        "reason": "a. b",
    }


def test_metrics_become_flat_with_names_and_units() -> None:
    """MLflow and the report have each figure under one name, as a float."""
    flat = measured().metrics["int8"].to_flat()
    assert flat == {
        "test_accuracy": 0.9,
        "test_auc": 0.9,
        "test_log_loss": 0.3,
        "latency_p50_us": 10.0,
        "latency_p99_us": 20.0,
        "latency_cold_p50_us": 50.0,
        "throughput_rows_per_s": 747_000.0,
        "weights_bytes": 4000.0,
        "tensors_bytes": 4000.0,
        "bundle_bytes": 4000.0,
    }
    assert {type(each) for each in flat.values()} == {float}


def test_differences_too_small_to_matter_are_the_same() -> None:
    """A loss beyond chance of less than a thousandth is no loss; none is `lost (+0.0000)`."""
    seen = measured(auc=(-0.0004, -0.0006, -0.0002), loss=(0.00004, 0.00001, 0.0001))
    reason = compare(seen, QuantizationConfig(), BudgetConfig()).verdict.reason
    assert "int8's score is the same (AUC and log-loss differ by less than 0.001)" in reason


def test_quality_of_perfect_and_of_constant_answers() -> None:
    """Perfect answers score 1 and lose nothing; constant ones have an AUC of a half."""
    target = np.array([0, 1, 0, 1])
    perfect = quality(target, target.astype(float))
    assert perfect["test_accuracy"] == perfect["test_auc"] == perfect["test_pr_auc"] == 1
    assert perfect["test_log_loss"] == pytest.approx(0, abs=1e-6)
    constant = quality(target, np.full(4, 0.5))
    assert constant["test_auc"] == 0.5
    assert constant["test_log_loss"] == pytest.approx(np.log(2))
    assert constant["test_ece"] == 0
    assert perfect.keys() == constant.keys()


def test_calibration_error_is_the_gap_between_belief_and_frequency() -> None:
    """Answering 0.9 when half are positive is off by 0.4."""
    assert expected_calibration_error(np.array([0, 1]), np.full(2, 0.9)) == pytest.approx(0.4)


def test_paired_changes_cover_the_truth() -> None:
    """A 95 % interval holds the true difference about 95 times in 100."""
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(1000):
        before = random.normal(size=100)
        interval = paired_change(before, before + 0.1 + random.normal(0, 0.5, 100))
        hits += interval.low <= 0.1 <= interval.high
    assert 930 <= hits <= 970
    same = paired_change(np.ones(5), np.ones(5))
    assert (same.low, same.estimate, same.high) == (0, 0, 0)


def test_changes_of_auc_cover_the_truth() -> None:
    """Two models of equal worth, tied scores among them: the interval holds 0 95 times in 100."""
    random = np.random.default_rng(4)
    hits = 0
    for _ in range(600):
        target = (random.random(200) < 0.2).astype(int)
        signal = target + random.normal(size=200)
        before, after = (np.round(signal + random.normal(0, 0.7, 200), 1) for _ in range(2))
        found = auc_change(target, before, after)
        difference = roc_auc_score(target, after) - roc_auc_score(target, before)
        assert found.estimate == pytest.approx(difference)
        hits += found.low <= 0 <= found.high
    assert 0.925 <= hits / 600 <= 0.975


def test_an_auc_of_one_positive_row_says_nothing() -> None:
    """One row of a label gives no variance: the interval is all there could be, or none."""
    target = np.array([1, 0, 0, 0])
    found = auc_change(target, np.array([0.9, 0.1, 0.2, 0.3]), np.array([0.2, 0.1, 0.3, 0.4]))
    assert (found.low, found.high) == (-1, 1)
    same = auc_change(target, np.array([0.9, 0.1, 0.2, 0.3]), np.array([0.8, 0.1, 0.2, 0.3]))
    assert (same.low, same.estimate, same.high) == (0, 0, 0)


def test_recall_and_precision_of_rare_positives() -> None:
    """Tied rows are found together by a threshold; among the top, they count by their share."""
    target = np.zeros(400, dtype=int)
    target[:4] = 1
    scores = np.linspace(0.5, 0.0, 400)
    assert recall_at_false_positives(target, scores) == 1
    assert precision_at_top(target, scores) == 1  # 4 rows are the top 1 %
    assert recall_at_false_positives(target, np.full(400, 0.3)) == 0
    assert precision_at_top(target, np.full(400, 0.3)) == pytest.approx(0.01)
    scores[:2], scores[2:8] = 0.9, 0.8  # two positives, then two positives among six
    assert precision_at_top(target, scores) == pytest.approx((2 + 2 * 2 / 6) / 4)
    few = np.array([1, 0, 0, 1])
    assert recall_at_false_positives(few, np.array([0.9, 0.5, 0.2, 0.4])) == 0.5
    assert precision_at_top(few, np.array([0.9, 0.5, 0.2, 0.4])) == 1


def test_quantiles_that_miss_their_level_are_named() -> None:
    """Of the winner, with the share of test rows at or below them; a few are enough."""
    coverage = {"q10": 0.031, "q50": 0.5, "q90": 0.824}
    found = measured()
    metrics = {
        name: each.model_copy(update={"coverage": coverage}) for name, each in found.metrics.items()
    }
    off_level = {"float32": (), "int8": ("q10", "q90")}
    found = found.model_copy(update={"metrics": metrics, "off_level": off_level})
    (warning,) = compare(found, QuantizationConfig(), BudgetConfig()).warnings
    assert warning.startswith(
        "of the test rows, int8 has 3.1 % at or below q10 and 82.4 % at or below q90, further"
    )
    many = {f"q{each}": 0.0 for each in range(1, 100)}
    metrics["int8"] = metrics["int8"].model_copy(update={"coverage": many})
    found = found.model_copy(update={"metrics": metrics, "off_level": {"int8": tuple(many)}})
    (warning,) = compare(found, QuantizationConfig(), BudgetConfig()).warnings
    assert "0.0 % at or below q5 and 94 more, further" in warning
