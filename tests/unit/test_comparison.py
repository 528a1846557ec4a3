import re

import numpy as np
import pytest

from slipstream.comparison import compare, table
from slipstream.config import BudgetConfig, QuantizationConfig
from slipstream.quality import expected_calibration_error, paired_difference, quality
from slipstream.results import Benchmark, Interval, Machine, Waterfall


def measured(
    *,
    p50_int8: float = 10.0,
    p50_ratio: tuple[float, float, float] = (1.0, 0.99, 1.01),
    drop: tuple[float, float, float] = (0.0, -0.001, 0.001),
    loss: tuple[float, float, float] = (0.0, -0.001, 0.001),
    rows: int = 5000,
) -> Benchmark:
    """A benchmark in which float32 takes 10 µs and its file 8,000 bytes, int8's 4,000."""

    def metrics(p50: float, size: int) -> dict[str, float]:
        return {
            "latency_p50_us": p50,
            "latency_p99_us": 2 * p50,
            "bundle_bytes": size,
            "weights_bytes": size,
        }

    def interval(values: tuple[float, float, float]) -> Interval:
        return Interval(estimate=values[0], low=values[1], high=values[2])

    return Benchmark(
        metrics={"float32": metrics(10.0, 8000), "int8": metrics(p50_int8, 4000)},
        baseline=metrics(20.0, 16000),
        waterfall=Waterfall(steps=(), parts_us={}),
        accuracy_drop=interval(drop),
        log_loss_increase=interval(loss),
        changed_answers=0,
        test_rows=rows,
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


@pytest.mark.parametrize(
    ("seen", "budget", "winner", "reason"),
    [
        ({}, {}, "int8", "weights are 2 x smaller"),
        (SLOW, {}, "float32", "int8 is slower than float32 here"),
        ({"p50_int8": 10.04, "p50_ratio": (1.1, 1.08, 1.1)}, {}, "int8", "below the timer"),
        ({"p50_ratio": (1.1, 1.04, 1.2)}, {}, "int8", "not slower"),
        ({"drop": (0.02, 0.015, 0.025)}, {}, "float32", "accuracy drop is 0.0200"),
        ({"drop": (0.005, -0.01, 0.02)}, {}, "float32", "above the 0.01 allowed"),
        ({"drop": (0.0, 0.0, 0.05), "rows": 200}, {}, "int8", "log-loss increase"),
        ({"loss": (0.02, 0.01, 0.03), "rows": 200}, {}, "float32", "log-loss increase is 0.0200"),
        ({}, {"p99_us": 20}, "int8", r"smaller.*; within the budget: hot p99 20.0 µs of 20 µs$"),
        ({}, {"p99_us": 19}, None, r"nothing fits: .*hot p99 20.0 µs > 19 µs"),
        ({}, {"size_bytes": 5000}, "int8", "float32 does not.*: file 4,000 of 5,000 bytes$"),
        ({}, {"size_bytes": 3000}, None, "nothing fits"),
        (SLOW, {"p99_us": 21}, "float32", "int8 breaks the budget"),
        (SLOW, {"size_bytes": 5000}, "int8", "float32 does not"),
        ({"drop": (0.1, 0.1, 0.1)}, {"size_bytes": 5000}, None, "accuracy drop is 0.1"),
    ],
)
def test_the_verdict(seen: dict, budget: dict, winner: str | None, reason: str) -> None:
    """A tie goes to int8; it loses when worse, slower or over budget; nothing may fit."""
    verdict = compare(measured(**seen), QuantizationConfig(), BudgetConfig(**budget)).verdict
    assert verdict.winner == winner
    assert re.search(reason, verdict.reason)


def test_the_table_has_a_row_a_metric() -> None:
    """Prefect's table shows both variants and their ratio."""
    rows = table(compare(measured(), QuantizationConfig(), BudgetConfig()))
    assert rows[2] == {
        "metric": "bundle_bytes",
        "float32": 8000,
        "int8": 4000,
        "int8 / float32": 0.5,
    }


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


def test_calibration_error_is_the_gap_between_belief_and_frequency() -> None:
    """Answering 0.9 when half are positive is off by 0.4."""
    assert expected_calibration_error(np.array([0, 1]), np.full(2, 0.9)) == pytest.approx(0.4)


def test_paired_differences_cover_the_truth() -> None:
    """A 95 % interval holds the true difference about 95 times in 100."""
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(1000):
        before = random.normal(size=100)
        interval = paired_difference(before, before - 0.1 + random.normal(0, 0.5, 100))
        hits += interval.low <= 0.1 <= interval.high
    assert 930 <= hits <= 970
    same = paired_difference(np.ones(5), np.ones(5))
    assert (same.low, same.estimate, same.high) == (0, 0, 0)
