"""Scores of columns: noise has none, and cardinality costs."""

from collections.abc import Callable

import numpy as np
import pytest

from slipstream.features.scores import (
    Score,
    label_anova_f,
    label_information,
    number_anova_f,
    number_information,
)

RANDOM = np.random.default_rng(0)
LABELS = [label_information, label_anova_f]
NUMBERS = [number_information, number_anova_f]
Scorer = Callable[[np.ndarray, np.ndarray], Score]


@pytest.mark.parametrize("score", LABELS + NUMBERS)
def test_informative_columns_score_higher(score: Scorer) -> None:
    """A column that says much of the target beats noise, even noise with many values."""
    target = RANDOM.integers(0, 2, 2000)
    informative = np.where(RANDOM.random(2000) < 0.8, target, 1 - target)
    noise = RANDOM.integers(0, 200, 2000)
    assert score(informative, target).value > 10 * score(noise, target).value
    assert score(informative, target).p_value < 1e-9
    assert score(np.zeros(2000, int), target) == Score(0.0, 1.0)


@pytest.mark.parametrize("groups", [2, 16, 200, 600])
@pytest.mark.parametrize("score", [label_information, number_information])
def test_noise_scores_next_to_nothing(score: Scorer, groups: int) -> None:
    """However many values a column of noise has, its score is about 0."""
    scores = [
        score(RANDOM.integers(0, groups, 600), RANDOM.integers(0, 2, 600)).value for _ in range(50)
    ]
    assert np.mean(scores) < 0.002
    assert np.median(scores) < 0.0005


@pytest.mark.parametrize("groups", [2, 16, 100])
@pytest.mark.parametrize("score", LABELS + NUMBERS)
def test_noise_is_taken_for_real_as_seldom_as_the_p_value_says(score: Scorer, groups: int) -> None:
    """Of 300 columns of noise, about 1 % have a p-value below 1 %."""
    columns = ((RANDOM.integers(0, groups, 500), RANDOM.integers(0, 2, 500)) for _ in range(300))
    assert sum(score(*each).p_value < 0.01 for each in columns) <= 12


def test_information_is_what_the_labels_entropy_allows() -> None:
    """A copy of three labels has nearly all of their entropy; a noisy one has part of it."""
    labels = np.repeat([0, 1, 2], 400)
    assert label_information(labels, labels).value == pytest.approx(np.log(3), abs=0.03)
    assert label_information(labels == 0, labels).value == pytest.approx(0.6365, abs=0.03)


def test_information_about_numbers_does_not_depend_on_their_scale() -> None:
    """Ranks count: one huge number, or another unit, changes nothing."""
    target = RANDOM.normal(size=1000)
    group = np.digitize(target + RANDOM.normal(size=1000), [-1, 0, 1])
    seen = number_information(group, target)
    assert 0.1 < seen.value < 0.5
    assert number_information(group, np.exp(5 * target)) == seen


def test_f_of_two_labels_is_that_of_an_analysis_of_variance() -> None:
    """Pooled over two labels, F is the textbook's."""
    from scipy.stats import f_oneway

    group, target = RANDOM.integers(0, 5, 300), RANDOM.integers(0, 2, 300)
    expected = f_oneway(*(target[group == each] for each in range(5)))
    for score in (label_anova_f, number_anova_f):
        assert score(group, target).value == pytest.approx(expected.statistic)
        assert score(group, target).p_value == pytest.approx(expected.pvalue)
