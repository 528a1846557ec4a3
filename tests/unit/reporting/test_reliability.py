"""The figure of how often answers of a probability are right."""

import numpy as np
import pytest

from slipstream.reporting.reliability import reliability, reliability_figure

RANDOM = np.random.default_rng(6)


def test_exact_probabilities_are_within_the_intervals() -> None:
    """Of 2,000 tables' bins about 95 % have the true probability in their interval."""
    inside = []
    for _ in range(200):
        probability = RANDOM.random(600)
        found = reliability((RANDOM.random(600) < probability).astype(int), probability)
        assert len(found.share) == 10
        inside += list((found.low <= found.probability) & (found.probability <= found.high))
    assert 0.92 < np.mean(inside) < 0.98


def test_bins_hold_as_many_rows_each() -> None:
    """Skewed probabilities are spread over all bins; few rows make fewer bins."""
    probability = RANDOM.random(1000) ** 6
    found = reliability(np.zeros(1000, int), probability)
    quantiles = np.quantile(probability, np.linspace(0.05, 0.95, 10))
    np.testing.assert_allclose(found.probability, quantiles, rtol=0.5, atol=1e-4)
    assert len(reliability(np.zeros(65, int), probability[:65]).share) == 2
    assert len(reliability(np.zeros(3, int), probability[:3]).share) == 1


def test_of_several_labels_the_most_probable_one_counts() -> None:
    """Its probability against how often it is the right one."""
    answers = np.tile([0.2, 0.7, 0.1], (100, 1))
    found = reliability(np.r_[np.ones(70, int), np.zeros(30, int)], answers)
    np.testing.assert_allclose(found.probability, 0.7)
    assert found.share.mean() == pytest.approx(0.7, abs=0.02)


def test_rows_without_weight_do_not_count() -> None:
    """Weights of 0 and 1 are as if the rows were left out, and equal ones as if there were none."""
    target, probability = RANDOM.integers(0, 2, 400), RANDOM.random(400)
    weights = RANDOM.integers(0, 2, 400).astype(float)
    chosen = weights > 0
    weighted, left = (
        reliability(target, probability, weights),
        reliability(target[chosen], probability[chosen]),
    )
    for name in ("probability", "share", "low", "high"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(left, name))


@pytest.mark.parametrize("several", [False, True])
def test_the_figure_has_both_variants(several: bool) -> None:
    """Both are drawn, with their calibration errors, labelled axes and the diagonal."""
    answers = RANDOM.dirichlet([1, 1, 1], 300) if several else RANDOM.random(300)
    found = reliability(RANDOM.integers(0, 2, 300), answers)
    errors = {"float32": 0.01234, "int8": 0.0125}
    figure = reliability_figure({"float32": found, "int8": found}, errors, "of the positive label")
    figure.canvas.draw()
    (axes,) = figure.axes
    written = {each.get_text() for each in axes.get_legend().get_texts()}
    assert written == {
        "exact",
        "float32: calibration error 0.0123",
        "int8: calibration error 0.0125",
    }
    assert axes.get_xlabel() == "predicted probability of the positive label (mean of a bin)"
    assert "95 % interval" in axes.get_ylabel()
    low, high = axes.get_xlim()
    assert low <= found.probability.min() <= found.probability.max() <= high
