import pytest

from slipstream.evaluation.judging import Rules
from slipstream.evaluation.results import WaterfallStep
from slipstream.evaluation.waterfall import judge
from slipstream.measurement.intervals import Interval

RULES = Rules(Interval(estimate=1.0, low=0.98, high=1.01), timer_us=0.005, max_score_loss=0.01)


def interval(estimate: float, half: float = 0.0) -> Interval:
    return Interval(estimate=estimate, low=estimate - half, high=estimate + half)


def step(
    weights_bytes: int = 100,
    p50_us: float = 1,
    p50_ratio: Interval | None = None,
    log_loss: Interval | None = None,
) -> WaterfallStep:
    changes = {"test_auc": interval(0.0), "test_log_loss": log_loss} if log_loss else {}
    return WaterfallStep(
        name="int8",
        network="2-4-1",
        latency_p50_us=p50_us,
        weights_bytes=weights_bytes,
        scores={"test_accuracy": 0.9, "test_auc": 0.9, "test_log_loss": 0.3},
        p50_ratio=p50_ratio,
        score_changes=changes,
    )


@pytest.mark.parametrize(
    ("ratio", "increase", "helped", "remark"),
    [
        ((0.5, 0.1), (0, 0.1), True, "4 x smaller; 2 x faster (p50 x 0.50 [0.40, 0.60]); no loss"),
        ((0.5, 0.1), (-0.2, 0.1), True, "4 x smaller; 2 x faster (p50 x 0.50 [0.40, 0.60]); score"),
        ((0.5, 0.1), (0.2, 0.1), False, "cost score: 4 x smaller; 2 x faster"),
        ((0.99, 0.005), (0, 0.1), True, "4 x smaller; as fast within the noise (p50 x 0.99 ["),
        ((0.9, 0.2), (0.2, 0.1), False, "cost score: 4 x smaller; as fast within the noise"),
        ((1.004, 0.001), (0, 0), True, "4 x smaller; as fast: the difference, 0.004 µs, is below"),
        ((1.04, 0.005), (0, 0), True, "4 x smaller; at most 5 % slower, which is allowed (p50 x"),
        ((1.3, 0.1), (0.2, 0.1), False, "did not help: 4 x smaller; 1.3 x slower (p50 x 1.30 ["),
    ],
)
def test_a_step_helps_if_it_is_faster_or_smaller_and_keeps_the_score(
    ratio: tuple, increase: tuple, helped: bool, remark: str
) -> None:
    """Words follow the intervals: within noise is not faster, an increase around zero not worse."""
    after = step(25, ratio[0], p50_ratio=interval(*ratio), log_loss=interval(*increase))
    judged = judge(after, step(100), RULES)
    assert judged.helped is helped
    assert judged.remark.startswith(remark)


@pytest.mark.parametrize(
    ("increase", "allowed", "helped", "words"),
    [
        ((0.00004, 0.00003), None, True, "same score (AUC and log-loss differ by less than 0.001)"),
        ((0.004, 0.001), None, False, "score lost (AUC +0.0000"),
        ((0.004, 0.001), 0.01, True, "score lost within the 0.01 allowed (AUC"),
        ((0.004, 0.02), 0.01, False, "more score than the 0.01 allowed may be lost (AUC"),
        ((0.03, 0.01), 0.01, False, "more score than the 0.01 allowed is lost (AUC"),
        ((-0.004, 0.001), 0.01, True, "score gained (AUC"),
    ],
)
def test_an_allowed_loss_is_not_a_fault(
    increase: tuple, allowed: float | None, helped: bool, words: str
) -> None:
    """The remark on int8 follows the verdict's tolerance; what is too small is the same."""
    after = step(25, 0.5, p50_ratio=interval(0.5, 0.1), log_loss=interval(*increase))
    judged = judge(after, step(100), RULES, allowed)
    assert judged.helped is helped
    assert words in judged.remark
    assert ("cost score" in judged.remark) is not helped


def test_a_mask_that_keeps_everything_is_said_to() -> None:
    """Where the mask keeps every column, the step changes nothing, and says so."""
    same = step(p50_ratio=interval(1.0), log_loss=interval(0.0))
    judged = judge(same, step(), RULES)
    assert judged.remark == "did not help: no column was left out"
    assert not judged.helped
