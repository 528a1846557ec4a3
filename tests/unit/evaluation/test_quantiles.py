"""Scores of predicted quantiles."""

import numpy as np
import pytest
from sklearn import metrics

from slipstream.evaluation import quantiles

RANDOM = np.random.default_rng(2)
LEVELS = (0.1, 0.5, 0.975)


def drawn(rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """A target, and quantiles of it that are about right."""
    target = RANDOM.normal(500, 80, rows)
    answers = target.mean() + 80 * np.array([-1.3, 0, 2]) + RANDOM.normal(0, 9, (rows, 3))
    return target, np.sort(answers, axis=1)


@pytest.mark.parametrize("weights", [None, RANDOM.integers(0, 4, 300).astype(float)])
def test_scores_are_those_of_scikit_learn(weights: np.ndarray | None) -> None:
    """The pinball loss is the mean over the levels; D² is held against the target's quantiles."""
    target, answers = drawn()
    found = quantiles.quality(target, answers, weights, levels=LEVELS)
    guess = quantiles.constant(target, weights, levels=LEVELS)
    loss, guessing = (
        np.mean(
            [
                metrics.mean_pinball_loss(target, each, sample_weight=weights, alpha=level)
                for each, level in zip(several.T, LEVELS, strict=True)
            ]
        )
        for several in (answers, guess)
    )
    assert found["test_pinball"] == pytest.approx(loss)
    assert found["test_relative_pinball"] == pytest.approx(loss / guessing)
    assert found["test_d2_pinball"] == pytest.approx(1 - loss / guessing)
    alone = quantiles.quality(target, answers[:, :1], weights, levels=LEVELS[:1])
    expected = metrics.d2_pinball_score(target, answers[:, 0], sample_weight=weights, alpha=0.1)
    assert alone["test_d2_pinball"] == pytest.approx(expected, abs=0.002)  # interpolates quantiles


def test_nothing_constant_is_better_than_guessing() -> None:
    """Always answering the test rows' quantiles has the lowest loss of all constant answers."""
    target, _ = drawn(101)
    guess = quantiles.constant(target, levels=LEVELS)
    assert quantiles.quality(target, guess, levels=LEVELS)["test_relative_pinball"] == 1
    for step in (-5, -0.1, 0.1, 5):
        other = quantiles.quality(target, guess + step, levels=LEVELS)
        assert other["test_relative_pinball"] >= 1


def test_coverage_counts_rows_at_or_below() -> None:
    """A row on the answer counts, each by its weight; the gap is a mean over the levels."""
    target = np.array([1.0, 2.0, 3.0, 4.0])
    answers = np.broadcast_to([1.0, 2.5, 9.0], (4, 3))
    assert quantiles.coverage(target, answers) == (0.25, 0.5, 1.0)
    assert quantiles.coverage(target, answers, np.array([3.0, 1.0, 0, 0])) == (0.75, 1.0, 1.0)
    gap = quantiles.quality(target, answers, levels=LEVELS)["test_coverage_gap"]
    assert gap == pytest.approx((0.15 + 0 + 0.025) / 3)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e9])
def test_judgement_does_not_depend_on_the_unit(unit: float) -> None:
    """The same target in another unit gives the same interval, and the same losses of rows."""
    target, before = drawn(100)
    after = before + 9 * np.sin(before)
    found = quantiles.relative_pinball_change(
        target * unit, before * unit, after * unit, levels=LEVELS
    )
    expected = quantiles.relative_pinball_change(target, before, after, levels=LEVELS)
    assert found.model_dump() == pytest.approx(expected.model_dump())
    losses = quantiles.row_losses(target * unit, before * unit, levels=LEVELS)
    assert losses == pytest.approx(quantiles.row_losses(target, before, levels=LEVELS))


def test_the_change_is_the_difference_of_the_scores() -> None:
    """What is judged is what is shown; the same answers differ by nothing."""
    target, before = drawn()
    after = before + RANDOM.normal(0, 9, before.shape)
    scores = [
        quantiles.quality(target, each, levels=LEVELS)["test_relative_pinball"]
        for each in (before, after)
    ]
    changes = quantiles.score_changes(target, before, after, levels=LEVELS)
    assert changes["test_relative_pinball"].estimate == pytest.approx(scores[1] - scores[0])
    assert quantiles.relative_pinball_change(target, before, before, levels=LEVELS).high == 0


def test_the_interval_is_as_wide_as_chance() -> None:
    """Of 400 pairs of models that are equally good, about 95 % have an interval that holds 0."""
    holding = 0
    for _ in range(400):
        target, first, second = RANDOM.normal(size=(3, 120))
        shared = (target + 0.5 * first)[:, None] + np.array([-0.5, 0.0, 0.5])
        moved = 0.3 * second[:, None]
        change = quantiles.relative_pinball_change(
            target, shared + moved, shared - moved, levels=(0.2, 0.5, 0.8)
        )
        holding += change.low <= 0 <= change.high
    assert 0.92 <= holding / 400 <= 0.98


def test_a_row_differs_if_any_of_its_answers_does() -> None:
    """By more than a hundredth of the target's standard deviation."""
    target = np.array([-1.0, 1.0])
    before = np.zeros((2, 2))
    after = np.array([[0.009, -0.009], [0.0, 0.011]])
    assert quantiles.differ(target, before, after).tolist() == [False, True]


@pytest.mark.parametrize(
    ("shares", "rows", "places"),
    [
        ((0.1, 0.5, 0.9), 10_000, []),
        ((0.12, 0.5, 0.9), 10_000, []),  # beyond chance, but no matter
        ((0.14, 0.5, 0.85), 10_000, [0, 2]),
        ((0.04, 0.5, 0.9), 90, []),  # within chance
        ((0.1, 0.2, 0.9), 90, [1]),
        ((0.0, 0.0, 0.0), 2, []),
    ],
)
def test_what_is_off_its_level(shares: tuple, rows: int, places: list[int]) -> None:
    """A share of rows that is off by much, and by more than chance."""
    target = (np.arange(rows) + 0.5) / rows
    answers = np.broadcast_to(shares, (rows, 3))
    assert quantiles.off_level(target, answers, levels=(0.1, 0.5, 0.9)) == places
    ones = np.ones(rows)
    assert quantiles.off_level(target, answers, ones, levels=(0.1, 0.5, 0.9)) == places


def test_a_target_that_is_often_zero_may_have_its_quantile_there() -> None:
    """70 % of the rows are 0, so 0 and what is near it is right for the median, and 5 is not."""
    target = np.r_[np.zeros(700), RANDOM.exponential(10, 300)]
    for answer, places in ((0.0, []), (0.01, []), (-0.01, []), (5.0, [0]), (-5.0, [0])):
        assert quantiles.off_level(target, np.full((1000, 1), answer)) == places


def test_few_heavy_rows_are_little_evidence() -> None:
    """Weights that make few rows count make a gap that chance explains."""
    target = np.linspace(0, 1, 1000)
    heavy = np.where(np.arange(1000) % 250 == 0, 1000.0, 0.001)
    answers = np.full((1000, 1), 0.9)
    assert quantiles.off_level(target, answers) == [0]
    assert quantiles.off_level(target, answers, heavy) == []


def test_answers_must_fit_the_levels() -> None:
    """Two answers for three levels are a defect; one number answers all levels."""
    target, answers = drawn()
    with pytest.raises(AssertionError, match="an answer for each level"):
        quantiles.quality(target, answers[:, :2], levels=LEVELS)
    assert quantiles.quality(target, target, levels=LEVELS)["test_pinball"] == 0
