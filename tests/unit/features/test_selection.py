import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipstream.config.features import FeaturesConfig
from slipstream.features.selection import anova_f, keep, mutual_information, select
from slipstream.runtime.limits import MAX_FEATURES
from tests.conftest import Trained

RANDOM = np.random.default_rng(0)


@given(st.lists(st.sampled_from([0.0, 0.1, 0.5]), min_size=1, max_size=20), st.integers(1, 30))
def test_the_best_k_are_kept_and_ties_go_to_the_first(scores: list[float], k: int) -> None:
    """Exactly min(k, columns) are kept; no dropped column beats a kept one; ties are stable."""
    kept = keep(scores, k)
    assert len(kept) == min(k, len(scores))
    for dropped in set(range(len(scores))) - kept:
        for each in kept:
            assert (scores[each], -each) > (scores[dropped], -dropped)


def test_zero_means_choose_for_me() -> None:
    """K = 0 keeps the fewest columns that carry 95 % of the total score."""
    assert keep([0.5, 0.46, 0.01, 0.03], 0) == {0, 1}
    assert keep([0.0, 0.0], 0) == {0}
    assert keep([1.0], 0) == {0}


def test_no_more_are_kept_than_a_bundle_can_hold() -> None:
    """Where 95 % of the score would take more columns, the best that fit are kept."""
    alike = [1.0] * (2 * MAX_FEATURES)
    assert keep(alike, 0) == set(range(MAX_FEATURES))


@pytest.mark.parametrize("score", [mutual_information, anova_f])
def test_telling_columns_score_higher(score) -> None:
    """A column that tells the target beats noise, even noise with many values."""
    target = RANDOM.integers(0, 2, 2000)
    informative = np.where(RANDOM.random(2000) < 0.8, target, 1 - target)
    noise = RANDOM.integers(0, 200, 2000)
    assert score(informative, target) > 10 * score(noise, target)
    assert score(np.zeros(2000, int), target) == pytest.approx(0, abs=1e-9)


def test_noise_has_no_mutual_information_on_average() -> None:
    """With the bias taken off, independent columns of many values score next to nothing."""
    scores = [
        mutual_information(RANDOM.integers(0, 50, 1000), RANDOM.integers(0, 2, 1000))
        for _ in range(50)
    ]
    assert np.mean(scores) < 0.004  # uncorrected, it would be 0.0245


def test_the_mask_finds_the_telling_columns(demo: Trained) -> None:
    """The demo's five informative columns are the ones that are kept, in the table's order."""
    informative = ["feature_01", "feature_03", "feature_04", "feature_06", "feature_08"]
    assert demo.mask.features == informative
    by_f = select(demo.prepared, FeaturesConfig(k=5, method="anova_f"), demo.store)
    assert by_f.features == informative


def test_too_large_a_k_keeps_all_and_says_so(mixed: Trained) -> None:
    """K above the number of columns keeps all of them, with a warning."""
    mask = select(mixed.prepared, FeaturesConfig(k=50), mixed.store)
    assert len(mask.features) == 4
    assert "there are 4 columns" in mask.warnings[0]
