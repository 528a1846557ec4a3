"""Scores of predicted numbers."""

import numpy as np
import pytest
from sklearn import metrics

from slipstream.evaluation import regression

RANDOM = np.random.default_rng(2)


def test_scores_are_those_of_scikit_learn() -> None:
    """RMSE and MAE in the target's unit, R²; relative RMSE is over that of the mean."""
    target = RANDOM.normal(500, 80, 300)
    answers = target + RANDOM.normal(0, 20, 300)
    found = regression.quality(target, answers)
    assert found["test_rmse"] == pytest.approx(metrics.root_mean_squared_error(target, answers))
    assert found["test_mae"] == pytest.approx(metrics.mean_absolute_error(target, answers))
    assert found["test_r2"] == pytest.approx(metrics.r2_score(target, answers))
    assert found["test_relative_rmse"] == pytest.approx((1 - found["test_r2"]) ** 0.5)
    assert regression.quality(target, regression.mean(target))["test_relative_rmse"] == 1
    assert regression.row_losses(target, regression.mean(target)).mean() == pytest.approx(1)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e9])
def test_judgement_does_not_depend_on_the_unit(unit: float) -> None:
    """The same target in another unit gives the same interval."""
    target = RANDOM.normal(0, 1, 100) * unit
    before, after = (target + 0.5 * unit * np.sin(target / unit + each) for each in range(2))
    found = regression.relative_rmse_change(target, before, after)
    expected = regression.relative_rmse_change(target / unit, before / unit, after / unit)
    assert found.model_dump() == pytest.approx(expected.model_dump())


def test_the_interval_is_as_wide_as_chance() -> None:
    """Of 400 pairs of models that are equally good, about 95 % have an interval that holds 0."""
    holding = 0
    for _ in range(400):
        target, first, second = RANDOM.normal(size=(3, 120))
        shared = 0.5 * first
        change = regression.relative_rmse_change(
            target, target + shared + 0.3 * second, target + shared - 0.3 * second
        )
        holding += change.low <= 0 <= change.high
    assert 0.92 <= holding / 400 <= 0.98


def test_answers_differ_by_a_hundredth_of_the_deviation() -> None:
    """What is smaller, nobody would act on."""
    target = np.array([-1.0, 1.0])
    after = target + np.array([0.009, 0.011])
    assert regression.differ(target, target, after).tolist() == [False, True]
    assert regression.relative_rmse_change(target, target, target).high == 0
