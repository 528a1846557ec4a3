"""Scores of rows that count more than others."""

import numpy as np
import pytest

from slipstream.evaluation import weighted
from slipstream.evaluation.scoring import scoring_at
from slipstream.lifecycle.promotion import decide

RANDOM = np.random.default_rng(6)
KINDS = ["binary", "multiclass", "regression", "quantiles"]
LEVELS = (0.1, 0.5, 0.9)


def drawn(kind: str, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A target, and the answers of two models; some answers are equal."""
    if kind == "regression":
        target = RANDOM.normal(50, 9, rows)
        return target, target + RANDOM.normal(0, 4, rows), target + RANDOM.normal(0, 5, rows)
    if kind == "quantiles":
        target, offset = RANDOM.normal(50, 9, rows), np.array([-8, 0, 8])
        answers = [target[:, None] + offset + RANDOM.normal(0, 4, (rows, 3)) for _ in range(2)]
        return target, *answers
    if kind == "binary":
        target = np.r_[0, 1, RANDOM.integers(0, 2, rows - 2)]
        return target, *((0.4 * target + 0.6 * RANDOM.random(rows)).round(2) for _ in range(2))
    target = np.r_[np.arange(7), RANDOM.integers(0, 7, rows - 7)]
    answers = []
    for _ in range(2):
        shares = (RANDOM.random((rows, 7)) + 0.5 * (target[:, None] == np.arange(7))).round(
            1
        ) + 0.01
        answers.append(shares / shares.sum(axis=1, keepdims=True))
    return target, *answers


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_of_two_is_a_row_twice(kind: str) -> None:
    """Every score, and every change of one, is that of the table with such rows repeated."""
    scoring = scoring_at(0.5, kind, LEVELS)
    target, before, after = drawn(kind, 300)
    times = RANDOM.integers(0, 4, 300)
    weights = times / times.mean()
    repeated = [np.repeat(each, times, axis=0) for each in (target, before, after)]
    found = scoring.quality(target, before, weights)
    expected = scoring.quality(repeated[0], repeated[1], None)
    del found["test_precision_at_top_1pct" if kind == "binary" else next(iter(found))]
    assert found == pytest.approx({name: expected[name] for name in found})
    for name, change in scoring.changes(target, before, after, weights, accuracy=True).items():
        plain = scoring.changes(*repeated, None, accuracy=True)[name]
        assert change.estimate == pytest.approx(plain.estimate)
        assert change.high - change.low > plain.high - plain.low  # copies are no new evidence
    guess = scoring.row_losses(target, scoring.guess(target, weights), weights)
    plain = scoring.row_losses(repeated[0], scoring.guess(repeated[0], None), None)
    assert np.average(guess, weights=weights) == pytest.approx(plain.mean())


@pytest.mark.parametrize("kind", KINDS)
def test_equal_weights_change_nothing(kind: str) -> None:
    """Ones are as good as none."""
    scoring = scoring_at(0.5, kind, LEVELS)
    target, before, after = drawn(kind, 200)
    ones = np.ones(200)
    assert scoring.quality(target, before, ones) == pytest.approx(
        scoring.quality(target, before, None)
    )
    weighed = scoring.changes(target, before, after, ones, accuracy=True)
    for name, plain in scoring.changes(target, before, after, None, accuracy=True).items():
        assert weighed[name].model_dump() == pytest.approx(plain.model_dump())


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_weight_0_do_not_count(kind: str) -> None:
    """Neither for a score nor as evidence."""
    scoring = scoring_at(0.5, kind, LEVELS)
    target, before, after = drawn(kind, 300)
    weights = np.where(np.arange(300) < 200, RANDOM.uniform(0.5, 2, 300), 0.0)
    kept = [each[:200] for each in (target, before, after, weights)]
    for name, change in scoring.changes(target, before, after, weights).items():
        assert change.model_dump() == pytest.approx(scoring.changes(*kept)[name].model_dump())


def test_the_interval_of_a_weighted_mean_is_as_wide_as_chance() -> None:
    """Of 500 samples with uneven weights, about 95 % have an interval that holds the mean."""
    holding = 0
    for _ in range(500):
        found = weighted.mean_interval(RANDOM.normal(size=150), RANDOM.exponential(size=150))
        holding += found.low <= 0 <= found.high
    assert 0.92 <= holding / 500 <= 0.98


def test_a_promotion_counts_weights() -> None:
    """A challenger that is better only on rows that hardly count is not promoted."""
    champion = np.full(100, 0.5)
    challenger = np.where(np.arange(100) < 60, 0.3, 0.6)
    weights = np.where(np.arange(100) < 60, 0.05, 1.0)
    losses = {"guess_losses": champion + 1, "champion_losses": champion}
    scoring = scoring_at(0.5, "binary")
    assert decide(scoring, **losses, challenger_losses=challenger).promoted
    kept = decide(scoring, **losses, challenger_losses=challenger, weights=weights / weights.mean())
    assert not kept.promoted
